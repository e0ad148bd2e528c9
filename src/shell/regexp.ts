/**
 * Regular expressions of member and query filters: RE2 syntax as in Go, evaluated in linear time,
 * because clients and peers choose them. The engine is loaded for the first expression, because it
 * takes several megabytes and most nodes never need it.
 */

import type { PatternFault, PatternMatcher } from "../core/serf/queries/filters.ts";
import { patternCost } from "../core/serf/queries/pattern_cost.ts";

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

/**
 * The maximum cost of the compiled expressions that are kept for later queries, as {@link
 * patternCost} estimates it: hundreds of ordinary ones, or a few that peers made as large as they
 * may.
 */
const keptCostMax = 8_192;

/**
 * Matches the expressions of query filters for the core. The core cannot wait, so the result is
 * "later" until the engine has loaded.
 */
export class PatternEngine {
  readonly #loaded: () => void;
  /** Oldest use first. */
  readonly #kept = new Map<string, Pattern | PatternFault>();
  #keptCost = 0;
  /** Called when the engine has loaded. */
  readonly #waiting: (() => void)[] = [];
  #compile: PatternCompiler | undefined;
  #loading = false;

  /** `loaded` is called once, when results are no longer "later", after those of {@link whenLoaded}. */
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

  /** Calls `callback` when the engine has loaded, perhaps at once. Begins to load it. */
  whenLoaded(callback: () => void): void {
    if (this.#compile !== undefined) {
      callback();
      return;
    }
    this.#waiting.push(callback);
    if (!this.#loading) void this.#load();
  }

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
    for (const callback of this.#waiting.splice(0)) callback();
    this.#loaded();
  }

  #pattern(expression: string, compile: PatternCompiler): Pattern | PatternFault {
    let pattern = this.#kept.get(expression);
    if (pattern !== undefined) {
      this.#kept.delete(expression);
      this.#kept.set(expression, pattern);
      return pattern;
    }
    try {
      pattern = compile(expression);
    } catch (error) {
      if (!(error instanceof PatternError)) throw error;
      pattern = { fault: error.reason };
    }
    this.#kept.set(expression, pattern);
    this.#keptCost += patternCost(expression);
    for (const oldest of this.#kept.keys()) {
      if (this.#keptCost <= keptCostMax) break;
      this.#kept.delete(oldest);
      this.#keptCost -= patternCost(oldest);
    }
    return pattern;
  }
}
