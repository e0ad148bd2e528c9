/**
 * Reads the text of `wasm/text.ts`, in which the module is stored. A loop over so much text in
 * JavaScript would make a runtime optimize it, and then its optimizing compiler stays in memory. So
 * the loop is in a small module of its own. Node 20 optimizes a function of WebAssembly as well, but
 * later: so there are four of them, which are equal, and each reads a quarter.
 */

import { assert } from "../assert.ts";

/**
 * Turns the characters of the memory from one place to before another into bytes, and writes them
 * from a third place on. Returns the place behind them.
 */
type Read = (from: number, end: number, to: number) => number;

const loop: readonly number[] = [
  // Its size; two more integers: the first number of the page (3), and a number (4).
  ...[0x4b, 0x01, 0x02, 0x7f, 0x03, 0x40],
  // The number is that of the character at the place to be read (0), less 35.
  ...[0x20, 0x00, 0x2d, 0x00, 0x00, 0x41, 0x23, 0x6b, 0x22, 0x04],
  // If it is more than 89, the page begins with 90 for each that it is more;
  ...[0x41, 0xd9, 0x00, 0x4b, 0x04, 0x40],
  ...[0x20, 0x04, 0x41, 0xd9, 0x00, 0x6b, 0x41, 0xda, 0x00, 0x6c, 0x21, 0x03],
  // otherwise the sum of both, less 5, is the next byte (2), and the page is the first one again.
  ...[0x05, 0x20, 0x02, 0x20, 0x03, 0x20, 0x04, 0x6a, 0x41, 0x05, 0x6b, 0x3a, 0x00, 0x00],
  ...[0x20, 0x02, 0x41, 0x01, 0x6a, 0x21, 0x02, 0x41, 0x00, 0x21, 0x03, 0x0b],
  // Goes on at the next place while it is before the end (1).
  ...[0x20, 0x00, 0x41, 0x01, 0x6a, 0x22, 0x00, 0x20, 0x01, 0x49, 0x0d, 0x00, 0x0b, 0x20, 0x02, 0x0b],
];

const reader: Uint8Array<ArrayBuffer> = new Uint8Array([
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
  // A type from three integers to one, four functions of it, and a page of memory.
  ...[0x01, 0x08, 0x01, 0x60, 0x03, 0x7f, 0x7f, 0x7f, 0x01, 0x7f],
  ...[0x03, 0x05, 0x04, 0x00, 0x00, 0x00, 0x00, 0x05, 0x03, 0x01, 0x00, 0x01],
  // The exports: "a", "b", "c" and "d" are the functions, "m" is the memory.
  ...[0x07, 0x15, 0x05, 0x01, 0x61, 0x00, 0x00, 0x01, 0x62, 0x00, 0x01, 0x01, 0x63, 0x00, 0x02],
  ...[0x01, 0x64, 0x00, 0x03, 0x01, 0x6d, 0x02, 0x00],
  // The code.
  ...[0x0a, 0xb1, 0x02, 0x04, ...loop, ...loop, ...loop, ...loop],
]);

/** Returns the bytes that a text stands for. */
export function bytesOfText(text: string): Uint8Array<ArrayBuffer> {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(reader));
  const { a, b, c, d, m } = exports as unknown as Record<"a" | "b" | "c" | "d", Read> & {
    // It is not shared, which some types of memories leave open.
    readonly m: { readonly buffer: ArrayBuffer };
  };
  const bytes = new Uint8Array(m.buffer);
  assert(text.length <= bytes.length, "the text fits into a page");
  new TextEncoder().encodeInto(text, bytes);
  let from = 0;
  let to = 0;
  for (const [index, read] of [a, b, c, d].entries()) {
    let end = Math.floor((text.length * (index + 1)) / 4);
    // What names a page stays with its character.
    if (/[}~]/.test(text[end - 1] ?? "")) end += 1;
    if (from < end) to = read(from, end, to);
    from = end;
  }
  return bytes.subarray(0, to);
}
