/**
 * IP addresses between text and bytes, as Go prints them.
 */

/** The bytes of IP text: 4 for IPv4, 16 for IPv6. The text is canonical, as the runtime hands it out. */
export function addressBytes(address: string): Uint8Array {
  if (!address.includes(":")) return Uint8Array.from(address.split("."), Number);
  const [head = "", tail] = address.split("%")[0]!.split("::");
  const groups = (part: string): number[] =>
    part === "" ? [] : part.split(":").map((group) => Number.parseInt(group, 16));
  const left = groups(head);
  const right = tail === undefined ? [] : groups(tail);
  const all =
    tail === undefined
      ? left
      : [...left, ...new Array<number>(8 - left.length - right.length).fill(0), ...right];
  return Uint8Array.from(all.flatMap((group) => [group >> 8, group & 255]));
}

/** IP text of 4 or 16 bytes, as Go prints it: IPv4-mapped addresses in dotted form, IPv6 compressed; empty for no bytes. */
export function addressText(address: Uint8Array): string {
  if (address.length === 4) return Array.from(address).join(".");
  if (address.length !== 16)
    return address.length === 0
      ? ""
      : `?${Array.from(address, (b) => b.toString(16).padStart(2, "0")).join("")}`;
  const groups = Array.from({ length: 8 }, (_, index) => address[2 * index]! * 256 + address[2 * index + 1]!);
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff)
    return Array.from(address.subarray(12)).join(".");
  const words = groups.map((group) => group.toString(16));
  const zeros = longestZeros(groups);
  if (zeros.length < 2) return words.join(":");
  return `${words.slice(0, zeros.start).join(":")}::${words.slice(zeros.start + zeros.length).join(":")}`;
}

function longestZeros(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let length = 0;
  groups.forEach((group, index) => {
    length = group === 0 ? length + 1 : 0;
    if (length > best.length) best = { start: index + 1 - length, length };
  });
  return best;
}
