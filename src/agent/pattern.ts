/**
 * Expressions of member filters: RE2 syntax, as Go has it, in linear time whatever a client sends. The engine is loaded
 * when the first expression comes.
 */

/** Longest expression that is compiled. */
const patternLengthMax = 65_536;

/** Tests texts. */
export type Pattern = (text: string) => boolean;

/** Compiles expressions. */
export type PatternCompiler = (expression: string) => Pattern;

/** An expression that cannot be compiled; the message is Go's. */
export class PatternError extends Error {
  constructor(reason: string, options?: ErrorOptions) {
    super(`Failed to compile regex: ${reason}`, options);
    this.name = "PatternError";
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
