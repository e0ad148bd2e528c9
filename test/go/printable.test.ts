import { describe, expect, test } from "vitest";
import { printable, printableEntry, printableLines } from "../../src/go/printable.ts";

describe("names are shown on one line and move no cursor", () => {
  test.each([
    ["a line break", "a\n2026/11/26 [ERR] serf: forged", "a\\n2026/11/26 [ERR] serf: forged"],
    ["an escape sequence", "\u001b[2Ja", "\\x1b[2Ja"],
    ["its eight-bit form", "\u009b2Ja", "\\u009b2Ja"],
    ["delete, tab, carriage return", "\u007f\t\r", "\\x7f\\t\\r"],
    ["a mark that reverses the direction", "user\u202etxt", "user\\u202etxt"],
    ["isolates and separators", "\u2066\u2069\u200f\u061c\u2028", "\\u2066\\u2069\\u200f\\u061c\\u2028"],
    ["ordinary text", 'ünïcode 😀 \\ "', 'ünïcode 😀 \\ "'],
  ])("%s", (_what, text, shown) => {
    expect(printable(text)).toBe(shown);
    expect(printable(shown)).toBe(shown);
  });
});

test("text of several lines keeps them", () => {
  expect(printableLines("a\n\tb\r\n\u001b[1m")).toBe("a\n\tb\\r\n\\x1b[1m");
});

describe("entries of the log", () => {
  test.each([
    "2 errors occurred:\n\t* one\n\t* two\n\n",
    "Join failed: 1 error occurred:\n\t* one\n\n, retrying in 30s",
    "plain\n",
  ])("keep the layout of lists: %j", (text) => {
    expect(printableEntry(text)).toBe(text);
  });

  test.each([
    [
      "Received event: user-event: x\n2026/11/26 [ERR] y",
      "Received event: user-event: x\\n2026/11/26 [ERR] y",
    ],
    ["x\n\n2026/11/26 [ERR] y", "x\\n\\n2026/11/26 [ERR] y"],
    ["1 error occurred:\n\t* a\tb\n\n", "1 error occurred:\n\t* a\\tb\n\n"],
  ])("give a name no line of its own: %j", (text, shown) => {
    expect(printableEntry(text)).toBe(shown);
    expect(printableEntry(shown)).toBe(shown);
  });
});
