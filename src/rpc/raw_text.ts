/**
 * Old MessagePack has one type for text and bytes, `raw`, which is today's `str`. Clients that use it
 * send payloads of any bytes in it, so what is not UTF-8 must not be decoded as text.
 */

import { concatenate } from "./bytes.ts";
import { headOf } from "./scanner.ts";

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Returns an object in which every `str` that is not UTF-8 is a `bin` with the same bytes; the same
 * array if there is none. A `str` that begins with a byte order mark counts, as decoders drop it.
 * `bytes` has passed the scanner.
 */
export function rawTextAsBytes(bytes: Uint8Array): Uint8Array {
  const pieces: Uint8Array[] = [];
  let copied = 0;
  for (let at = 0; at < bytes.length; ) {
    const head = headOf(bytes, at, true)!;
    const start = at + head.size;
    const end = start + head.content;
    if (isStr(bytes[at]!) && !isPlain(bytes, start, end)) {
      pieces.push(bytes.subarray(copied, at), binHead(head.content));
      copied = start;
    }
    at = end;
  }
  if (copied === 0) return bytes;
  return concatenate([...pieces, bytes.subarray(copied)]);
}

function isStr(type: number): boolean {
  return (type >= 0xa0 && type < 0xc0) || (type >= 0xd9 && type <= 0xdb);
}

function isPlain(bytes: Uint8Array, start: number, end: number): boolean {
  if (isAscii(bytes, start, end)) return true;
  const content = bytes.subarray(start, end);
  if (content[0] === 0xef && content[1] === 0xbb && content[2] === 0xbf) return false;
  try {
    strict.decode(content);
    return true;
  } catch {
    return false;
  }
}

function isAscii(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (bytes[at]! >= 0x80) return false;
  return true;
}

function binHead(length: number): Uint8Array {
  if (length < 0x100) return Uint8Array.of(0xc4, length);
  const head = new Uint8Array(5);
  head[0] = 0xc6;
  new DataView(head.buffer).setUint32(1, length);
  return head;
}
