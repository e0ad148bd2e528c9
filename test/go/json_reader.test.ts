import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { JsonError, type JsonTree, readFirstJson, readJson } from "../../src/go/json_reader.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** What `JSON.parse` gives for the same text. */
function plain(tree: JsonTree): unknown {
  if (Array.isArray(tree)) return (tree as readonly JsonTree[]).map(plain);
  if (!(tree instanceof Map)) return tree;
  const record: Record<string, unknown> = {};
  for (const [key, value] of tree as ReadonlyMap<string, JsonTree>)
    Object.defineProperty(record, key, {
      value: plain(value),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  return record;
}

function fault(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof JsonError) return error.message;
    throw error;
  }
  return "none";
}

describe("JSON is read", () => {
  test("as JSON.parse reads it", () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(plain(readJson(bytes(text)))).toEqual(JSON.parse(text));
        expect(plain(readFirstJson(bytes(`\n${text} junk`)))).toEqual(JSON.parse(text));
      }),
    );
  });

  test("or rejected, exactly when JSON.parse rejects it", () => {
    const piece = fc.constantFrom(
      "{",
      "}",
      "[",
      "]",
      ",",
      ":",
      '"a"',
      "1",
      "-",
      ".5",
      "e3",
      "true",
      "nul",
      " ",
      '"\\u00e9"',
      "01",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const text = pieces.join("");
        // Go refuses numbers that JavaScript reads as infinite.
        if (/\de\d{3}/.test(text)) return;
        let wanted: unknown = "refused";
        try {
          wanted = JSON.parse(text);
        } catch {}
        const seen = fault(() => readJson(bytes(text))) === "none" ? plain(readJson(bytes(text))) : "refused";
        expect(seen).toEqual(wanted);
      }),
      { numRuns: 2000 },
    );
  });

  test("and a number that no float64 can hold is rejected, as by Go", () => {
    expect(fault(() => readJson(bytes("[1e3011]")))).not.toBe("none");
    expect(readJson(bytes("[1e308]"))).toEqual([1e308]);
  });

  test("with the last of equal keys, any key, and halves of surrogate pairs replaced", () => {
    expect(readJson(bytes('{"a":1,"__proto__":2,"a":3}'))).toEqual(
      new Map([
        ["a", 3],
        ["__proto__", 2],
      ]),
    );
    expect(readJson(bytes('"\\ud83d\\ude00 \\ud83d x"'))).toBe("\u{1f600} \ufffd x");
    expect(readJson(Uint8Array.of(0x22, 0xff, 0x22))).toBe("\ufffd");
  });
});

describe("text that is not JSON", () => {
  // Texts of Go 1.19's encoding/json, as Serf 0.10.2 prints them for configuration files.
  test.each([
    ["", "EOF", "unexpected end of JSON input"],
    ["  \n", "EOF", "unexpected end of JSON input"],
    ["{", "unexpected EOF", "unexpected end of JSON input"],
    ['{"a":}', "invalid character '}' looking for beginning of value"],
    ["{a:1}", "invalid character 'a' looking for beginning of object key string"],
    ['{"a" 1}', "invalid character '1' after object key"],
    ['{"a":1 "b"}', "invalid character '\"' after object key:value pair"],
    ["[1 2]", "invalid character '2' after array element"],
    ["trux", "invalid character 'x' in literal true (expecting 'e')"],
    ['"\\q"', "invalid character 'q' in string escape code"],
    ['"\\u12g"', "invalid character 'g' in \\u hexadecimal character escape"],
    ['"a\nb"', "invalid character '\\n' in string literal"],
    ["-x", "invalid character 'x' in numeric literal"],
    ["1.x", "invalid character 'x' after decimal point in numeric literal"],
    ["1ex", "invalid character 'x' in exponent of numeric literal"],
    ["'a'", "invalid character '\\'' looking for beginning of value"],
    ["\ufeff{}", "invalid character 'ï' looking for beginning of value"],
  ])("%j is rejected with Go's message", (text, first, whole = first) => {
    expect(fault(() => readFirstJson(bytes(text)))).toBe(first);
    expect(fault(() => readJson(bytes(text)))).toBe(whole);
  });

  test("includes anything after a value, unless only the first value is read", () => {
    expect(fault(() => readJson(bytes("[] trailing")))).toBe("invalid character 't' after top-level value");
    expect(readFirstJson(bytes("[] trailing"))).toEqual([]);
  });

  test("includes values that are nested too deep", () => {
    expect(fault(() => readJson(bytes("[".repeat(100_000))))).toBe("exceeded max depth");
  });
});
