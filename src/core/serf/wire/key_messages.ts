/**
 * What key queries and their answers carry (serf `keyRequest`, `nodeKeyResponse`).
 */

import { noBytes } from "../../bytes.ts";
import { MsgpackReader, MsgpackWriter } from "../../wire/msgpack.ts";
import { SerfMessageType } from "./messages.ts";

/** What a node says about its keys. Keys are base64. */
export interface KeyResponse {
  readonly result: boolean;
  /** What went wrong, or what is not told. */
  readonly message: string;
  /** Primary first; `null` when they were not asked for. */
  readonly keys: readonly string[] | null;
  readonly primaryKey: string;
}

/** Encodes the payload of a key query; the key is raw, and empty when keys are listed. */
export function encodeKeyRequest(key: Uint8Array): Uint8Array {
  return new MsgpackWriter(SerfMessageType.keyRequest).map(1).string("Key").bytes(key).finish();
}

/** Decodes the payload of a key query, whatever its first byte. Throws WireError. */
export function decodeKeyRequest(payload: Uint8Array): Uint8Array {
  let key = noBytes;
  const fields = { Key: (reader: MsgpackReader) => (key = new Uint8Array(reader.bytes() ?? [])) };
  new MsgpackReader(payload, 1).struct(fields, ["Key"]);
  return key;
}

/** Encodes the payload of an answer. */
export function encodeKeyResponse(response: KeyResponse): Uint8Array {
  const writer = new MsgpackWriter(SerfMessageType.keyResponse).map(4).string("Keys");
  if (response.keys === null) writer.nil();
  else {
    writer.array(response.keys.length);
    for (const key of response.keys) writer.string(key);
  }
  writer.string("Message").string(response.message).string("PrimaryKey").string(response.primaryKey);
  return writer.string("Result").bool(response.result).finish();
}

/** Decodes the payload of an answer; its first byte is the caller's to check. Throws WireError. */
export function decodeKeyResponse(payload: Uint8Array): KeyResponse {
  let result = false;
  let message = "";
  let keys: string[] | null = null;
  let primaryKey = "";
  const fields = {
    Result: (reader: MsgpackReader) => (result = reader.bool()),
    Message: (reader: MsgpackReader) => (message = reader.string()),
    Keys: (reader: MsgpackReader) => {
      const list: string[] = [];
      for (let left = reader.arrayHeader(); left > 0; left--) list.push(reader.string());
      keys = list.length > 0 ? list : null;
    },
    PrimaryKey: (reader: MsgpackReader) => (primaryKey = reader.string()),
  };
  new MsgpackReader(payload, 1).struct(fields, ["Result", "Message", "Keys", "PrimaryKey"]);
  return { result, message, keys, primaryKey };
}
