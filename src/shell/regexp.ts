/**
 * Regular expressions of member and query filters: RE2 syntax as in Go, evaluated in linear time,
 * because clients and peers choose them. The engine is loaded for the first expression, because it
 * takes several megabytes and most nodes never need it.
 */

import type { PatternFault, PatternMatcher } from "../core/serf/queries/filters.ts";

/** The maximum length of an expression in characters. */
const patternLengthMax = 65_536;

/** Returns whether `text` has a match. */
export type Pattern = (text: string) => boolean;

/** Compiles an expression. Throws {@link PatternError}. */
export type PatternCompiler = (expression: string) => Pattern;

/** An expression cannot be compiled. The message is that of Go's regexp package. */
export class PatternError extends Error {
  /** The message of Go's regexp package alone. */
  readonly reason: string;

  constructor(reason: string, options?: ErrorOptions) {
    super(`Failed to compile regex: ${reason}`, options);
    this.name = "PatternError";
    this.reason = reason;
  }
}

/** Loads the engine and returns its compiler. */
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

/** The maximum number of compiled expressions that are kept for later queries. */
const keptPatternsMax = 64;

/**
 * Matches the expressions of query filters for the core. The core cannot wait, so the result is
 * "later" until the engine has loaded.
 */
export class PatternEngine {
  readonly #loaded: () => void;
  readonly #kept = new Map<string, Pattern | PatternFault>();
  #compile: PatternCompiler | undefined;
  #loading = false;

  /** `loaded` is called once, when the engine has loaded and results are no longer "later". */
  constructor(loaded: () => void) {
    this.#loaded = loaded;
  }

  /** Returns whether a value has a match of an expression; see {@link PatternMatcher}. */
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
      // If the engine cannot be loaded, every expression fails to compile, and the core logs that.
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
