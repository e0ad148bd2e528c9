/**
 * Estimates how much work a regular expression is, before anything compiles it. A peer chooses the
 * expressions of its queries, and every member has to compile them: a few characters can stand for
 * a program of thousands of instructions, and for tables of Unicode.
 */

/** The cost of an expression whatever it is: it is parsed, compiled and kept. */
const baseCost = 30;
/** The cost of a class of Unicode such as `\pL`; more if letters of both cases are equal. */
const unicodeCost = { exact: 10, folded: 40 } as const;
/** The cost of a range beyond ASCII if letters of both cases are equal: each is looked at. */
const foldedRangeCost = 500;
/** The cost of a group, which may capture. */
const groupCost = 2;

/**
 * Returns an upper estimate of the instructions that an expression compiles to, with other work
 * counted as instructions. An expression with a mistake has some cost too.
 */
export function patternCost(expression: string): number {
  return baseCost + new Estimate(expression).run();
}

/** One pass over an expression (RE2 syntax). */
class Estimate {
  readonly #text: string;
  readonly #folds: boolean;
  /** The costs of the groups around the current one, without it. */
  readonly #outer: number[] = [];
  #total = 0;
  /** The cost of the last atom, which a repetition multiplies. */
  #last = 0;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    // A flag may be set anywhere, also for a part; it is taken to hold for everything.
    this.#folds = /\(\?[a-zA-Z-]*i/.test(text);
  }

  run(): number {
    while (this.#at < this.#text.length) this.#next();
    for (const cost of this.#outer) this.#total += cost;
    return this.#total;
  }

  #next(): void {
    const character = this.#text[this.#at]!;
    switch (character) {
      case "\\":
        this.#escape();
        return;
      case "[":
        this.#class();
        return;
      case "(":
        this.#open();
        return;
      case ")":
        this.#close();
        return;
      case "{":
        this.#repeat();
        return;
      default:
        this.#at += 1;
        // Two, because a star over what may be empty becomes a plus and a question mark.
        if ("*+?".includes(character)) this.#grow(this.#last + 2);
        else this.#atom(1);
    }
  }

  #atom(cost: number): void {
    this.#last = cost;
    this.#total += cost;
  }

  /** Replaces the cost of the last atom by a higher one. */
  #grow(cost: number): void {
    this.#total += Math.max(0, cost - this.#last);
    this.#last = Math.max(cost, this.#last);
  }

  #escape(): void {
    const kind = this.#text[this.#at + 1];
    if (kind === "Q") {
      const end = this.#text.indexOf("\\E", this.#at);
      const literal = this.#text.slice(this.#at + 2, end < 0 ? undefined : end);
      this.#at = end < 0 ? this.#text.length : end + 2;
      this.#total += literal.length;
      this.#last = 1;
      return;
    }
    this.#at += escapeLength(this.#text, this.#at);
    this.#atom(kind === "p" || kind === "P" ? this.#unicode : 1);
  }

  get #unicode(): number {
    return this.#folds ? unicodeCost.folded : unicodeCost.exact;
  }

  #class(): void {
    const text = this.#text;
    let at = this.#at + (text[this.#at + 1] === "^" ? 2 : 1);
    let [cost, ranges, wide] = [1, 0, false];
    // A bracket in the first place is a character of the class.
    for (let first = true; at < text.length && (first || text[at] !== "]"); first = false) {
      cost += 0.1;
      const named = text.startsWith("[:", at) ? text.indexOf(":]", at) : -1;
      if (named >= 0) {
        at = named + 2;
      } else if (text[at] === "\\") {
        if (/[pP]/.test(text[at + 1] ?? "")) cost += this.#unicode;
        // The character is not decoded, so it may be any.
        wide ||= /[x0-7]/.test(text[at + 1] ?? "");
        at += escapeLength(text, at);
      } else {
        if (text[at] === "-") ranges += 1;
        wide ||= text.charCodeAt(at) > 0x7f;
        at += 1;
      }
    }
    this.#at = at + 1;
    this.#atom(cost + (this.#folds && wide ? ranges * foldedRangeCost : 0));
  }

  #open(): void {
    const flags = /^\(\?(P?<[^>]*>|[a-zA-Z-]*[:)])/.exec(this.#text.slice(this.#at, this.#at + 128))?.[0];
    this.#at += flags?.length ?? 1;
    // Flags alone are no group.
    if (flags?.endsWith(")") === true) return;
    this.#outer.push(this.#total);
    this.#total = 0;
    this.#last = 0;
  }

  #close(): void {
    this.#at += 1;
    this.#last = this.#total + groupCost;
    this.#total = (this.#outer.pop() ?? 0) + this.#last;
  }

  #repeat(): void {
    const counts = /^\{(\d{1,9})(,?)(\d{0,9})\}/.exec(this.#text.slice(this.#at, this.#at + 32));
    if (counts === null) {
      this.#at += 1;
      this.#atom(1);
      return;
    }
    this.#at += counts[0].length;
    const least = Number(counts[1]);
    const most = counts[2] === "" ? least : counts[3] === "" ? least + 1 : Number(counts[3]);
    // Every copy that may be left out needs an instruction more.
    this.#grow(this.#last * Math.max(least, most) + Math.max(0, most - least));
  }
}

/** Returns how many characters an escape has: `\.`, `\pL`, `\p{Greek}`, `\x{1f600}`. */
function escapeLength(text: string, at: number): number {
  const braced = /^\\[pPx]\{[^}]*\}/.exec(text.slice(at, at + 128))?.[0];
  if (braced !== undefined) return braced.length;
  return /[pP]/.test(text[at + 1] ?? "") ? 3 : 2;
}
