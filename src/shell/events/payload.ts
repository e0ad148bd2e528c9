/**
 * Payloads as text and as JSON, for programs that get them.
 */

import { decodeUtf8 } from "../../core/bytes.ts";
import { messageOf, SerfError } from "../../errors.ts";

/** What has a payload that some member sent. */
export interface PayloadReader {
  /** Returns the payload as text; bytes that are not UTF-8 become U+FFFD. */
  text(): string;
  /**
   * Returns the payload as the value that its JSON stands for. Throws SerfError (ERR_WIRE) if it is
   * not JSON.
   */
  json(): unknown;
}

/** Returns the value of JSON in UTF-8; `what` is what has the payload. Throws SerfError (ERR_WIRE). */
export function payloadJson(payload: Uint8Array, what: string): unknown {
  try {
    return JSON.parse(decodeUtf8(payload));
  } catch (cause) {
    const message = `Cannot read the payload of ${what} as JSON: ${messageOf(cause)}`;
    throw new SerfError("ERR_WIRE", message, { cause });
  }
}
