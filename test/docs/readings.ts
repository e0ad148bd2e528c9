/** Every page with blocks that are run, and what its reader has at the beginning. */

import type { Reading } from "./check.ts";

/** The way in, in a clone. */
export const readme: readonly Reading[] = [["README.md", "clone"]];

/** One for each way to run the package. */
export const starts: readonly Reading[] = [
  ["docs/start/node.md", "serf"],
  ["docs/start/deno.md", "clone", "deno-cache"],
  ["docs/start/bun.md", "clone", "bun"],
  ["docs/start/single-file.md", "clone", "bun"],
];

/** For readers who have the commands. */
export const guides: readonly Reading[] = [
  ["docs/coming-from-serf.md", "two serfs"],
  ["docs/events-and-queries.md", "serf"],
  ["docs/encryption.md", "serf"],
  ["docs/tuning.md", "serf"],
  ["docs/operating.md", "serf"],
  ["docs/simulate.md", "serf"],
  ["docs/limits.md", "serf"],
];
