/** The guides: each is worked through by a reader who has the commands installed. */

import { checkPages } from "./check.ts";

checkPages([
  ["docs/coming-from-serf.md", "two serfs"],
  ["docs/events-and-queries.md", "serf"],
  ["docs/encryption.md", "serf"],
  ["docs/tuning.md", "serf"],
  ["docs/operating.md", "serf"],
]);
