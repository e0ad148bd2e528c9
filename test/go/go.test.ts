import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AddressError, splitHostPort } from "../../src/go/address.ts";
import { decodeBase64, encodeBase64 } from "../../src/go/base64.ts";
import { formatDuration, parseDuration } from "../../src/go/duration.ts";
import { encodeJson } from "../../src/go/json.ts";
import { parseKey } from "../../src/go/parse_key.ts";
import { quote, quoteBytes } from "../../src/go/quote.ts";
import { goSyntax } from "../../src/go/syntax.ts";
import { decodeText } from "../../src/go/utf8.ts";

describe("durations", () => {
  test.each<[string, bigint]>([
    ["0", 0n],
    ["+5s", 5_000_000_000n],
    ["-1.5h", -5_400_000_000_000n],
    ["1m2s3ms4us5ns", 62_003_004_005n],
    [".5µs", 500n],
  ])("%s is read", (text, nanoseconds) => expect(parseDuration(text)).toBe(nanoseconds));

  test.each([
    ["", 'time: invalid duration ""'],
    ["abc", 'time: invalid duration "abc"'],
    ["5", 'time: missing unit in duration "5"'],
    ["1d", 'time: unknown unit "d" in duration "1d"'],
    [".s", 'time: invalid duration ".s"'],
    ["9999999h", 'time: invalid duration "9999999h"'],
  ])("'%s' is refused", (text, message) => expect(() => parseDuration(text)).toThrow(message));

  test("are read back as they were written", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n }), (nanoseconds) => {
        expect(parseDuration(formatDuration(nanoseconds))).toBe(nanoseconds);
      }),
    );
    expect([30_000_000_000n, 60_000_000_000n, 1_500_000n].map(formatDuration)).toEqual([
      "30s",
      "1m0s",
      "1.5ms",
    ]);
  });
});

describe("base64", () => {
  test("agrees with the runtime's own", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(encodeBase64(bytes)).toBe(btoa(String.fromCharCode(...bytes)));
        expect(decodeBase64(encodeBase64(bytes))).toEqual(bytes);
      }),
    );
  });

  test.each([
    ["!!", 0],
    ["AA=A", 2],
    ["AAAA=", 4],
    ["AAA=A", 4],
    ["AAAA!AAA", 4],
  ])("%s is refused at byte %i", (text, offset) => {
    expect(() => decodeBase64(text)).toThrow(`illegal base64 data at input byte ${offset}`);
  });
});

describe("keys", () => {
  test.each([
    ["AAECAwQFBgcICQoLDA0ODw==", 16],
    ["AAECAwQFBgcICQoLDA0ODxAREhMUFRYX", 24],
    ["AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", 32],
  ])("are read: %s", (text, size) => {
    expect(parseKey(text)).toHaveLength(size);
  });

  test.each([
    ["AAEC!", 4],
    ["AA", 0],
    ["AAE=AAEC", 4],
    ["A===", 1],
  ])("that are no base64 name the first bad byte: %s", (text, at) => {
    expect(() => parseKey(text)).toThrow(`illegal base64 data at input byte ${at}`);
  });

  test("may have line breaks anywhere, as Go ignores them", () => {
    expect(parseKey("AAECAwQF\r\nBgcICQoL\nDA0ODw==\n")).toEqual(
      Uint8Array.from({ length: 16 }, (_, at) => at),
    );
  });

  test("of another size are refused", () => {
    expect(() => parseKey("AAEC")).toThrow(
      "Failed to create memberlist: key size must be 16, 24 or 32 bytes",
    );
  });
});

test.each([
  ["nonsense", "address nonsense: missing port in address"],
  ["::1", "address ::1: too many colons in address"],
  ["[::1", "address [::1: missing ']' in address"],
  ["[::1]", "address [::1]: missing port in address"],
  ["a]:5", "address a]:5: unexpected ']' in address"],
])("%s is not an address", (text, message) => {
  expect(() => splitHostPort(text)).toThrow(new AddressError(message));
});

test("bytes are quoted as Go quotes a string of them", () => {
  const bytes = Uint8Array.of(0xff, 0x41, 0xc3, 0xa4, 0xe2, 0x82, 0x0a, 0xef, 0xbb, 0xbf);
  expect(quoteBytes(bytes)).toBe('"\\xffAä\\xe2\\x82\\n\\ufeff"');
});

test("quotes escape what Go does not print", () => {
  expect(quote('a"\\\n\u0001é\u200b\u{1f600}')).toBe('"a\\"\\\\\\n\\x01é\\u200b\u{1f600}"');
});

test("JSON escapes like Go, sorts maps by bytes and keeps the order of records", () => {
  const map = new Map([
    ["\uff5e", 1],
    ["\u{1f600}", 2],
    ["a", 3],
  ]);
  expect(encodeJson({ z: map, b: [], c: "<\u2028\u007f\u0001\b>" })).toBe(
    `{\n  "z": {\n    "a": 3,\n    "\uff5e": 1,\n    "\u{1f600}": 2\n  },\n  "b": [],\n  "c": "\\u003c\\u2028\u007f\\u0001\\b\\u003e"\n}`,
  );
});

test.each([
  ["x\u00ff", "valid text stays", Uint8Array.of(0x78, 0xc3, 0xbf)],
  ["x\\ufffdy", "a broken byte becomes one replacement", Uint8Array.of(0x78, 0xff, 0x79)],
  ["\\ufffd\\ufffd", "so does each byte of a character that is cut off", Uint8Array.of(0xe2, 0x82)],
  [
    "\ufeff\ufffd",
    "marks and replacements that were there stay",
    Uint8Array.of(0xef, 0xbb, 0xbf, 0xef, 0xbf, 0xbd),
  ],
  ["\\ufffd\\ufffd\\ufffd", "an encoded surrogate is three broken bytes", Uint8Array.of(0xed, 0xa0, 0x80)],
])("bytes as JSON %j: %s", (expected, _why, bytes) => {
  expect(encodeJson(decodeText(bytes))).toBe(`"${expected}"`);
});

test("values print in Go's notation", () => {
  const member = new Map<string, unknown>([
    ["Port", 0x461a],
    ["Addr", Uint8Array.of(127, 0)],
    ["Min", 5],
  ]);
  expect([Uint8Array.of(118), null, [null], 127, 128, "a", false, [member]].map(goSyntax)).toEqual([
    "[]byte{0x76}",
    "<nil>",
    "[]interface {}{interface {}(nil)}",
    "127",
    "0x80",
    '"a"',
    "false",
    '[]interface {}{map[interface {}]interface {}{"Addr":[]uint8{0x7f, 0x0}, "Min":5, "Port":0x461a}}',
  ]);
});
