/**
 * Tags in a node's metadata: a magic byte and a map, or only the role in protocol 2 (serf
 * `encodeTags`, `decodeTags`).
 */

import { SerfError } from "../../../errors.ts";
import { decodeUtf8, encodeUtf8, noBytes } from "../../bytes.ts";
import { MsgpackReader, MsgpackWriter } from "../../wire/msgpack.ts";

/** The maximum size of encoded tags in bytes, magic byte included. */
const tagsSizeMax = 512;

const magic = 0xff;
const tagsProtocol = 3;

/** Tag names to values. */
export type Tags = Readonly<Record<string, string>>;

/**
 * Encodes tags for a version of Serf's protocol; version 2 encodes only the tag `role`. Throws
 * SerfError (ERR_LIMIT) if they are longer than 512 bytes.
 */
export function encodeTags(tags: Tags, protocol: number): Uint8Array {
  const encoded = protocol < tagsProtocol ? encodeUtf8(tags["role"] ?? "") : encodeMap(tags);
  if (encoded.length > tagsSizeMax) {
    throw new SerfError("ERR_LIMIT", `Encoded length of tags exceeds limit of ${tagsSizeMax} bytes`);
  }
  return encoded;
}

/**
 * Decodes metadata. Without the magic byte all of it is the value of the tag `role`. Throws
 * WireError if it is malformed.
 */
export function decodeTags(meta: Uint8Array | null): Tags {
  if (meta === null || meta[0] !== magic) {
    return Object.freeze(tagRecord([["role", decodeUtf8(meta ?? noBytes)]]));
  }
  const reader = new MsgpackReader(meta, 1);
  const pairs: [string, string][] = [];
  for (let left = reader.mapHeader(); left > 0; left--) {
    const name = reader.string();
    pairs.push([name, reader.string()]);
  }
  return Object.freeze(tagRecord(pairs));
}

/** Returns a record without a prototype, so that a tag may have any name, even `__proto__`. */
export function tagRecord(pairs: Iterable<readonly [string, string]>): Record<string, string> {
  const record: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [name, value] of pairs) record[name] = value;
  return record;
}

function encodeMap(tags: Tags): Uint8Array {
  const names = Object.keys(tags).sort();
  const writer = new MsgpackWriter(magic).map(names.length);
  for (const name of names) writer.string(name).string(tags[name]!);
  return writer.finish();
}
