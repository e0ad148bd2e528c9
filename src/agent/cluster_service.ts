/**
 * What an agent's clients ask of the whole cluster: user events, queries, keys and coordinates, logged as Serf logs them.
 */

import type { Coordinate } from "../core/coordinate/coordinate.ts";
import type { LogLevel } from "../core/effects.ts";
import { internalPrefix } from "../core/serf/queries/received.ts";
import { SerfError } from "../errors.ts";
import { toMilliseconds } from "../go/duration.ts";
import { quoteBytes } from "../go/quote.ts";
import type { QueryRequest } from "../rpc/protocol.ts";
import {
  emptyKeyReport,
  type KeyReport,
  type QueryReplies,
  type QueryReply,
  RpcKeyError,
} from "../rpc/results.ts";
import type { ClusterService, KeyOperation } from "../rpc/server/service.ts";
import type { Keys } from "../shell/keys.ts";
import { KeyError } from "../shell/keys.ts";
import type { Serf } from "../shell/serf.ts";

/** What is used of the node. */
export type ClusterNode = Pick<Serf, "userEvent" | "query" | "coordinate"> & {
  readonly keys: Pick<Keys, KeyOperation>;
};

/** Longest time of a query. */
const timeoutMsMax = 86_400_000;

/** Characters of a client's text that go to the log. */
const excerptMax = 1024;

const keyTitles: Readonly<Record<KeyOperation, string>> = {
  install: "key installation",
  use: "primary key change",
  remove: "key removal",
  list: "key listing",
};

/** Serves requests about the cluster. */
export class Cluster implements ClusterService {
  readonly #serf: ClusterNode;
  readonly #log: (level: LogLevel, text: string) => void;
  readonly #waitForDeadline: boolean;

  /** `waitForDeadline` keeps queries running until their time is over, as Serf does. */
  constructor(
    serf: ClusterNode,
    log: (level: LogLevel, text: string) => void,
    waitForDeadline: boolean = false,
  ) {
    this.#serf = serf;
    this.#log = log;
    this.#waitForDeadline = waitForDeadline;
  }

  event(name: string, payload: Uint8Array, coalesce: boolean): void {
    const what = `${excerpt(name)}. Coalesced: ${coalesce}. Payload: ${quoted(payload)}`;
    this.#log("DEBUG", `Requesting user event send: ${what}`);
    try {
      this.#serf.userEvent(name, payload, { coalesce });
    } catch (error) {
      throw this.#warned("failed to send user event", error);
    }
  }

  query(request: QueryRequest): QueryReplies {
    const { name, payload, nodes, tags, ack, relayFactor, timeout } = request;
    if (name.startsWith(internalPrefix) && (name !== `${internalPrefix}ping` || payload !== null)) {
      throw new SerfError("ERR_OPTION", `Queries cannot contain the '${internalPrefix}' prefix`);
    }
    const content = payload ?? new Uint8Array(0);
    this.#log("DEBUG", `Requesting query send: ${excerpt(name)}. Payload: ${quoted(content)}`);
    try {
      const replies = this.#serf.query(name, content, {
        nodes,
        tags: Object.fromEntries(tags),
        ack,
        relayFactor,
        timeoutMs: timeoutMsOf(timeout),
        waitForDeadline: this.#waitForDeadline,
        // As Serf's agents do: a wrong expression is sent, and every member logs it.
        checkTags: false,
      });
      return timeout < 0n ? silent(replies) : replies;
    } catch (error) {
      throw this.#warned("failed to start user query", error);
    }
  }

  async keys(operation: KeyOperation, key: string): Promise<KeyReport> {
    this.#log("INFO", `Initiating ${keyTitles[operation]}`);
    const { keys } = this.#serf;
    try {
      return operation === "list" ? await keys.list() : await keys[operation](key);
    } catch (error) {
      if (!(error instanceof SerfError)) throw error;
      throw new RpcKeyError(error.message, error instanceof KeyError ? error.result : emptyKeyReport);
    }
  }

  coordinate(node: string): Coordinate | undefined {
    return this.#serf.coordinate(node);
  }

  #warned(what: string, error: unknown): unknown {
    if (error instanceof SerfError) this.#log("WARN", `${what}: ${error.message}`);
    return error;
  }
}

/** The node's own default for 0; the shortest time for a negative one, which is over when it begins. */
function timeoutMsOf(timeout: bigint): number {
  if (timeout === 0n) return 0;
  return Math.min(timeoutMsMax, Math.max(1, Math.ceil(toMilliseconds(timeout))));
}

/** A query whose replies all come too late. */
async function* silent(replies: AsyncIterable<QueryReply>): AsyncGenerator<QueryReply> {
  for await (const _late of replies);
  yield* [];
}

function quoted(payload: Uint8Array): string {
  const shown = quoteBytes(payload.subarray(0, excerptMax));
  return payload.length <= excerptMax ? shown : `${shown}...`;
}

function excerpt(text: string): string {
  return text.length <= excerptMax ? text : `${text.slice(0, excerptMax)}...`;
}
