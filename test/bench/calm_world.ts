/** How fast a calm world is simulated, by a function that runs in Node and in a web page alike. */

import { Checkers, CoreWorld } from "../../runtimes/sim/mod.ts";

const size = 100;
const options = { tags: { role: "web" }, compression: false, coalesceMs: 0 } as const;

/** Engines compile what is used often; before that they are slow. Both in virtual milliseconds. */
const warmMs = 600_000;
const measuredMs = 600_000;

/**
 * Simulates 100 calm nodes, born joined, on the structural path under all checkers. Returns how many
 * seconds of nodes were simulated in a second of real time, and the hash of the history.
 */
export function calmWorld(): { speed: number; hash: string } {
  const checkers = new Checkers({ seed: 1, size, options });
  const world = new CoreWorld({
    seed: 1,
    size,
    network: { latencyMs: [1, 5] },
    options,
    path: "structural",
    watchers: [checkers],
  });
  world.startJoined();
  world.run(warmMs);
  const startedAt = performance.now();
  world.run(measuredMs);
  const seconds = (performance.now() - startedAt) / 1_000;
  if (checkers.findings.length > 0) throw new Error(checkers.report().join("\n"));
  return { speed: Math.round((size * measuredMs) / 1_000 / seconds), hash: world.history.hash };
}
