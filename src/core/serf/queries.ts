/**
 * Queries on their way: witnessed, checked against the replay ring, passed on once (serf `handleQuery`).
 */

import type { Outbox } from "../effects.ts";
import type { LamportClock } from "./lamport.ts";
import type { SerfEvent } from "./member.ts";
import type { QueryMessage, QueryResponseMessage } from "./messages.ts";
import { ReplayRing } from "./replay.ts";

/** Flag of a query that must not be passed on. */
const noBroadcast = 2;

/** Receives queries. */
export class Queries {
  readonly #outbox: Outbox<SerfEvent>;
  readonly #clock: LamportClock;
  readonly #ring: ReplayRing<number>;

  constructor(outbox: Outbox<SerfEvent>, clock: LamportClock, bufferSize: number) {
    this.#outbox = outbox;
    this.#clock = clock;
    this.#ring = new ReplayRing(bufferSize, (a, b) => a === b);
  }

  /** Refuses everything before `time`: queries of an earlier life. */
  ignoreBefore(time: bigint): void {
    this.#ring.ignoreBefore(time);
  }

  /** Takes one query; true when it is new and has to be passed on. */
  receive(query: QueryMessage): boolean {
    this.#clock.witness(query.lamportTime);
    const verdict = this.#ring.add(query.lamportTime, this.#clock.time, query.id);
    if (verdict === "old") {
      this.#outbox.log(
        "WARN",
        "serf",
        `received old query ${query.name} from time ${query.lamportTime} (current: ${this.#clock.time})`,
      );
    }
    return verdict === "new" && (query.flags & noBroadcast) === 0;
  }

  /** Takes an answer to a query that this node did not ask, or whose time is over. */
  respond(response: QueryResponseMessage): void {
    this.#outbox.log(
      "WARN",
      "serf",
      `reply for non-running query (LTime: ${response.lamportTime}, ID: ${response.id}) From: ${response.from}`,
    );
  }
}
