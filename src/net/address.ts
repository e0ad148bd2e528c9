/**
 * IP addresses as text and as bytes. Pure, and shared by the core and the runtimes, so that one peer has one
 * spelling everywhere: dotted quad for IPv4 and for IPv4-mapped IPv6, RFC 5952 for the rest of IPv6.
 */

/** Longest text that can be an address, with room for a zone: `xxxx:…:255.255.255.255%interface`. */
const addressTextMax = 128;

/** Reads an IPv4 address (4 bytes) or an IPv6 address (16 bytes, a zone is ignored); `undefined` if `text` is neither. */
export function parseAddress(text: string): Uint8Array | undefined {
  if (text.length > addressTextMax) return undefined;
  return text.includes(":") ? parseIpv6(text) : parseIpv4(text);
}

/** Writes 4 or 16 bytes as text; IPv4-mapped IPv6 becomes a dotted quad. Throws RangeError for any other length. */
export function formatAddress(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join(".");
  if (bytes.length !== 16) throw new RangeError(`Cannot format an address of ${bytes.length} bytes`);
  return isMapped(bytes) ? bytes.subarray(12).join(".") : formatIpv6(bytes);
}

/** The one spelling of an address: mapped IPv4 as dotted quad, IPv6 in lower case, compressed and without zone. */
export function canonicalHost(text: string): string | undefined {
  const bytes = parseAddress(text);
  return bytes && formatAddress(bytes);
}

/** Whether a host to bind to means every address of the machine. */
export function isWildcard(host: string): boolean {
  return host === "" || host === "0.0.0.0" || host === "::";
}

/** Whether an address in its canonical spelling is one of the machine itself. */
export function isLoopback(host: string): boolean {
  return host === "::1" || host.startsWith("127.");
}

/** The highest port. */
export const portMax = 65_535;

/** Returns whether two addresses are one, or both are missing. */
export function sameAddress(
  a: { readonly host: string; readonly port: number } | undefined,
  b: { readonly host: string; readonly port: number } | undefined,
): boolean {
  return a?.host === b?.host && a?.port === b?.port;
}

/** `host:port`, with brackets around a host that has colons. */
export function joinHostPort(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Bytes of an IPv6 address that one site has: everybody with a network may use all addresses in it. */
const sitePrefixSize = 8;

/**
 * The key under which peers share: an IPv4 address, the first 64 bits of an IPv6 address, and any
 * other text, such as the path of a local socket, as it is. `host` is in its canonical spelling.
 */
export function sourceOf(host: string): string {
  if (!host.includes(":")) return host;
  const bytes = parseAddress(host);
  return bytes === undefined ? host : bytes.subarray(0, sitePrefixSize).join(".");
}

function parseIpv4(text: string): Uint8Array | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  const bytes = new Uint8Array(4);
  for (let index = 0; index < 4; index += 1) {
    const part = parts[index]!;
    // A leading zero is refused, as Go does: some systems read "010" as octal.
    if (!/^(0|[1-9][0-9]{0,2})$/.test(part)) return undefined;
    const value = Number(part);
    if (value > 255) return undefined;
    bytes[index] = value;
  }
  return bytes;
}

function parseIpv6(text: string): Uint8Array | undefined {
  const zone = text.indexOf("%");
  // A zone must name something.
  if (zone === text.length - 1) return undefined;
  const bare = zone < 0 ? text : text.slice(0, zone);
  const halves = bare.split("::");
  if (halves.length > 2) return undefined;
  const head = parseGroups(halves[0]!, halves.length === 1);
  const tail = halves.length === 2 ? parseGroups(halves[1]!, true) : [];
  if (!head || !tail) return undefined;
  const size = head.length + tail.length;
  // "::" stands for at least one group.
  if (halves.length === 2 ? size > 14 : size !== 16) return undefined;
  const bytes = new Uint8Array(16);
  bytes.set(head);
  bytes.set(tail, 16 - tail.length);
  return bytes;
}

/** Groups between colons as bytes; the last may be a dotted quad if the address ends here. */
function parseGroups(text: string, last: boolean): number[] | undefined {
  if (text === "") return [];
  const bytes: number[] = [];
  const groups = text.split(":");
  for (const [index, group] of groups.entries()) {
    if (last && index === groups.length - 1 && group.includes(".")) {
      const quad = parseIpv4(group);
      if (!quad) return undefined;
      bytes.push(...quad);
      continue;
    }
    if (!/^[0-9a-fA-F]{1,4}$/.test(group)) return undefined;
    const value = Number.parseInt(group, 16);
    bytes.push(value >> 8, value & 0xff);
  }
  return bytes;
}

function isMapped(bytes: Uint8Array): boolean {
  for (let index = 0; index < 10; index += 1) if (bytes[index] !== 0) return false;
  return bytes[10] === 0xff && bytes[11] === 0xff;
}

function formatIpv6(bytes: Uint8Array): string {
  const groups: number[] = [];
  for (let index = 0; index < 16; index += 2) groups.push((bytes[index]! << 8) | bytes[index + 1]!);
  const [start, count] = longestZeros(groups);
  const hex = groups.map((group) => group.toString(16));
  if (count < 2) return hex.join(":");
  return `${hex.slice(0, start).join(":")}::${hex.slice(start + count).join(":")}`;
}

/** The first of the longest runs of zero groups, which is the one that RFC 5952 shortens. */
function longestZeros(groups: readonly number[]): [start: number, count: number] {
  let start = 0;
  let count = 0;
  for (let index = 0; index < groups.length; index += 1) {
    let end = index;
    while (end < groups.length && groups[end] === 0) end += 1;
    if (end - index > count) [start, count] = [index, end - index];
    if (end > index) index = end;
  }
  return [start, count];
}
