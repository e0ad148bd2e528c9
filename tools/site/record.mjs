/**
 * Records a cluster of two agents, `node tools/site/record.mjs`: starts them on ports of 127.0.0.1, runs commands beside them, ends one of them
 * without notice, and writes what each terminal printed and when into `recording.json`, which the site plays. Nothing of it is made up.
 */
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const cli = fileURLToPath(new URL("../../dist/runtimes/node/cli.js", import.meta.url));
const target = fileURLToPath(new URL("recording.json", import.meta.url));
const panes = ["agent one", "agent two", "commands"];
/** A pause that is longer is shortened to this. */
const pauseMsMax = 1_500;
const steps = [];
const begin = Date.now();

/** Starts a command in a pane, and keeps what it prints. */
function start(pane, line) {
  steps.push({ at: Date.now() - begin, pane, typed: line });
  const [, ...args] = line.split(" ");
  const child = spawn(process.execPath, [cli, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk) => steps.push({ at: Date.now() - begin, pane, printed: chunk.toString() }));
  const ended = new Promise((resolve) => child.once("close", resolve));
  return { child, ended };
}

async function run(line) {
  await start(2, line).ended;
  await sleep(1_000);
}

const one = start(0, "serf agent -node=one -bind=127.0.0.1:7946");
await sleep(1_500);
const two = start(
  1,
  "serf agent -node=two -bind=127.0.0.1:7947 -rpc-addr=127.0.0.1:7374 -join=127.0.0.1:7946 -tag=role=web",
);
await sleep(2_500);
await run("serf members");
await run("serf event -coalesce=false deploy v2");
await run("serf reachability");
steps.push({ at: Date.now() - begin, pane: 1, printed: "(killed)\n" });
two.child.kill("SIGKILL");
await sleep(7_000);
await run("serf members");
one.child.kill("SIGINT");
await one.ended;

let shift = 0;
let last = 0;
const shortened = steps.map(({ at, ...step }) => {
  shift += Math.max(0, at - last - pauseMsMax);
  last = at;
  return { at: at - shift, ...step };
});
writeFileSync(target, `${JSON.stringify({ panes, steps: shortened }, null, 1)}\n`);
console.log(`Recorded ${shortened.length} steps in ${shortened.at(-1).at} ms: ${target}`);
