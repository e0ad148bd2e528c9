import { expect, test } from "vitest";
import { Random } from "../../../src/core/random.ts";
import { Codec } from "../../../src/core/wire/codec.ts";
import { FrameReader } from "../../../src/core/wire/frame.ts";

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(" ", ""), "hex"));
const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const nonce = hex("101112131415161718191a1b");
const key = hex("000102030405060708090a0b0c0d0e0f");
function codec(o = {}) {
  return new Codec({
    label: "lab",
    compression: true,
    encryptionVersion: 1,
    random: new Random((b) => {
      for (let i = 0; i < b.length; i++) b[i] = nonce[i % 12]!;
    }),
    ...o,
  });
}
test("smoke", () => {
  const c = codec();
  c.setKeys([key]);
  const a = c.encode({ type: "suspect", incarnation: 3, node: "c", from: "a" });
  expect(toHex(a)).toBe(
    "03 83 a446726f6d a161 ab496e6361726e6174696f6e 03 a44e6f6465 a163".replaceAll(" ", ""),
  );
  const u = c.encode({ type: "user", payload: new TextEncoder().encode("abc".repeat(20)) });
  const packet = c.seal([a, u], { crc: true, encrypt: true });
  const want =
    "f4036c616201101112131415161718191a1bc85a92269c46344b56b13a9ac784a94b5c6674b936fb63bf55ca699e668659b4432a87722996508e5bb9c68e544b616f5b048018795728df0fdfa9ac04b0ca80d47f5f067e3ecffe04175621172de57213c22fcfe8c390eadb375c13315c76c93957";
  expect(toHex(packet)).toBe(want);
  console.log(c.open(packet, { verifyIncoming: true }));
  const s = c.encode({
    type: "pushPull",
    join: true,
    nodes: [
      {
        node: "a",
        address: hex("7f000001"),
        port: 7946,
        meta: hex("6d"),
        incarnation: 1,
        state: 0,
        versions: hex("010502020505"),
      },
      {
        node: "b",
        address: hex("00000000000000000000ffff0a000002"),
        port: 7947,
        meta: null,
        incarnation: 300,
        state: 3,
        versions: hex("010502020505"),
      },
    ],
    userState: hex("dead"),
  });
  const f = c.sealStream(s, { labelHeader: true, encrypt: true });
  expect(toHex(f)).toBe(
    "f4036c61620a000000c901101112131415161718191a1bcdaca7ee6328d9efb49f28931d27763e37b05622d2b971884681106824a3ddb1d3758bf3a8859c167e90a102eaf9b25d4999a36a31532aab811a2db686c663e96d7e9eb8158fae27bf93fa143e93bb62c3a351aa35589c719fe81115b6de60108e34542a297eb149403f7307d26aa31b5cca7bee829ab1fc6f540e038ea08406dc11e27606b67ba6e98bcfb604730cf5cccba4ef0215728f44c4008ec56394a761c0376a17f76fa0aec1dbf22bffcf5e32cf9075d438841ddfe6a4c4",
  );
  const r = new FrameReader(c, { accepting: true, verifyIncoming: true });
  console.log(r.push(f));
});
