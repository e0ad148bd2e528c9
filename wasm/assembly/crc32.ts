/**
 * CRC-32 of IEEE 802.3 (reflected, polynomial EDB88320), eight bytes at a time.
 */

/**
 * Eight tables of 256 entries. Table n has the effect of a byte that is followed by n more bytes.
 */
const tables: usize = memory.data(8192, 16);

for (let byte: u32 = 0; byte < 256; byte++) {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) remainder = (remainder >> 1) ^ (0xedb88320 & (0 - (remainder & 1)));
  store<u32>(tables + (byte << 2), remainder);
}
for (let entry: usize = 256; entry < 2048; entry++) {
  const before = load<u32>(tables + ((entry - 256) << 2));
  store<u32>(tables + (entry << 2), (before >> 8) ^ load<u32>(tables + ((before & 255) << 2)));
}

/** Returns the checksum of `length` bytes at `at`. */
export function crc32(at: usize, length: u32): u32 {
  let remainder: u32 = 0xffffffff;
  const end = at + length;
  for (; at + 8 <= end; at += 8) {
    const eight = load<u64>(at) ^ <u64>remainder;
    remainder =
      Table.entry(7, eight) ^
      Table.entry(6, eight >> 8) ^
      Table.entry(5, eight >> 16) ^
      Table.entry(4, eight >> 24) ^
      Table.entry(3, eight >> 32) ^
      Table.entry(2, eight >> 40) ^
      Table.entry(1, eight >> 48) ^
      Table.entry(0, eight >> 56);
  }
  for (; at < end; at++) remainder = (remainder >> 8) ^ Table.entry(0, remainder ^ load<u8>(at));
  return ~remainder;
}

class Table {
  @inline static entry<T>(table: usize, value: T): u32 {
    return load<u32>(tables + (table << 10) + ((<usize>value & 255) << 2));
  }
}
