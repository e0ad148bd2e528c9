/** When a node takes its inputs: at once, or later if it is slow, paused, blocked or behind. */

import type { CoreNode } from "./node.ts";

/** What {@link Inputs} needs of the world. */
interface Host {
  /** Calls back after a delay in milliseconds. */
  later(delayMs: number, run: () => void): void;
  /** Carries out what a node's core asks for after an input. */
  perform(node: CoreNode): void;
}

/** Gives nodes their inputs. */
export class Inputs {
  readonly #host: Host;

  constructor(host: Host) {
    this.#host = host;
  }

  /** Gives a running node an input, now or when it has the time for it. */
  feed(node: CoreNode, input: () => void): void {
    if (!node.running) return;
    if (node.paused || node.blocked || node.isBehind) {
      node.waiting.push(input);
      return;
    }
    if (node.lateMs === 0) {
      this.#take(node, input);
      return;
    }
    const { starts } = node;
    this.#host.later(node.lateMs, () => {
      if (!node.running || node.starts !== starts) return;
      if (node.paused) node.waiting.push(input);
      else this.#take(node, input);
    });
  }

  /** Lets a node take what has waited for it, `inputsPerMs` of it in a millisecond. */
  catchUp(node: CoreNode, inputsPerMs: number = Number.POSITIVE_INFINITY): void {
    if (node.paused || node.blocked) return;
    node.isBehind = false;
    for (const input of node.waiting.splice(0, inputsPerMs)) this.feed(node, input);
    node.isBehind = node.waiting.length > 0;
    if (node.isBehind) this.#host.later(1, () => this.catchUp(node, inputsPerMs));
  }

  #take(node: CoreNode, input: () => void): void {
    input();
    this.#host.perform(node);
  }
}
