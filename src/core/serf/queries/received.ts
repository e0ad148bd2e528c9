/**
 * A received query: the message, its deadline, and whether it was answered.
 */

import type { QueryMessage } from "../wire/messages.ts";

/** The bits of a query's flags. */
export const queryFlag = { ack: 1, noBroadcast: 2 } as const;

/** The prefix of internal queries, which users do not receive. */
export const internalPrefix = "_serf_";

/** A query that this node may answer once, until its deadline. */
export interface ReceivedQuery {
  readonly message: QueryMessage;
  /** In milliseconds of the time that is passed to the core. */
  readonly deadline: number;
  answered: boolean;
}

const millisecond = 1_000_000n;

/** The maximum time of a query: a day, whatever the asker sent. */
const timeoutMsMax = 86_400_000;

/** Returns a received query with its deadline. A negative timeout counts as 0. */
export function received(now: number, message: QueryMessage): ReceivedQuery {
  const timeoutMs = Math.min(timeoutMsMax, Math.max(0, Number(message.timeout / millisecond)));
  return { message, deadline: now + timeoutMs, answered: false };
}
