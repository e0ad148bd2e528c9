/**
 * The algorithms of the module against the slow twins of `test/reference` and against other people's implementations.
 */

import { createCipheriv, createHash, getCiphers } from "node:crypto";
import { crc32 as zlibCrc32 } from "node:zlib";
import { gcm } from "@noble/ciphers/aes.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DropCode } from "../../../src/core/wire/abi.ts";
import { Engine } from "../../../src/core/wire/engine.ts";
import { builds } from "../../../src/core/wire/module.ts";
import { generated, lzw } from "../../golden/wire/vectors.ts";
import { aesBlock, gcmSeal } from "../../reference/aes_gcm.ts";
import { crc32 } from "../../reference/crc32.ts";
import { lzwCompress, lzwDecompress } from "../../reference/lzw.ts";
import { readCompound, readValue, writeCompound } from "../../reference/msgpack.ts";
import { type Gcm, moduleSeal } from "./gcm.ts";
import { bytes, codec, concat, congruential, hex, seeded } from "./support.ts";

function nodeSeal({ key, nonce, aad, text }: Gcm): Uint8Array {
  const name = `aes-${8 * key.length}-gcm` as "aes-256-gcm";
  const cipher = createCipheriv(name, key, nonce);
  cipher.setAAD(aad);
  return concat(cipher.update(text), cipher.final(), cipher.getAuthTag());
}

const base64 = (value: Uint8Array): string => Buffer.from(value).toString("base64");
const byteArray = (maxLength: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ maxLength });
const exactly = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length });
const cases = (textMax: number): fc.Arbitrary<Gcm> =>
  fc.record({
    key: fc.constantFrom(16, 24, 32).chain(exactly),
    nonce: exactly(12),
    aad: byteArray(255),
    text: byteArray(textMax),
  });

test("a runtime takes the fastest build that it can run, and can run the plain one", () => {
  // One function with one relaxed instruction.
  const probe = bytes("0061736d01000000 0105016000017b 03020100 0a0f010d00 4100fd0f 4100fd0f fd8002 0b");
  expect(builds).toEqual(WebAssembly.validate(new Uint8Array(probe)) ? ["relaxed", "plain"] : ["plain"]);
});

