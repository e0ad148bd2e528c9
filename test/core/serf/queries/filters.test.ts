import fc from "fast-check";
import { RE2JS } from "re2js";
import { describe, expect, it } from "vitest";
import {
  decodeFilters,
  encodeFilters,
  type Filter,
  matchesFilters,
} from "../../../../src/core/serf/queries/filters.ts";
import { patternCost } from "../../../../src/core/serf/queries/pattern_cost.ts";

function tags(...expressions: string[]): Filter[] {
  return decodeFilters(
    encodeFilters({ nodes: [], tags: new Map(expressions.map((each, index) => [`t${index}`, each])) }),
  );
}

const kindsOf = (filters: readonly Filter[]): string[] => filters.map(({ kind }) => kind);

describe("the tag expressions of a query", () => {
  it.each([
    ["^web"],
    ["(?i)^(web|db|cache)-\\d{1,3}\\.[a-z]{2,10}$"],
    ["^.{1,512}$"],
    ["[\\pL\\pN-]{1,60}"],
    [`^(${Array.from({ length: 130 }, (_, index) => `node-${index}`).join("|")})$`],
    ["x".repeat(900)],
  ])("are taken if they are ordinary: %s", (expression) => {
    expect(kindsOf(tags(expression))).toEqual(["tag"]);
  });

  it("are refused together if they are more work than a query is worth", () => {
    expect(kindsOf(tags(...Array<string>(20).fill("^web-[0-9]+$")))).toEqual(Array(20).fill("tag"));
    for (const filters of [
      tags(...Array.from({ length: 26 }, (_, index) => `(?:[w\\pL]{1,500}){0,2}z${index}`)),
      tags("x{1,1000}y{1,1000}"),
      tags("((a{1,30}){1,30}b){1,3}"),
      tags(...Array<string>(200).fill("a")),
      tags("(?i)[b-\\x{1ffff}]".repeat(5)),
      tags(`${"(?i)".repeat(2_000)}a`),
    ]) {
      expect(filters).toEqual([{ kind: "bad", why: expect.stringMatching(/^query has tag expressions/) }]);
    }
  });

  it("are not evaluated on a value that is too long for them", () => {
    const lines: string[] = [];
    const match = (): boolean => true;
    const subject = (size: number) => ({ name: "n", tags: { t0: "w".repeat(size) } });
    const filters = tags("(?:w?){300}");
    expect(matchesFilters(filters, subject(10), match, (line) => lines.push(line))).toBe(true);
    expect(matchesFilters(filters, subject(480), match, (line) => lines.push(line))).toBe(false);
    expect(lines).toEqual(['query has tag expressions that are too much work for the value of tag "t0"']);
  });
});

describe("the estimated cost of an expression", () => {
  const atom = fc.oneof(
    fc.constantFrom(
      "a",
      ".",
      "\\d",
      "\\pL",
      "\\p{Greek}",
      "[ab]",
      "[^\\]x]",
      "[]a]",
      "[(]",
      "\\(",
      "\\{",
      "[[:alpha:](]",
    ),
    fc.constantFrom("\\Q(a)\\E", "^", "$", "\\b", "ü", "[\\x{41}-z]", "\\x{1f600}"),
  );
  const { expression } = fc.letrec<{ expression: string; part: string }>((tie) => ({
    expression: fc.array(tie("part"), { minLength: 1, maxLength: 4 }).map((parts) => parts.join("")),
    part: fc
      .tuple(
        fc.oneof(
          { maxDepth: 4 },
          atom,
          tie("expression").map((inner) => `(${inner})`),
          tie("expression").map((inner) => `(?:${inner})`),
          tie("expression").map((inner) => `(?P<n>${inner}|b)`),
          tie("expression").map((inner) => `(?i:${inner})`),
        ),
        fc.constantFrom("", "", "", "*", "+?", "?", "{3}", "{2,5}", "{4,}", "{0,30}", "{7}?"),
      )
      .map(([inner, repeat]) => inner + repeat),
  }));

  it("is at least the size of the compiled program", () => {
    fc.assert(
      fc.property(expression, (text) => {
        fc.pre(patternCost(text) < 5_000);
        let size = 0;
        try {
          size = RE2JS.compile(text).programSize();
        } catch {
          // Not every expression is valid: names may be double, and counts too high.
        }
        expect(patternCost(text)).toBeGreaterThanOrEqual(size);
      }),
      { numRuns: 500 },
    );
  });
});
