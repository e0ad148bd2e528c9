/**
 * Blocks of addresses in CIDR notation (RFC 4632), for deciding what is private and who may join.
 */

import { SerfError } from "../errors.ts";
import { parseAddress } from "./address.ts";

/** A block: the addresses that share the first `prefixLength` bits with `base`. */
export interface Block {
  /** 4 or 16 bytes. */
  readonly base: Uint8Array;
  readonly prefixLength: number;
}

/** Parses `10.0.0.0/8` or `fc00::/7`. ERR_OPTION, with Go's text, when it is malformed. */
export function parseBlock(text: string): Block {
  const [address = "", length = "", rest] = text.split("/");
  const base = addressBytes(address);
  const prefixLength = /^\d{1,3}$/.test(length) ? Number(length) : Number.NaN;
  if (base === undefined || rest !== undefined || !(prefixLength <= 8 * base.length)) {
    throw new SerfError("ERR_OPTION", `invalid CIDR address: ${text}`);
  }
  return { base, prefixLength };
}

/** The bytes of an address, 4 for IPv4 also when it is written as IPv4-mapped; `undefined` when it is no address. */
export function addressBytes(text: string): Uint8Array | undefined {
  const bytes = parseAddress(text);
  return bytes === undefined ? undefined : unmapped(bytes);
}

/** An IPv4-mapped address in its 4-byte form; any other as it is. */
export function unmapped(bytes: Uint8Array): Uint8Array {
  if (bytes.length !== 16) return bytes;
  const mapped =
    bytes.subarray(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff;
  return mapped ? bytes.slice(12) : bytes;
}

/** Whether an address, in either form, is in one of the blocks. IPv4 and IPv6 have to be listed separately. */
export function inBlocks(blocks: readonly Block[], address: Uint8Array): boolean {
  const bytes = unmapped(address);
  return blocks.some(({ base, prefixLength }) => {
    if (base.length !== bytes.length) return false;
    for (let bit = 0; bit < prefixLength; bit++) {
      const mask = 0x80 >> (bit & 7);
      if ((base[bit >> 3]! & mask) !== (bytes[bit >> 3]! & mask)) return false;
    }
    return true;
  });
}
