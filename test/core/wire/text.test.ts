/** The text that the module is stored as: every byte comes back, and what cannot be read is not taken for another module. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bytesOfText } from "../../../src/core/wire/text.ts";
import { textOf } from "../../../wasm/text.ts";

/** As much as fits if each byte takes two characters. */
const most = 32_768;

describe("bytes as text", () => {
  it("have one character, or two for those of a later page", () => {
    const bytes = Uint8Array.of(251, 255, 0, 84, 85, 174, 175, 250);
    expect(textOf(bytes)).toBe("#'(|}#}|~#~n");
    expect(bytesOfText("#'(|}#}|~#~n")).toEqual(bytes);
  });

  it("come back, whatever they are", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(bytesOfText(textOf(bytes))).toEqual(bytes);
      }),
    );
    const every = Uint8Array.from({ length: 256 }, (_, index) => index);
    expect(bytesOfText(textOf(every))).toEqual(every);
  });

  it("may take a page of memory, and no more", () => {
    const long = new Uint8Array(most).fill(250);
    expect(bytesOfText(textOf(long))).toEqual(long);
    expect(() => bytesOfText(`${textOf(long)}#`)).toThrow("Assertion failed: the text fits into a page");
  });
});
