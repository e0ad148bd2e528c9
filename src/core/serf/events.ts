/**
 * User events as they arrive: witnessed, checked against the replay ring, delivered once (serf `handleUserEvent`).
 */

import type { Outbox } from "../effects.ts";
import type { LamportClock } from "./lamport.ts";
import type { SerfEvent } from "./member.ts";
import type { EventSlot, UserEventMessage } from "./messages.ts";
import { ReplayRing } from "./replay.ts";

interface SeenEvent {
  readonly name: string;
  readonly payload: Uint8Array | null;
}

/** Receives user events. */
export class UserEvents {
  readonly #outbox: Outbox<SerfEvent>;
  readonly #clock: LamportClock;
  readonly #ring: ReplayRing<SeenEvent>;

  constructor(outbox: Outbox<SerfEvent>, clock: LamportClock, bufferSize: number) {
    this.#outbox = outbox;
    this.#clock = clock;
    this.#ring = new ReplayRing(bufferSize, sameEvent);
  }

  /** Takes one event; true when it is new and has to be passed on. */
  receive(message: UserEventMessage): boolean {
    const { lamportTime, name, payload, coalesce } = message;
    this.#clock.witness(lamportTime);
    const verdict = this.#ring.add(lamportTime, this.#clock.time, { name, payload });
    if (verdict === "old") {
      this.#outbox.log(
        "WARN",
        "serf",
        `received old event ${name} from time ${lamportTime} (current: ${this.#clock.time})`,
      );
    }
    if (verdict !== "new") return false;
    const event: SerfEvent = Object.freeze({
      type: "user",
      lamportTime,
      name,
      payload: payload ?? new Uint8Array(),
      coalesce,
    });
    this.#outbox.push({ kind: "emit", event });
    return true;
  }

  /** Refuses everything before `time`: events that happened before a join. */
  ignoreBefore(time: bigint): void {
    this.#ring.ignoreBefore(time);
  }

  /** The ring, to send with a push/pull. */
  slots(): EventSlot[] {
    return this.#ring.slots().map(({ lamportTime, entries }) => ({ lamportTime, events: entries }));
  }
}

function sameEvent(a: SeenEvent, b: SeenEvent): boolean {
  const left = a.payload ?? new Uint8Array();
  const right = b.payload ?? new Uint8Array();
  return (
    a.name === b.name && left.length === right.length && left.every((byte, index) => byte === right[index])
  );
}
