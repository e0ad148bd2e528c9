/**
 * Encodes the records that the host wrote. Their text and bytes are in the output, and the result
 * goes to the input, where it can be sealed without another copy.
 */

import { RECORD_SIZE } from "./abi";
import { draft, input, markInput, markOutput, output, records } from "./memory";
import { encode as encodeObject } from "./msgpack";

/** Encodes the record at `draft` as a message, type byte first. Returns its length. */
export function encode(type: u32, drafted: u32): u32 {
  markOutput(output + drafted);
  store<u8>(input, <u8>type);
  return finish(encodeObject(type, draft, input + 1));
}

/** Encodes `count` records of the table as objects of a shape. Returns their length. */
export function encodeMany(shape: u32, count: u32, drafted: u32): u32 {
  markOutput(output + drafted);
  let at = input;
  for (let index: u32 = 0; index < count; index++)
    at = encodeObject(shape, records + index * RECORD_SIZE, at);
  return finish(at);
}

function finish(end: usize): u32 {
  markInput(end);
  return <u32>(end - input);
}
