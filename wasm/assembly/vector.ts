/**
 * Table look-ups in vector registers. The ciphers use no others, so no secret becomes an address.
 */

/**
 * Ones in the low half of every byte. They lie in memory because `wasm-opt` copies a constant to
 * each of its uses, and the engines then build it again each time, for want of a free register.
 */
const lowHalves: usize = memory.data<u8>(
  [15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15],
  16,
);

/** Look-ups in tables of sixteen bytes. A class, because only methods can be inlined by decorator. */
export class Lookup {
  /**
   * Returns the bytes of `table` at `indices`. An index is 0 to 15, or at least 128 for a 0; then
   * both instructions have the same result. The relaxed one leaves other indices to the processor,
   * so it needs no further instruction that treats all from 16 on alike.
   */
  @inline static bytes(table: v128, indices: v128): v128 {
    return ASC_FEATURE_RELAXED_SIMD ? i8x16.relaxed_swizzle(table, indices) : i8x16.swizzle(table, indices);
  }

  /** Returns the mask that `low` and `both` need. A function loads it once, so that it stays in a register. */
  @inline static mask(): v128 {
    return v128.load(lowHalves);
  }

  /** Returns the low half of every byte. */
  @inline static low(value: v128, mask: v128): v128 {
    return v128.and(value, mask);
  }

  /** Returns the high half of every byte. */
  @inline static high(value: v128, mask: v128): v128 {
    return v128.and(i16x8.shr_u(value, 4), mask);
  }

  /** Returns a linear function of bytes from its tables for low and high halves. */
  @inline static both(low: v128, high: v128, value: v128, mask: v128): v128 {
    return v128.xor(Lookup.bytes(low, Lookup.low(value, mask)), Lookup.bytes(high, Lookup.high(value, mask)));
  }
}
