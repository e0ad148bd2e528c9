/**
 * One conversation over TCP: what this node does on the stream, and how far it has come.
 */

import type { Address } from "../../../runtime.ts";
import type { MessageReader } from "../../wire/message_codec.ts";
import type { Ping, StreamMessage } from "../../wire/messages.ts";

/** Called at the end of a conversation that we began, with a reason if it failed. */
export type Done = (now: number, error: string | undefined) => void;

/**
 * What became of a knock: the member took our connection, or its host refused it; `nothing` is evidence
 * of neither.
 */
export type Answer = "taken" | "refused" | "nothing";

/** A push/pull that we begin. */
export interface PushPullRequest {
  /** The name of the peer; empty if only its address is known. */
  readonly name: string;
  readonly join: boolean;
  /** Called when the dial has succeeded, before our state is encoded and sent. */
  readonly connected?: ((now: number) => void) | undefined;
  readonly done: Done;
}

/** What this node does on a stream. */
export type Role =
  | { readonly kind: "accepting" }
  | ({ readonly kind: "pushPull" } & PushPullRequest)
  | { readonly kind: "ping"; readonly ping: Ping; readonly done: Done }
  /** Looks whether a node of a certain name is at an address: a ping whose failed dial counts, too. */
  | { readonly kind: "seek"; readonly ping: Ping; readonly done: Done }
  /** Only looks whether the peer takes a connection. */
  | { readonly kind: "knock"; readonly done: (now: number, answer: Answer) => void };

/** A conversation over a stream. */
export interface SwimExchange {
  readonly id: number;
  readonly peer: Address;
  readonly role: Role;
  readonly reader: MessageReader;
  /** Whether our dial succeeded. */
  opened: boolean;
  /** Whether the host of the peer refused our dial. */
  refused: boolean;
  readonly startedAt: number;
  received: number;
  /** Whether the whole message of the peer has arrived: then the stream is over for us. */
  complete: boolean;
}

/** Returns what is wrong with the reply to a ping, or `undefined`. */
export function pingReplyFault(ping: Ping, message: StreamMessage): string | undefined {
  if (message.type !== "ack") return `unexpected msgType (${message.type}) from ping`;
  if (message.sequence !== ping.sequence) {
    return `sequence number from ack (${message.sequence}) doesn't match ping (${ping.sequence})`;
  }
  return undefined;
}
