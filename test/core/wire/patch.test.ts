/** What makes one build of the module of the other: all of it, and no more than differs. */

import { describe, expect, it } from "vitest";
import { patchOf } from "../../../wasm/patch.ts";

const source = Uint8Array.from({ length: 64 }, (_, index) => index);

describe("a patch", () => {
  it("of equal bytes is one piece", () => {
    expect(patchOf(source, source)).toEqual([0, 64]);
  });

  it("copies what is the same, and has the bytes between", () => {
    const target = [...source.subarray(0, 20), 200, 201, ...source.subarray(30)];
    expect(patchOf(source, Uint8Array.from(target))).toEqual([0, 20, [200, 201], 30, 34]);
  });

  it("has short pieces as bytes, wherever they are", () => {
    const target = [7, ...source.subarray(10, 26), ...source.subarray(40, 55)];
    expect(patchOf(source, Uint8Array.from(target))).toEqual([[7], 10, 16, [...source.subarray(40, 55)]]);
  });

  it("of nothing in common has all bytes, and of nothing is empty", () => {
    expect(patchOf(source, new Uint8Array(3))).toEqual([[0, 0, 0]]);
    expect(patchOf(source, new Uint8Array())).toEqual([]);
  });
});
