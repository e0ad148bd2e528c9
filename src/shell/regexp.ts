/**
 * Expressions of member and query filters: RE2 syntax, as Go has it, in linear time whatever a client or a peer sends. The engine is
 * loaded when the first expression comes, as it weighs several megabytes and most nodes never see one.
 */

import type { PatternFault, PatternMatcher } from "../core/serf/queries/filters.ts";

/** Longest expression that is compiled. */
const patternLengthMax = 65_536;

/** Tests texts. */
export type Pattern = (text: string) => boolean;

/** Compiles expressions. */
export type PatternCompiler = (expression: string) => Pattern;

/** An expression that cannot be compiled; the message is Go's. */
export class PatternError extends Error {
  /** What is wrong with it. */
  readonly reason: string;

  constructor(reason: string, options?: ErrorOptions) {
    super(`Failed to compile regex: ${reason}`, options);
    this.name = "PatternError";
    this.reason = reason;
  }
}

/** Loads the engine; the compiler throws {@link PatternError}. */
export async function loadPatternCompiler(): Promise<PatternCompiler> {
  const { RE2JS, RE2JSSyntaxException } = await import("re2js");
  return (expression) => {
    if (expression.length > patternLengthMax)
      throw new PatternError("error parsing regexp: expression too long");
    try {
      const compiled = RE2JS.compile(expression);
      return (text) => compiled.test(text);
    } catch (error) {
      if (!(error instanceof RE2JSSyntaxException)) throw error;
      throw new PatternError(error.message, { cause: error });
    }
  };
}

/** Compiled expressions that are kept for the next query. */
const keptPatternsMax = 64;

/** Matches expressions of query filters for the core, which cannot wait: until the engine has loaded, the result is "later". */
export class PatternEngine {
  readonly #loaded: () => void;
  readonly #kept = new Map<string, Pattern | PatternFault>();
  #compile: PatternCompiler | undefined;
  #loading = false;

  /** `loaded` is called once, when answers are no longer "later". */
  constructor(loaded: () => void) {
    this.#loaded = loaded;
  }

  /** Whether a value has a match of an expression; see {@link PatternMatcher}. */
  readonly match: PatternMatcher = (expression, value) => {
    if (this.#compile === undefined) {
      if (!this.#loading) void this.#load();
      return "later";
    }
    const pattern = this.#pattern(expression, this.#compile);
    return typeof pattern === "function" ? pattern(value) : pattern;
  };

  async #load(): Promise<void> {
    this.#loading = true;
    try {
      this.#compile = await loadPatternCompiler();
    } catch {
      // Without the engine no expression can match, which the core reports for each.
      this.#compile = (expression) => {
        throw new PatternError(`no engine for ${expression}`);
      };
    }
    this.#loaded();
  }

  #pattern(expression: string, compile: PatternCompiler): Pattern | PatternFault {
    const kept = this.#kept.get(expression);
    if (kept !== undefined) return kept;
    let pattern: Pattern | PatternFault;
    try {
      pattern = compile(expression);
    } catch (error) {
      if (!(error instanceof PatternError)) throw error;
      pattern = { fault: error.reason };
    }
    if (this.#kept.size >= keptPatternsMax) this.#kept.clear();
    this.#kept.set(expression, pattern);
    return pattern;
  }
}
