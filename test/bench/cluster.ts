/**
 * What users feel of a cluster of real agents on loopback addresses: how soon an event is everywhere,
 * a burst of events, how soon a killed agent is known to have failed, and what an idle agent costs.
 * Clusters of Serf's agents and of ours on every runtime are measured one after the other.
 *
 *     npm run bench:cluster
 *     npm run bench:cluster -- --only=go,node24 --agents=8 --events=100 --kills=0
 *     npm run bench:cluster -- --only=node24 --with-go=4
 */

import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { nodeRuntime } from "../../runtimes/node/mod.ts";
import { atShare } from "../../runtimes/sim/report/statistics.ts";
import { RpcClient } from "../../src/rpc/client/client.ts";
import { type Candidate, candidates } from "./candidates.ts";
import { cpuMs, memory, wakeUps } from "./process_cost.ts";
import { median, Results } from "./results.ts";

const { values } = parseArgs({
  options: {
    only: { type: "string", default: "go,node,node24,deno,bun" },
    before: { type: "string" },
    agents: { type: "string", default: "8" },
    /** How many of the agents are Serf's in Go. */
    "with-go": { type: "string", default: "0" },
    events: { type: "string", default: "60" },
    burst: { type: "string", default: "400" },
    kills: { type: "string", default: "1" },
    /** Seconds for which idle agents are watched. */
    idle: { type: "string", default: "10" },
    /** Seconds before that. */
    settle: { type: "string", default: "10" },
    json: { type: "string" },
  },
});
const size = Number(values.agents);
const goCount = Number(values["with-go"]);
const payload = "some payload of 32 bytes in all.";
const port = 7_946;
const rpcPort = 7_373;
/** An event that is later is late, in ms; and how long is waited for one. */
const lateMs = 1_000;
const waitMs = 20_000;
/** How often agents are asked for a member's status. */
const pollMs = 50;
/** By when a failed member must be known. */
const failureMs = 60_000;

/** One agent, with a client that listens to its events. */
class Agent {
  readonly seen: Map<string, number> = new Map();
  readonly host: string;
  readonly name: string;
  log = "";
  client!: RpcClient;
  readonly #child: ChildProcess;

