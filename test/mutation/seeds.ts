/**
 * Plays seeds of the swarm until one finds something or the time is over:
 *
 *     node --import ./test/runtimes/typescript.mjs test/mutation/seeds.ts 120
 */

import { drawScenario, runTrial } from "../../runtimes/sim/mod.ts";

const end = performance.now() + 1_000 * Number(process.argv[2] ?? "120");
for (let seed = 1; performance.now() < end; seed++) {
  const [finding] = runTrial(drawScenario({ seed })).findings;
  if (finding === undefined) continue;
  console.log(`FAIL seed ${seed}: ${finding}`);
  process.exit(1);
}
