/**
 * Agents with a key under strangers that have none and do not tire: members join, leave, ping and
 * query as without them. Run on a machine that does nothing else: `npm run test:flood`.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { Agent, converged, installed, type Kind, ours, stopAll, until } from "../interop/agents.ts";
import { lacks } from "../machine/here.ts";

const block = 100 + (process.pid % 100);
const flooder = fileURLToPath(new URL("flooder.mjs", import.meta.url));
const strangers = new Set<ChildProcess>();

afterEach(async () => {
  for (const stranger of strangers) stranger.kill("SIGKILL");
  strangers.clear();
  await stopAll();
});

/** What a round of usual work took, and what did not work in it. */
interface Round {
  readonly ms: Record<string, number>;
  readonly faults: string[];
}

/** A member joins, sends an event, is asked, and leaves. */
async function work(first: Agent, second: Agent, join: () => Promise<Agent>, title: string): Promise<Round> {
  const ms: Record<string, number> = {};
  const faults: string[] = [];
  const time = async (step: string, run: () => Promise<unknown>): Promise<void> => {
    const begin = Date.now();
    await run().catch((error: Error) => faults.push(`${step}: ${error.message}`));
    ms[step] = Date.now() - begin;
  };
  let third = first;
  await time("join", async () => {
    third = await join();
    await converged([first, second, third], { a: "alive", b: "alive", c: "alive" }, 30_000);
  });
  await time("event", async () => {
    await third.cli("node", "event", "-coalesce=false", title);
    await until("the event", () => [first, second].every(({ log }) => log.includes(title)), 30_000);
  });
  await time("reachability", async () => {
    const { stdout } = await first.cli("node", "reachability");
    if (!stdout.includes("Successfully")) faults.push(stdout);
  });
  await time("query", async () => {
    const { stdout } = await second.cli("node", "query", "-timeout=20s", "load");
    if (!stdout.includes("Total Acks: 3")) faults.push(stdout);
  });
  await time("leave", async () => {
    await third.cli("node", "leave");
    await third.ended;
    await converged([first, second], { a: "alive", b: "alive", c: "left" }, 30_000);
  });
  return { ms, faults };
}

function residentMiB({ pid }: Agent): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1]) / 1024;
}

const sum = ({ ms }: Round): number => Object.values(ms).reduce((total, each) => total + each, 0);

/** What is done to the first agent. */
type Attack = "tcp" | "rpc" | "rpc-again" | "udp";

const attacks: readonly [title: string, attack: Attack, parts: string[]][] = [
  [
    "500 connections to the gossip port, reopened without end, and garbage in 50 more",
    "tcp",
    ["tcp", "garbage"],
  ],
  ["2,000 silent connections to the RPC port", "rpc", ["rpc"]],
  ["2,000 silent connections to the RPC port, reopened without end", "rpc-again", ["rpc-again"]],
  ["as many datagrams as one core can send", "udp", ["udp"]],
];

/** How much more time and memory usual work may take under an attack. */
interface Goal {
  readonly time: number;
  readonly memory: number;
}

const goal: Goal = { time: 2, memory: 1.3 };

/** Deno takes that long to accept and close connections, and leaves that much garbage. */
const reopenedOnDeno: Goal = { time: 3.5, memory: 1.8 };

describe.skipIf(lacks("loopback")).each(installed(ours))("an agent on %s", (kind) => {
  it.each(attacks.filter(([, attack]) => kind !== "deno" || attack !== "udp"))(
    "works as usual under %s",
    { timeout: 240_000 },
    async (title, attack, parts) => {
      const { time, memory } = kind === "deno" && attack === "rpc-again" ? reopenedOnDeno : goal;
      const { first, second, third } = await startTwo(kind);
      await work(first, second, third, "warm");
      const quiet = await work(first, second, third, "quiet");
      const before = { lines: first.log.split("\n").length, memory: residentMiB(first), at: Date.now() };

      for (const each of parts) flood(first, each);
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      const flooded = await work(first, second, third, "flooded");
      const seconds = (Date.now() - before.at) / 1_000;
      const figures = {
        title,
        quiet: quiet.ms,
        flooded: flooded.ms,
        linesPerSecond: (first.log.split("\n").length - before.lines) / seconds,
        memory: residentMiB(first) / before.memory,
      };
      expect([quiet.faults, flooded.faults]).toEqual([[], []]);
      expect(figures.linesPerSecond).toBeLessThan(10);
      console.log(kind, JSON.stringify(figures));
      expect(sum(flooded), JSON.stringify(figures)).toBeLessThan(time * sum(quiet));
      expect(figures.memory).toBeLessThan(memory);
    },
  );

  // Deno cannot reserve receive buffers: the system drops most of what members send meanwhile, before the agent could
  // tell it apart.
  it.runIf(kind === "deno")(
    "keeps its members and serves commands under as many datagrams as one core can send, and works as usual after it",
    {
      timeout: 120_000,
    },
    async () => {
      const { first, second, third } = await startTwo(kind);
      const lines = first.log.split("\n").length;
      const stranger = flood(first, "udp");
      const end = Date.now() + 20_000;
      while (Date.now() < end) {
        expect(await first.statuses()).toEqual({ a: "alive", b: "alive" });
        expect(await second.statuses()).toEqual({ a: "alive", b: "alive" });
        await new Promise((resolve) => setTimeout(resolve, 1_000));
      }
      stranger.kill("SIGKILL");
      expect(first.log.split("\n").length - lines).toBeLessThan(200);
      expect((await work(first, second, third, "after")).faults).toEqual([]);
    },
  );
});

/** Starts two agents with a key; `third` starts another one. */
async function startTwo(kind: Kind): Promise<{ first: Agent; second: Agent; third: () => Promise<Agent> }> {
  const at = (host: number): string => `127.${block}.${79 + ours.indexOf(kind)}.${host}`;
  const flags = ["-encrypt=T9jncgl9mbLus+baTTa7q7nPSUrXwbDi2dhbtqir37s=", "-log-level=info"];
  const handler = ["-event-handler", "query:load=echo 1"];
  const first = await Agent.start(kind, "a", at(1), ...flags, ...handler);
  const join = `-join=${first.address}`;
  const second = await Agent.start(kind, "b", at(2), ...flags, ...handler, join);
  await converged([first, second], { a: "alive", b: "alive" });
  return { first, second, third: () => Agent.start(kind, "c", at(3), ...flags, ...handler, join) };
}

/** Starts a stranger that does one thing to an agent. */
function flood(agent: Agent, what: string): ChildProcess {
  const [gossip, rpc] = [agent.address, agent.rpcAddress].map((address) => address.split(":")[1]!);
  const stranger = spawn("node", [flooder, agent.host, gossip!, rpc!, what]);
  strangers.add(stranger);
  return stranger;
}
