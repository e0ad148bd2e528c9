/**
 * LZW as Go's `compress/lzw` does it (least significant bit first, literals of 8 bits), slow and plain: strings as keys of maps.
 */

const clear = 256;
const end = 257;

/** Collects codes of growing width into bytes, low bits first. */
class BitWriter {
  readonly bytes: number[] = [];
  #bits: number[] = [];

  write(code: number, width: number): void {
    for (let bit = 0; bit < width; bit++) this.#bits.push((code >> bit) & 1);
    while (this.#bits.length >= 8) this.#flushByte();
  }

  finish(): Uint8Array {
    if (this.#bits.length > 0) {
      while (this.#bits.length < 8) this.#bits.push(0);
      this.#flushByte();
    }
    return Uint8Array.from(this.bytes);
  }

  #flushByte(): void {
    this.bytes.push(this.#bits.splice(0, 8).reduce((byte, bit, index) => byte | (bit << index), 0));
  }
}

/** Compresses. */
export function lzwCompress(text: Uint8Array): Uint8Array {
  const writer = new BitWriter();
  let table = new Map<string, number>();
  let width = 9;
  let high = end;
  const advance = (): boolean => {
    high += 1;
    if (high === 2 ** width) width += 1;
    if (high !== 4095) return true;
    writer.write(clear, width);
    table = new Map();
    width = 9;
    high = end;
    return false;
  };
  writer.write(clear, width);
  let code = -1;
  for (const byte of text) {
    if (code === -1) {
      code = byte;
      continue;
    }
    const key = `${code},${byte}`;
    const known = table.get(key);
    if (known !== undefined) {
      code = known;
      continue;
    }
    writer.write(code, width);
    if (advance()) table.set(key, high);
    code = byte;
  }
  if (code !== -1) {
    writer.write(code, width);
    advance();
  }
  writer.write(end, width);
  return writer.finish();
}

/** Decompresses; `undefined` if the bytes are not LZW or end early. */
export function lzwDecompress(packed: Uint8Array): Uint8Array | undefined {
  const out: number[] = [];
  let table = new Map<number, number[]>();
  let width = 9;
  let high = end;
  let last: number[] | undefined;
  let position = 0;
  for (;;) {
    if (position + width > packed.length * 8) return undefined;
    let code = 0;
    for (let bit = 0; bit < width; bit++, position++) {
      code |= ((packed[position >> 3]! >> (position & 7)) & 1) << bit;
    }
    if (code === end) return Uint8Array.from(out);
    if (code === clear) {
      table = new Map();
      width = 9;
      high = end;
      last = undefined;
      continue;
    }
    let text: number[] | undefined = code < 256 ? [code] : table.get(code);
    if (code === high && last !== undefined) text = [...last, last[0]!];
    if (code > high || text === undefined) return undefined;
    for (const byte of text) out.push(byte);
    if (last !== undefined) table.set(high, [...last, text[0]!]);
    last = text;
    high += 1;
    if (high < 2 ** width) continue;
    if (width < 12) width += 1;
    else {
      last = undefined;
      high -= 1;
    }
  }
}
