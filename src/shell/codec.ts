/**
 * The codec of one node, as its options ask for it.
 */

import type { Random } from "../core/random.ts";
import { Codec } from "../core/wire/codec.ts";
import type { ParsedOptions } from "./options.ts";

/** Makes the codec, with its keys. */
export function codecOf({ label, compression, swim, keys }: ParsedOptions, random: Random): Codec {
  const codec = new Codec({ label, compression, encryptionVersion: swim.protocol === 1 ? 0 : 1, random });
  codec.setKeys(keys);
  return codec;
}
