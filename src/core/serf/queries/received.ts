/**
 * A query as it is handled here: what came in, when its time is over, and whether it was answered.
 */

import type { QueryMessage } from "../wire/messages.ts";

/** Bits of a query's flags. */
export const queryFlag = { ack: 1, noBroadcast: 2 } as const;

/** Queries of the library itself begin with this; users never see them. */
export const internalPrefix = "_serf_";

/** A query that this node may answer once, until its deadline. */
export interface ReceivedQuery {
  readonly message: QueryMessage;
  /** On the node's monotonic clock, in milliseconds. */
  readonly deadline: number;
  answered: boolean;
}

const millisecond = 1_000_000n;

/** Longest time of a query that is believed: a day. */
const timeoutMsMax = 86_400_000;

/** Notes when the time of a query is over. A negative time is over at once. */
export function received(now: number, message: QueryMessage): ReceivedQuery {
  const timeoutMs = Math.min(timeoutMsMax, Math.max(0, Number(message.timeout / millisecond)));
  return { message, deadline: now + timeoutMs, answered: false };
}
