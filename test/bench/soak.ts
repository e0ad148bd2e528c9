/**
 * Whether an agent that answers clients all day grows: one agent on each runtime, an event and 99
 * `members` requests a second, and its memory once a minute. Fails if the last third of an hour, or of
 * whatever time is given, needs more than the second third does. Linux only.
 *
 *     npm run bench:soak -- --minutes=60 --only=bun
 */

import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { nodeRuntime } from "../../runtimes/node/mod.ts";
import { RpcClient } from "../../src/rpc/client/client.ts";
import { candidates } from "./candidates.ts";
import { MeasuredAgent } from "./start_agent.ts";

const { values: options } = parseArgs({
  options: {
    minutes: { type: "string", default: "60" },
    only: { type: "string", default: "node24,deno,bun" },
  },
});
const minutes = Number(options.minutes);
const requestsASecond = 100;
/** How much more memory may be resident in the last third: engines collect when they like. */
const growthMax = 1.05;

/** An agent with one client. */
interface Soaked {
  readonly name: string;
  readonly agent: MeasuredAgent;
  readonly client: RpcClient;
  /** Resident MiB after each minute. */
  readonly mib: number[];
}

const average = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

async function start(): Promise<Soaked[]> {
  const soaked: Soaked[] = [];
  for (const [index, { name, command }] of (await candidates(options.only)).entries()) {
    const host = `127.77.0.${index + 1}`;
    const agent = await MeasuredAgent.run(command, host);
    const client = await RpcClient.connect(nodeRuntime(), { address: `${host}:17373` });
    soaked.push({ name, agent, client, mib: [] });
  }
  return soaked;
}

async function askForASecond({ client }: Soaked): Promise<void> {
  await client.event("soak", "1", { coalesce: false });
  for (let request = 1; request < requestsASecond; request++) await client.members();
}

/** Says how much an agent grew; returns whether that is too much. */
function grew({ name, mib }: Soaked): boolean {
  const third = Math.floor(mib.length / 3);
  const [before, after] = [average(mib.slice(third, 2 * third)), average(mib.slice(-third))];
  console.log(`${name}: ${before.toFixed(1)} MiB in the second third, ${after.toFixed(1)} in the last one`);
  return after > growthMax * before;
}

if (!(minutes >= 3)) throw new Error(`--minutes=${options.minutes} is not a number from 3 on`);
const all = await start();
try {
  for (let minute = 1; minute <= minutes; minute++) {
    for (let second = 0; second < 60; second++)
      await Promise.all([sleep(1_000), ...all.map((one) => askForASecond(one))]);
    for (const { agent, mib } of all) mib.push(agent.memory().residentMib);
    console.log(
      `${minute} min: ${all.map(({ name, mib }) => `${name} ${mib.at(-1)!.toFixed(1)}`).join(", ")} MiB`,
    );
  }
  process.exitCode = all.map(grew).includes(true) ? 1 : 0;
} finally {
  for (const { client, agent } of all) {
    await client.close();
    await agent.stop();
  }
}
