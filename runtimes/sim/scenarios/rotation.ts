/** Changes the key of a whole cluster, as `serf keys` does: install, use, then remove the old one. */

import { encodeKeyRequest } from "../../../src/core/serf/wire/key_messages.ts";
import { parseKey } from "../../../src/go/parse_key.ts";
import type { CoreNode } from "../cores/node.ts";
import type { CoreWorld } from "../cores/world.ts";

/** How long each of the three queries runs. */
const queryMs = 5_000;

/** The number of the first query; those of scenarios are far below. */
const firstQuery = 1_000_000;

/** Changes the key from one node, and lets the time pass that this takes. */
export function rotateKey(
  world: CoreWorld,
  node: CoreNode,
  { from, to }: { readonly from: string; readonly to: string },
): void {
  const steps = [
    ["install", to],
    ["use", to],
    ["remove", from],
  ] as const;
  for (const [index, [operation, key]] of steps.entries()) {
    world.command(node, (core, now) => {
      core.queries.ask(now, firstQuery + index, {
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
  }
}
