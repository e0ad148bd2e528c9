/**
 * Connections between cores: calls that arrive in the order in which they were made. What a core
 * knows of a stream is its number; an `End` ties it to the other side.
 */

import type { StreamInput } from "../../../src/core/effects.ts";
import type { Address, SystemErrorCode } from "../../../src/runtime.ts";
import type { Links } from "./links.ts";
import type { CoreNode, End } from "./node.ts";
import { bytesFor } from "./roster.ts";

/** What connections need of the world. */
export interface Surroundings {
  readonly links: Links;
  readonly now: number;
  /** The node that has an address. */
  find(address: Address): CoreNode | undefined;
  /** Calls back later. */
  later(time: number, run: () => void): void;
  /** Feeds a core and carries out what it asks for. */
  feed(node: CoreNode, input: (node: CoreNode) => void): void;
  /** Adds a piece of a stream to the history. */
  streamed(from: CoreNode, to: CoreNode, bytes: Uint8Array): void;
}

/** Opens, uses and closes connections for the cores of a world. */
export class Connections {
  readonly #world: Surroundings;

  constructor(world: Surroundings) {
    this.#world = world;
  }

  /** Carries out a dial: reports `opened` or `failed`. */
  dial(node: CoreNode, id: number, to: Address, timeoutMs: number): void {
    const world = this.#world;
    const { links } = world;
    const near: End = { node, starts: node.starts, id, peer: undefined, closed: false, arrival: 0 };
    node.ends.set(id, near);
    const target = world.find(to);
    const { machine } = node;
    const fail = (code: SystemErrorCode, text: string): void => {
      if (near.closed) return;
      near.closed = true;
      node.ends.delete(id);
      this.#report(near, { kind: "failed", code, reason: `dial tcp ${to.host}:${to.port}: ${text}` });
    };
    if (target === undefined || !links.connects(machine, target.machine) || hangs(target)) {
      world.later(world.now + timeoutMs, () => fail("ETIMEDOUT", "i/o timeout"));
      return;
    }
    world.later(world.now + links.segment(machine, target.machine), () => {
      if (hangs(target)) return;
      if (target.running && target.port === "open") {
        this.#accept(near, target, () => {
          node.ends.set(id, near);
          this.#report(near, { kind: "opened" });
        });
        return;
      }
      links.counts.refused += 1;
      world.later(world.now + links.segment(target.machine, machine), () =>
        fail("ECONNREFUSED", "connect: connection refused"),
      );
    });
    // The system gives up when the network fails in the middle.
    world.later(world.now + timeoutMs, () => {
      if (near.peer === undefined) fail("ETIMEDOUT", "i/o timeout");
    });
  }

  /**
   * Opens a connection of which the core of a node knows nothing, writes to it, and closes it later. What
   * is still on its way when the node ends is lost.
   */
  pour(node: CoreNode, target: CoreNode, bytes: Uint8Array, closeAfterMs: number): void {
    const world = this.#world;
    const near: End = { node, starts: node.starts, id: -1, peer: undefined, closed: false, arrival: 0 };
    const goesOn = (): boolean => node.running && node.starts === near.starts;
    world.later(world.now + world.links.segment(node.machine, target.machine), () => {
      if (!target.running || target.port !== "open" || !world.links.connects(node.machine, target.machine))
        return;
      if (!goesOn()) return;
      this.#accept(near, target, () => {
        this.#carry(near, (peer) => {
          if (goesOn()) this.#report(peer, { kind: "received", bytes });
        });
        world.later(world.now + closeAfterMs, () => this.#close(near));
      });
    });
  }

  /** Carries out a write. */
  write(node: CoreNode, id: number, bytes: Uint8Array): void {
    const end = node.ends.get(id);
    if (end === undefined) return;
    this.#carry(end, (peer) => {
      this.#world.streamed(node, peer.node, bytes);
      this.#report(peer, { kind: "received", bytes: bytesFor(peer.node, node, bytes) });
    });
  }

  /** Carries out a close. */
  close(node: CoreNode, id: number): void {
    const end = node.ends.get(id);
    if (end !== undefined) this.#close(end);
  }

  /** Ends all connections of a node, whose system tells the peers, or does not. */
  drop(node: CoreNode, silently: boolean): void {
    for (const end of [...node.ends.values()]) {
      if (silently) end.closed = true;
      else this.#close(end);
    }
    node.ends.clear();
  }

  #accept(near: End, target: CoreNode, opened: () => void): void {
    const { node } = near;
    if (near.closed) return;
    const far: End = { node: target, starts: target.starts, id: 0, peer: near, closed: false, arrival: 0 };
    near.peer = far;
    this.#world.feed(target, ({ core }) => {
      far.id = core.accept(this.#clock(target), node.address);
      target.ends.set(far.id, far);
    });
    this.#carry(far, opened);
  }

  #close(end: End): void {
    if (end.closed) return;
    end.closed = true;
    end.node.ends.delete(end.id);
    this.#carry(end, (peer) => this.#report(peer, { kind: "ended" }));
  }

  /** Brings something to the other end, never overtaking what went before. */
  #carry(end: End, deliver: (peer: End) => void): void {
    const { peer, node } = end;
    if (peer === undefined) return;
    const { links } = this.#world;
    const [from, to] = [node.machine, peer.node.machine];
    const delay = links.segment(from, to);
    end.arrival = Math.max(end.arrival, this.#world.now + delay);
    this.#world.later(end.arrival, () => {
      if (!peer.closed && links.connects(from, to)) deliver(peer);
    });
  }

  #report(end: End, input: StreamInput): void {
    const { node, starts } = end;
    if (starts !== node.starts) return;
    this.#world.feed(node, ({ core }) => core.stream(this.#clock(node), end.id, input));
  }

  #clock(node: CoreNode): number {
    return this.#world.now + node.aheadMs;
  }
}

/** Returns whether a machine does not even refuse a connection. */
function hangs({ running, powered, port }: CoreNode): boolean {
  return running ? port === "full" : !powered;
}