describe.each(builds)("AES-GCM of the %s build", (build) => {
  // From McGrew and Viega, "The Galois/Counter Mode of Operation (GCM)", appendix B: the cases with 12-byte nonces, which NIST uses.
  const key16 = "feffe9928665731c6d6a8f9467308308";
  const nonce = "cafebabefacedbaddecaf888";
  const text =
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255";
  const short = text.slice(0, 120);
  const aad = "feedfacedeadbeeffeedfacedeadbeefabaddad2";
  const zero12 = "00".repeat(12);
  const zero16 = "00".repeat(16);
  const vectors: readonly [
    name: string,
    key: string,
    nonce: string,
    aad: string,
    text: string,
    sealed: string,
  ][] = [
    ["1", zero16, zero12, "", "", "58e2fccefa7e3061367f1d57a4e7455a"],
    ["2", zero16, zero12, "", zero16, "0388dace60b6a392f328c2b971b2fe78ab6e47d42cec13bdf53a67b21257bddf"],
    [
      "3",
      key16,
      nonce,
      "",
      text,
      "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091473f59854d5c2af327cd64a62cf35abd2ba6fab4",
    ],
    [
      "4",
      key16,
      nonce,
      aad,
      short,
      "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e0915bc94fbc3221a5db94fae95ae7121a47",
    ],
    ["7", "00".repeat(24), zero12, "", "", "cd33b28ac773f74ba00ed1f312572435"],
    [
      "8",
      "00".repeat(24),
      zero12,
      "",
      zero16,
      "98e7247c07f0fe411c267e4384b0f6002ff58d80033927ab8ef4d4587514f0fb",
    ],
    ["13", "00".repeat(32), zero12, "", "", "530f8afbc74536b9a963b4f1c4cb738b"],
    [
      "14",
      "00".repeat(32),
      zero12,
      "",
      zero16,
      "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919",
    ],
    [
      "15",
      key16 + key16,
      nonce,
      "",
      text,
      "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015adb094dac5d93471bdec1a502270e3cc6c",
    ],
    [
      "16",
      key16 + key16,
      nonce,
      aad,
      short,
      "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b",
    ],
  ];
  for (const [name, key, iv, authenticated, plain, sealed] of vectors) {
    test(`gives the published result of case ${name}`, () => {
      const input = { key: bytes(key), nonce: bytes(iv), aad: bytes(authenticated), text: bytes(plain) };
      expect(hex(moduleSeal(input, build))).toBe(sealed);
      expect(hex(gcmSeal(input.key, input.nonce, input.aad, input.text))).toBe(sealed);
    });
  }

  test("encrypts blocks as FIPS 197 says", () => {
    const block = bytes("00112233445566778899aabbccddeeff");
    const key = bytes("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
    expect(hex(aesBlock(key.subarray(0, 16), block))).toBe("69c4e0d86a7b0430d8cdb78070b4c55a");
    expect(hex(aesBlock(key.subarray(0, 24), block))).toBe("dda97ca4864cdfe06eaf70a0ec0d7191");
    expect(hex(aesBlock(key, block))).toBe("8ea2b7ca516745bfeafc49904b496089");
  });

  test("agrees with its twin on random input", () => {
    fc.assert(
      fc.property(cases(200), (input) => {
        expect(hex(moduleSeal(input, build))).toBe(
          hex(gcmSeal(input.key, input.nonce, input.aad, input.text)),
        );
      }),
      { numRuns: 60 },
    );
  });

  test("agrees with @noble/ciphers on random input", () => {
    fc.assert(
      fc.property(cases(3000), (input) => {
        expect(hex(moduleSeal(input, build))).toBe(
          hex(gcm(input.key, input.nonce, input.aad).encrypt(input.text)),
        );
      }),
    );
  });

  test("agrees with @noble/ciphers where the last byte of the counter wraps, with all key sizes", () => {
    const random = seeded(11);
    const draw = (length: number): Uint8Array => Uint8Array.from({ length }, () => random(256));
    // The text begins with counter 2, so the last byte is 0 after 254 blocks.
    const wrap = 254 * 16;
    for (const around of [wrap, wrap + 4096, wrap + 3 * 4096]) {
      for (const keySize of [16, 24, 32]) {
        for (const more of [-33, -17, -1, 0, 1, 15, 16, 31, 32, 33, 64]) {
          const input = { key: draw(keySize), nonce: draw(12), aad: draw(13), text: draw(around + more) };
          const expected = gcm(input.key, input.nonce, input.aad).encrypt(input.text);
          expect(base64(moduleSeal(input, build)) === base64(expected)).toBe(true);
        }
      }
    }
  });

  test("agrees with the runtime on every length up to 600 and all key sizes", () => {
    const random = seeded(7);
    const draw = (length: number): Uint8Array => Uint8Array.from({ length }, () => random(256));
    const sizes = [16, 24, 32].filter((size) => getCiphers().includes(`aes-${8 * size}-gcm`) || size !== 24);
    for (let length = 0; length <= 600; length++) {
      const size = sizes[length % sizes.length]!;
      const input = { key: draw(size), nonce: draw(12), aad: draw(length % 40), text: draw(length) };
      expect(hex(moduleSeal(input, build))).toBe(hex(nodeSeal(input)));
    }
  });

  test("opens what it sealed, with any key size, label and version", () => {
    fc.assert(
      fc.property(
        cases(1500),
        fc.constantFrom(0 as const, 1 as const),
        ({ key, text }, encryptionVersion) => {
          const c = codec({ keys: [key], label: "any", encryptionVersion });
          const user = c.encode({ type: "user", payload: text });
          const sealed = c.seal([user], { crc: false, encrypt: true });
          expect(c.open(sealed, { verifyIncoming: true }).messages).toEqual([
            { type: "user", payload: text },
          ]);
        },
      ),
    );
  });
});

describe.each(builds)("a packet that was changed, with the %s build", (build) => {
  test("is refused and left as it was, whichever bit was changed and however many keys there are", () => {
    const random = seeded(5);
    const draw = (length: number): Uint8Array => Uint8Array.from({ length }, () => random(256));
    const keys = [draw(32), draw(16), draw(24)];
    const engine = new Engine({
      label: new Uint8Array(0),
      keys,
      inputSize: 4096,
      outputSize: 0,
      outputLimit: 0,
      build,
    });
    for (const length of [0, 1, 15, 16, 31, 32, 33, 47, 63, 64, 65, 95, 96, 97, 127, 128, 600]) {
      const input = { key: keys[1]!, nonce: draw(12), aad: draw(0), text: draw(length) };
      const packet = concat([1], input.nonce, moduleSeal(input, build));
      const bit = random(8 * packet.length - 8) + 8;
      packet[bit >> 3]! ^= 1 << (bit & 7);
      engine.bytes.set(packet, engine.input);
      expect(engine.run.open(packet.length, 1)).toBe(DropCode.undecryptable);
      expect(hex(engine.copy(engine.input, packet.length))).toBe(hex(packet));
    }
  });
});

describe("CRC-32", () => {
  const ofModule = (text: Uint8Array): number => {
    const sealed = codec().seal([text], { crc: true, encrypt: false });
    return new DataView(sealed.buffer, sealed.byteOffset).getUint32(1);
  };
  test("agrees with its twin and the published check value", () => {
    expect(ofModule(new TextEncoder().encode("123456789"))).toBe(0xcbf43926);
    fc.assert(fc.property(byteArray(300), (text) => ofModule(text) === crc32(text)));
  });
  test.runIf(typeof zlibCrc32 === "function")("agrees with zlib if the runtime has it", () => {
    fc.assert(fc.property(byteArray(3000), (text) => ofModule(text) === zlibCrc32(text)));
  });
});

/** The LZW bytes in the compress message that every compressed stream carries. */
function moduleCompress(text: Uint8Array): Uint8Array {
  const frame = codec({ compression: true }).sealStream(text, { labelHeader: false, encrypt: false });
  // Type, map of two, "Algo", 0, "Buf"; then the bytes.
  const buffer = readValue(frame, 12).value;
  if (!(buffer instanceof Uint8Array)) throw new Error("no bytes in the compress message");
  return buffer;
}

/** The module's result for LZW bytes: the payload of a user message, or `undefined`. */
function moduleDecompress(packed: Uint8Array): Uint8Array | undefined {
  const length = [packed.length >> 8, packed.length & 255];
  const packet = concat(
    [9, 0x82, 0xa4],
    bytes("416c676f"),
    [0, 0xa3],
    bytes("427566"),
    [0xda, ...length],
    packed,
  );
  const { messages } = codec().open(packet, { verifyIncoming: true });
  const [message] = messages;
  return message?.type === "user" ? message.payload : undefined;
}

describe("LZW", () => {
  const generator = (length: number, mask: number): Uint8Array => {
    const next = congruential(12345);
    return Uint8Array.from({ length }, () => next() & mask);
  };
  const digest = (value: Uint8Array): string => createHash("sha256").update(value).digest("hex");

  test("writes what Go writes", () => {
    for (const [text, packed] of lzw) {
      expect(hex(lzwCompress(new TextEncoder().encode(text)))).toBe(packed);
      if (text !== "") expect(hex(moduleCompress(new TextEncoder().encode(text)))).toBe(packed);
    }
    const long: readonly [Uint8Array, { length: number; sha256: string }][] = [
      [Uint8Array.from({ length: 256 }, (_, index) => index), generated.ascending],
      [generator(10_000, generated.bytes10000.mask), generated.bytes10000],
      [generator(65_536, generated.nibbles65536.mask), generated.nibbles65536],
    ];
    for (const [text, { length, sha256 }] of long) {
      for (const packed of [lzwCompress(text), moduleCompress(text)]) {
        expect(packed.length).toBe(length);
        expect(digest(packed)).toBe(sha256);
      }
    }
  });

  const texts: fc.Arbitrary<Uint8Array> = fc.oneof(
    byteArray(600),
    fc.array(fc.constantFrom(0, 1, 2), { maxLength: 600 }).map((list) => Uint8Array.from(list)),
    fc.tuple(fc.nat(20_000), fc.constantFrom(0, 1, 3, 255)).map(([length, mask]) => generator(length, mask)),
  );

  test("compresses as its twin does, and the twin reads the result", () => {
    fc.assert(
      fc.property(texts, (text) => {
        const packed = moduleCompress(concat([8], text));
        expect(hex(packed)).toBe(hex(lzwCompress(concat([8], text))));
        expect(hex(lzwDecompress(packed)!)).toBe(hex(concat([8], text)));
      }),
      { numRuns: 60 },
    );
  });

  test("decompresses as its twin does, including what no encoder writes", () => {
    const malformed = fc
      .tuple(texts, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }))
      .map(([text, edits]) => {
        const packed = lzwCompress(concat([8], text));
        for (const [place, byte] of edits) packed[place % packed.length] = byte;
        return packed;
      });
    fc.assert(
      fc.property(malformed, (packed) => {
        const expected = lzwDecompress(packed);
        const payload = moduleDecompress(packed);
        if (expected === undefined || expected[0] !== 8) expect(payload).toBeUndefined();
        else expect(hex(payload!)).toBe(hex(expected.subarray(1)));
      }),
      { numRuns: 300 },
    );
  });

  test("reads a stream whose table stays full without being cleared", () => {
    // 9-bit literals first, then wider ones: no clear code after the first, so the table freezes.
    const bits: number[] = [];
    const put = (code: number, width: number): void => {
      for (let bit = 0; bit < width; bit++) bits.push((code >> bit) & 1);
    };
    put(256, 9);
    let high = 257;
    let width = 9;
    const next = congruential(3);
    const text: number[] = [8];
    put(8, 9);
    high += 1;
    for (let count = 0; count < 6000; count++) {
      const byte = next();
      text.push(byte);
      put(byte, width);
      high += 1;
      if (high >= 2 ** width) {
        if (width === 12) high -= 1;
        else width += 1;
      }
    }
    put(4095, width);
    put(257, width);
    while (bits.length % 8 !== 0) bits.push(0);
    const packed = Uint8Array.from({ length: bits.length / 8 }, (_, index) =>
      bits.slice(8 * index, 8 * index + 8).reduce((byte, bit, place) => byte | (bit << place), 0),
    );
    const expected = lzwDecompress(packed)!;
    expect(expected.length).toBe(text.length + 2);
    expect(hex(moduleDecompress(packed)!)).toBe(hex(expected.subarray(1)));
  });
});

describe("a compound", () => {
  test("is written and split as its twin does", () => {
    const parts = fc.array(byteArray(60), { minLength: 2, maxLength: 127 });
    fc.assert(
      fc.property(parts, (payloads) => {
        const c = codec();
        const users = payloads.map((payload) => c.encode({ type: "user", payload }));
        const sealed = c.seal(users, { crc: false, encrypt: false });
        expect(hex(sealed)).toBe(hex(writeCompound(users)));
        expect(readCompound(sealed).map(hex)).toEqual(users.map(hex));
        const opened = c.open(sealed, { verifyIncoming: true });
        expect(opened.messages.map((message) => hex(c.encode(message)))).toEqual(users.map(hex));
      }),
      { numRuns: 60 },
    );
  });
});
