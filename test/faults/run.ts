/**
 * Plays faults on real agents for some minutes, each seed on a new cluster, or replays one seed or
 * one script:
 *
 *     npm run faults -- --minutes=30 --seed=7
 *     npm run faults -- --seed=7
 *     npm run faults -- --script='{"encrypted":false,"steps":[...]}'
 */

import { parseArgs } from "node:util";
import { searchHere } from "../machine/here.ts";
import type { FaultScript } from "./fault.ts";
import { playFaults, scriptOf } from "./play.ts";

/** Steps of a seed, and seconds that each lasts. */
const stepCount = 12;
const seconds = [4, 25] as const;

const { values } = parseArgs({
  options: {
    minutes: { type: "string" },
    seed: { type: "string", default: "1" },
    script: { type: "string" },
  },
});

await searchHere([
  "node",
  "deno",
  "bun",
  "serf-0.9",
  "serf-0.10",
  "serf-0.11",
  "networks",
  "filters",
  "delays",
]);
// All that was started ends with this process.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));

const first = Number(values.seed);
if (values.script !== undefined) await play(JSON.parse(values.script) as FaultScript);
else if (values.minutes === undefined) await play(scriptOf(first, { stepCount, seconds }), first);
else {
  const end = performance.now() + 60_000 * Number(values.minutes);
  let failed = 0;
  let played = 0;
  for (let seed = first; performance.now() < end; seed += 1) {
    played += 1;
    if (!(await play(scriptOf(seed, { stepCount, seconds }), seed))) failed += 1;
  }
  console.log(`${played} seeds from ${first}, ${failed} failed`);
}

/** Plays a script and prints what happens. Returns whether all was well. */
async function play(script: FaultScript, seed?: number): Promise<boolean> {
  console.log(seed === undefined ? "A script" : `Seed ${seed}`, script.encrypted ? "with encryption" : "");
  const { findings, stepCount: played } = await playFaults(script, { onLine: console.log });
  if (findings.length === 0) return true;
  process.exitCode = 1;
  const begin = JSON.stringify({ ...script, steps: script.steps.slice(0, played) });
  const last = JSON.stringify({ ...script, steps: script.steps.slice(played - 1, played) });
  console.log(findings.join("\n"));
  if (seed !== undefined) console.log(`Replay: npm run faults -- --seed=${seed}`);
  console.log(`Replay the script: npm run faults -- --script='${begin}'`);
  console.log(`Replay its last step: npm run faults -- --script='${last}'`);
  return false;
}
