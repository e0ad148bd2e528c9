/** Changes the key of a whole cluster, as `serf keys` does: install, use, then remove the old one. */

import { encodeKeyRequest } from "../../../src/core/serf/wire/key_messages.ts";
import { parseKey } from "../../../src/go/parse_key.ts";
import type { CoreNode } from "../cores/node.ts";
import type { Watcher } from "../cores/watcher.ts";
import type { CoreWorld } from "../cores/world.ts";

/** How long each query runs. */
const queryMs = 5_000;

/** The number of the first query; those of scenarios are far below. */
const firstQuery = 1_000_000;

/** How often a step is tried. A query of memberlist's rules misses somebody now and then. */
const attemptsMax = 4;

/** An operator, who repeats each step until all members have replied. */
export class KeyRotation implements Watcher {
  #query = firstQuery;
  #replied = new Set<string>();

  readonly effect: NonNullable<Watcher["effect"]> = (_now, _node, effect) => {
    if (effect.kind === "reply" && effect.query === this.#query && effect.type === "response")
      this.#replied.add(effect.from);
  };

  /** Changes the key from one node, and lets the time pass that this takes. */
  run(world: CoreWorld, node: CoreNode, { from, to }: { readonly from: string; readonly to: string }): void {
    this.#step(world, node, "install", to);
    this.#step(world, node, "use", to);
    this.#step(world, node, "remove", from);
  }

  #step(world: CoreWorld, node: CoreNode, operation: string, key: string): void {
    const size = world.nodes.filter(({ running }) => running).length;
    for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
      this.#query += 1;
      this.#replied = new Set();
      world.command(node, (core, now) => {
        core.queries.ask(now, this.#query, {
          name: `_serf_${operation}-key`,
          payload: encodeKeyRequest(parseKey(key)),
          nodes: [],
          tags: new Map(),
          ack: false,
          relayFactor: 0,
          timeoutMs: queryMs,
          waitForDeadline: true,
        });
      });
      world.run(queryMs + 1);
      if (this.#replied.size >= size) return;
    }
  }
}
