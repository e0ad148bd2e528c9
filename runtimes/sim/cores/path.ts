/** How messages get from one core of a world to another: as bytes, or handed over as they are. */

import { Random } from "../../../src/core/random.ts";
import { msgpackCodec, type SerfCodec } from "../../../src/core/serf/wire/serf_codec.ts";
import type { MessageCodec } from "../../../src/core/wire/message_codec.ts";
import { createCodec } from "../../../src/shell/open.ts";
import { parseOptions, type SerfOptions } from "../../../src/shell/options/options.ts";
import { SeededRandom } from "../random.ts";
import { StructuralCodec } from "./structural/codec.ts";
import { structuralSerfCodec } from "./structural/payloads.ts";

/**
 * How messages travel: as bytes that are encrypted, as plain bytes, or as the messages themselves
 * with the size that their bytes would have.
 */
export type MessagePath = "sealed" | "plain" | "structural";

/** How a structural path is held against real bytes. */
export interface StructuralOptions {
  /** One in so many datagrams, and frames, goes through the real codec too. Default: 256. */
  readonly compareEvery?: number;
  /**
   * Whether messages are frozen, and have to arrive with the bytes with which they were sent. This
   * costs more than real bytes do. Default: false.
   */
  readonly guarded?: boolean;
}

/** The codecs of the nodes of a world. */
export interface Codecs {
  /** The codec that all nodes share; `undefined` if each needs its own, because it holds keys. */
  readonly shared: MessageCodec | undefined;
  readonly serf: SerfCodec;
  /** Returns the bytes that a datagram or a frame is, or for which it stands. */
  bytesOf(sealed: Uint8Array): Uint8Array;
  /** The number of messages that went through the real codec as well; 0 if all did. */
  readonly compared: number;
}

/** Creates the codecs of a world. Without `path` the options decide, by whether there is a key. */
export function createCodecs(
  seed: number,
  options: SerfOptions,
  path: MessagePath | undefined,
  { compareEvery = 256, guarded = false }: StructuralOptions = {},
): Codecs {
  const parsed = parseOptions({ ...options, name: "shared" }, () => "shared");
  const isSealed = parsed.keys.length > 0;
  if (path !== undefined && isSealed !== (path === "sealed")) {
    throw new Error(`Cannot create a world with the path ${path}: there is ${isSealed ? "a" : "no"} key`);
  }
  if (isSealed) return { shared: undefined, serf: msgpackCodec, bytesOf: (bytes) => bytes, compared: 0 };
  const seeded = new SeededRandom(seed, "codec");
  const real = createCodec(parsed, new Random((bytes) => seeded.fill(bytes)));
  if (path !== "structural") {
    return { shared: real, serf: msgpackCodec, bytesOf: (bytes) => bytes, compared: 0 };
  }
  if (parsed.compression || real.label.length > 0) {
    throw new Error("Cannot create a structural world: it needs compression: false, and no label");
  }
  const shared = new StructuralCodec(real, { compareEvery, guarded });
  return {
    shared,
    serf: structuralSerfCodec,
    bytesOf: (datagram) => shared.bytesOf(datagram),
    get compared() {
      return shared.compared;
    },
  };
}
