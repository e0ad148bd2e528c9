/**
 * The payloads of key queries and of their answers (serf `keyRequest`, `nodeKeyResponse`).
 */

import { noBytes } from "../../bytes.ts";
import { MsgpackReader, MsgpackWriter } from "../../wire/msgpack.ts";
import { SerfMessageType } from "./messages.ts";

/** The answer of a node to a key query. Keys are base64. */
export interface KeyResponse {
  /** Whether the operation succeeded. */
  readonly result: boolean;
  /** Why it failed, or a remark, for people; may be empty. */
  readonly message: string;
  /**
   * All keys, primary first; `null` if they are nil on the wire, as for operations other than
   * `list`.
   */
  readonly keys: readonly string[] | null;
  readonly primaryKey: string;
}

/** Encodes the payload of a key query. The key is raw bytes, and empty for the operation `list`. */
export function encodeKeyRequest(key: Uint8Array): Uint8Array {
  return new MsgpackWriter(SerfMessageType.keyRequest).map(1).string("Key").bytes(key).finish();
}

/**
 * Decodes the payload of a key query. Like Serf, it does not check the type byte. Throws WireError.
 */
export function decodeKeyRequest(payload: Uint8Array): Uint8Array {
  let key = noBytes;
  const fields = { Key: (reader: MsgpackReader) => (key = new Uint8Array(reader.bytes() ?? [])) };
  new MsgpackReader(payload, 1).struct(fields, ["Key"]);
  return key;
}

/** Encodes the payload of an answer to a key query. */
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

/**
 * Decodes the payload of an answer to a key query. The caller has to check the type byte. Throws
 * WireError.
 */
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
