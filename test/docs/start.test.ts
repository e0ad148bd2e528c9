/** The pages that get a reader started, one for each way to run the package. */

import { checkPages } from "./check.ts";

checkPages([
  ["docs/start/node.md", "serf"],
  ["docs/start/deno.md", "clone", "deno-cache"],
  ["docs/start/bun.md", "clone", "bun"],
  ["docs/start/single-file.md", "clone", "bun"],
]);
