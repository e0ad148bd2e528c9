/**
 * Chooses the address that a node announces to others (memberlist `FinalAdvertiseAddr`, go-sockaddr
 * `GetPrivateIP`).
 */

import { SerfError } from "../../errors.ts";
import { addressBytes, inBlocks, parseBlock } from "../../net/cidr.ts";
import type { InterfaceAddress } from "../../runtime.ts";

/**
 * Blocks that are private or otherwise special (RFC 6890), but that machines of the same network
 * can reach.
 */
const privateBlocks = [
  "10.0.0.0/8",
  "100.64.0.0/10",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "192.88.99.0/24",
  "fc00::/7",
  "2002::/16",
  "64:ff9b::/96",
  "100::/64",
].map(parseBlock);

/** Blocks that are never forwarded (RFC 6890). */
const localBlocks = [
  "0.0.0.0/8",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "240.0.0.0/4",
  "::1/128",
  "::/128",
  "2001:db8::/32",
  "2001:10::/28",
  "fe80::/10",
].map(parseBlock);

/**
 * Returns the first private address of this host in the form that memberlist announces: 16 bytes,
 * IPv4-mapped for IPv4. Throws SerfError (ERR_ADDRESS) if there is none.
 */
export function privateAddress(interfaces: readonly InterfaceAddress[]): Uint8Array {
  const candidates = interfaces
    .map(({ address, prefixLength }) => ({ bytes: addressBytes(address), prefixLength }))
    .filter(
      (candidate): candidate is { bytes: Uint8Array; prefixLength: number } => candidate.bytes !== undefined,
    )
    .filter(({ bytes }) => !inBlocks(localBlocks, bytes) && inBlocks(privateBlocks, bytes))
    .sort((a, b) => a.bytes.length - b.bytes.length || a.prefixLength - b.prefixLength);
  const first = candidates[0]?.bytes;
  if (first === undefined) {
    throw new SerfError(
      "ERR_ADDRESS",
      "Failed to create memberlist: Failed to get final advertise address: no private IP address found, and explicit IP not provided",
    );
  }
  if (first.length === 16) return first;
  const mapped = new Uint8Array(16);
  mapped.set([0xff, 0xff, ...first], 10);
  return mapped;
}

/**
 * Returns whether an address is in one of the private or local blocks. Other addresses may be
 * reachable from the whole Internet.
 */
export function isPrivateAddress(bytes: Uint8Array): boolean {
  return inBlocks(privateBlocks, bytes) || inBlocks(localBlocks, bytes);
}
