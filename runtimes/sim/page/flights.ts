/** Packets on their way, as the picture shows them: each for a short real time, however fast time passes. */

import type { PacketKind, SentPacket } from "./happenings.ts";

/** A packet in the picture. */
export interface Flight {
  readonly from: number;
  readonly to: number;
  readonly kind: PacketKind | "call";
  readonly lost: boolean;
  /** How far it is, from 0 to 1; above 1 its trace fades until 2. */
  readonly progress: number;
}

/** The way of an event from a node to one that did not have it. */
export interface Passage {
  readonly from: number;
  readonly to: number;
  /** From 1, fresh, to 0, gone. */
  readonly freshness: number;
}

interface Flying extends Omit<Flight, "progress"> {
  progress: number;
}

/** More packets at once cannot be told apart. */
const flyingMax = 500;
/** The ways of an event fade after this real time. */
const passageMs = 6_000;

/** All packets in the picture. */
export class Flights {
  #flying: Flying[] = [];
  #passages: { readonly from: number; readonly to: number; ageMs: number }[] = [];
  #event = "";

  /** Adds a packet. */
  add({ from, to, kind, lost }: SentPacket): void {
    if (this.#flying.length < flyingMax) this.#flying.push({ from, to, kind, lost, progress: 0 });
  }

  /** Adds a connection that a node opens. */
  call(from: number, to: number): void {
    if (this.#flying.length < flyingMax)
      this.#flying.push({ from, to, kind: "call", lost: false, progress: 0 });
  }

  /** Adds a part of the way of an event. A new event replaces the ways of older ones. */
  pass(from: number, to: number, event: string): void {
    if (event !== this.#event) this.#passages = [];
    this.#event = event;
    this.#passages.push({ from, to, ageMs: 0 });
  }

  /** Moves all packets. `flightMs` is how long one takes in real time. */
  move(realMs: number, flightMs: number): void {
    for (const flying of this.#flying) {
      // A trace fades in a quarter of a second, whatever the speed.
      flying.progress += flying.progress < 1 ? realMs / flightMs : realMs / 250;
    }
    this.#flying = this.#flying.filter(({ progress }) => progress < 2);
    for (const passage of this.#passages) passage.ageMs += realMs;
    this.#passages = this.#passages.filter(({ ageMs }) => ageMs < passageMs);
  }

  /** Removes all packets. */
  clear(): void {
    this.#flying = [];
  }

  /** The packets. */
  get flying(): readonly Flight[] {
    return this.#flying;
  }

  /** The ways of the last event. */
  get passages(): readonly Passage[] {
    return this.#passages.map(({ from, to, ageMs }) => ({ from, to, freshness: 1 - ageMs / passageMs }));
  }
}
