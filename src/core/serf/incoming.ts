/**
 * Serf messages as they come in: the one place where malformed ones are caught. They are logged and dropped.
 */

import type { Address } from "../../runtime.ts";
import type { Outbox } from "../effects.ts";
import { WireError } from "../wire/error.ts";
import type { SerfEvent } from "./member.ts";
import { decodeMessage, messageName, type SerfMessage } from "./messages.ts";

/** Decodes a message that is not empty; `undefined` when it is malformed or of an unknown type, which is then in the log. */
export function readMessage(
  payload: Uint8Array,
  from: Address,
  outbox: Outbox<SerfEvent>,
): SerfMessage | undefined {
  try {
    const message = decodeMessage(payload);
    if (message === undefined) outbox.log("WARN", "serf", `Received message of unknown type: ${payload[0]}`);
    return message;
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    const text = `Error decoding ${messageName(payload[0]!)} message: ${error.message}`;
    outbox.log("ERR", "serf", `${text} from=${from.host}:${from.port}`);
    return undefined;
  }
}