  constructor({ command }: Candidate, index: number, block: number) {
    this.host = `127.${block}.0.${index + 1}`;
    this.name = `agent-${index}`;
    const flags = [`-node=${this.name}`, `-bind=${this.host}:${port}`, `-rpc-addr=${this.host}:${rpcPort}`];
    this.#child = spawn(command.program, [...command.args, "agent", ...flags], { stdio: "pipe" });
    for (const stream of [this.#child.stdout!, this.#child.stderr!])
      stream.on("data", (text) => (this.log += text));
  }

  async listen(): Promise<void> {
    const end = performance.now() + waitMs;
    for (;;) {
      try {
        this.client = await RpcClient.connect(nodeRuntime(), { address: `${this.host}:${rpcPort}` });
        break;
      } catch (error) {
        if (performance.now() > end) throw new Error(`${this.name}: ${this.log}`, { cause: error });
        await sleep(100);
      }
    }
    const stream = await this.client.stream("*", { capacity: 100_000 });
    void (async () => {
      for await (const event of stream) {
        if (event.type === "user") this.seen.set(event.name, performance.now());
      }
    })().catch(() => undefined);
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** Waits until this agent lists a member as failed. Events come later: agents coalesce those of members. */
  async lists(failed: string): Promise<void> {
    for (const end = performance.now() + failureMs; performance.now() < end; await sleep(pollMs)) {
      const [member] = await this.client.members({ name: `^${failed}$` });
      if (member?.status === "failed") return;
    }
    throw new Error(`${this.name} does not list ${failed} as failed`);
  }

  kill(): void {
    this.client?.close();
    this.#child.kill("SIGKILL");
  }
}

/** Waits until something holds; returns whether it did in time. */
async function until(holds: () => boolean): Promise<boolean> {
  const end = performance.now() + waitMs;
  while (!holds()) {
    if (performance.now() > end) return false;
    await sleep(1);
  }
  return true;
}

/** Sends events one after the other. Returns the times until the last agent had each. */
async function spread(agents: readonly Agent[]): Promise<{ readonly ms: number[]; readonly lost: number }> {
  const ms: number[] = [];
  let lost = 0;
  for (let index = 0; index < Number(values.events); index++) {
    const name = `event-${index}`;
    const from = performance.now();
    await agents[index % size]!.client.event(name, payload);
    if (await until(() => agents.every(({ seen }) => seen.has(name))))
      ms.push(Math.max(...agents.map(({ seen }) => seen.get(name)!)) - from);
    else lost += 1;
    // Anywhere in the gossip interval of 200 ms.
    await sleep(20 + ((index * 37) % 200));
  }
  return { ms: ms.sort((a, b) => a - b), lost };
}

/** All agents are handed events at once. Returns how long that took, and how long the last event took beyond. */
async function burst(agents: readonly Agent[]): Promise<{ handed: number; beyond: number; lost: number }> {
  const each = Math.floor(Number(values.burst) / size);
  const from = performance.now();
  const names = agents.flatMap(({ name }) =>
    Array.from({ length: each }, (_, index) => `burst-${name}-${index}`),
  );
  await Promise.all(
    agents.map(async ({ name, client }) => {
      for (let index = 0; index < each; index++) await client.event(`burst-${name}-${index}`, payload);
    }),
  );
  const handed = performance.now() - from;
  await until(() => agents.every(({ seen }) => names.every((name) => seen.has(name))));
  const times = agents.flatMap(({ seen }) => names.map((name) => seen.get(name)));
  const last = Math.max(...times.filter((time) => time !== undefined)) - from;
  return {
    handed,
    beyond: Math.max(0, last - handed),
    lost: times.filter((time) => time === undefined).length,
  };
}

/** Kills the last agents one after the other. Returns how long it took each time until all others listed them as failed. */
async function kills(agents: readonly Agent[]): Promise<number[]> {
  const ms: number[] = [];
  for (let count = 1; count <= Number(values.kills); count++) {
    const victim = agents[size - count]!;
    const others = agents.slice(0, size - count);
    const from = performance.now();
    victim.kill();
    await Promise.all(others.map((agent) => agent.lists(victim.name)));
    ms.push(performance.now() - from);
    await sleep(3_000);
  }
  return ms;
}

async function measure(
  candidate: Candidate,
  go: Candidate | undefined,
  block: number,
): Promise<Record<string, number>> {
  const agents = Array.from(
    { length: size },
    (_, index) => new Agent(index < goCount && go !== undefined ? go : candidate, index, block),
  );
  try {
    for (const agent of agents) await agent.listen();
    for (const { client } of agents.slice(1)) await client.join([`${agents[0]!.host}:${port}`]);
    await sleep(1_000 * Number(values.settle));
    const marks = agents.map(({ log }) => log.length);
    const idleMs = 1_000 * Number(values.idle);
    const before = agents.map(({ pid }) => ({ cpu: cpuMs(pid), woken: wakeUps(pid) }));
    await sleep(idleMs);
    const cpu = agents.map(({ pid }, index) => (100 * (cpuMs(pid) - before[index]!.cpu)) / idleMs);
    const woken = agents.map(({ pid }, index) => (1_000 * (wakeUps(pid) - before[index]!.woken)) / idleMs);
    const resident = agents.map(({ pid }) => memory(pid).residentMib);
    const events = await spread(agents);
    const many = await burst(agents);
    const lines = agents.flatMap(({ log }, index) =>
      log
        .slice(marks[index])
        .split("\n")
        .filter((line) => /\[(WARN|ERR)\]/.test(line)),
    );
    const failed = await kills(agents);
    const { ms, lost } = events;
    return {
      "event p50, ms": atShare(ms, 0.5) ?? Number.NaN,
      "event p99, ms": atShare(ms, 0.99) ?? Number.NaN,
      [`later than ${lateMs} ms`]: lost + ms.filter((time) => time > lateMs).length,
      "burst handed in, ms": many.handed,
      "burst beyond, ms": many.beyond,
      "burst lost": many.lost,
      "failure known, ms": median(failed),
      "idle CPU, %": median(cpu),
      "idle wake-ups a second": median(woken),
      "resident, MiB": median(resident),
      "lines WARN or ERR": lines.length,
    };
  } finally {
    for (const agent of agents) agent.kill();
  }
}

process.on("SIGINT", () => process.exit(1));
const found = await candidates(goCount > 0 ? `go,${values.only}` : values.only, values.before);
const go = found.find(({ name }) => name === "go");
const results: Results = new Results();
for (const [index, candidate] of found.entries()) {
  if (candidate === go && goCount > 0) continue;
  const figures = await measure(candidate, go, 20 + index);
  console.log(candidate.name, JSON.stringify(figures));
  for (const [figure, value] of Object.entries(figures)) results.set(figure, candidate.name, value);
}
console.log(`\n${size} agents, ${goCount} of them Go's`);
console.log(results.text());
results.save(values.json);
