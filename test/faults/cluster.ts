/**
 * A cluster of real agents, ours and Serf's, each on a machine of its own of {@link Ground}: causes
 * faults, heals them, and checks what has to be true of a sound cluster.
 */

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Agent, fastCli, type Kind } from "../interop/agents.ts";
import { lacks } from "../machine/here.ts";
import type { Fault } from "./fault.ts";
import { type Cut, Ground, soundLine } from "./ground.ts";

/** What a cluster is made of. */
export interface ClusterPlan {
  /** The kind of each node. */
  readonly kinds: readonly Kind[];
  readonly encrypted: boolean;
  /** Within this time after the faults all agents have to agree. */
  readonly agreeMs?: number;
}

/** Within this time after the faults every agent has to list every other one as alive, with its tags. */
const agreeMsDefault = 40_000;

/**
 * Within this time after that an event has to arrive at all: gossip of Serf's agents misses somebody
 * now and then, who gets the event in one of the next push/pulls. There is one every 15 s.
 */
const eventMs = 40_000;

/** Time between two events of the load, and between two looks at the members. */
const loadMs = 250;
const lookMs = 500;

/** Events of the load between two changes of tags. */
const tagsEvery = 7;

const key = "cg8StVXbQJ0gPvMd9o7yrg==";

/** What no agent may log. */
const alarming = /panic|unhandled|uncaught|assert|fatal error|out of memory/i;

/** A mixed cluster that faults happen to. */
export class FaultyCluster {
  readonly #ground: Ground;
  readonly #plan: ClusterPlan;
  readonly #agents: Agent[] = [];
  /** Agents that were killed on purpose. */
  readonly #killed = new Set<Agent>();
  readonly #ended = new Set<Agent>();
  readonly #findings: string[] = [];
  #events = 0;
  #removed = false;

  private constructor(ground: Ground, plan: ClusterPlan) {
    this.#ground = ground;
    this.#plan = plan;
  }

  /** Starts a cluster and waits until it is sound. */
  static async start(plan: ClusterPlan): Promise<FaultyCluster> {
    const ground = await Ground.make(plan.kinds.length, !lacks("delays"));
    const cluster = new FaultyCluster(ground, plan);
    try {
      await Promise.all(plan.kinds.map((_, node) => cluster.#start(node, 0)));
      const findings = await cluster.check();
      if (findings.length > 0) throw new Error(`The cluster did not form: ${findings.join("\n")}`);
      return cluster;
    } catch (error) {
      await cluster.remove();
      throw error;
    }
  }

  /** The agents by node. */
  get agents(): readonly Agent[] {
    return this.#agents;
  }

  /** Causes faults. */
  cause(faults: readonly Fault[]): void {
    this.#ground.setCuts(faults.flatMap((fault) => cutsOf(fault, this.#plan.kinds.length)));
    for (const fault of faults) this.#cause(fault);
  }

  /** Undoes faults. Killed agents start again. */
  async heal(faults: readonly Fault[]): Promise<void> {
    this.#ground.setCuts([]);
    for (const fault of faults) await this.#heal(fault);
  }

  /** Sends events from all agents that run, one after the other, for some time, and changes their tags. */
  async load(seconds: number): Promise<void> {
    const end = performance.now() + 1_000 * seconds;
    for (let turn = 0; performance.now() < end; turn += 1) {
      const agent = this.#agents[turn % this.#agents.length]!;
      // One that stands still never replies, so nobody waits for it.
      if (!this.#killed.has(agent)) {
        if (turn % tagsEvery === 0) void agent.cli(fastCli(), "tags", "-set", `turn=${this.#events}`);
        void this.#send(agent, `load-${this.#events++}`);
      }
      await pause(Math.max(0, Math.min(loadMs, end - performance.now())));
    }
  }

  /** Waits until the cluster is sound. Returns what is wrong with it otherwise. */
  async check(): Promise<string[]> {
    const findings = await this.#agreed();
    if (findings.length === 0) findings.push(...(await this.#reached()));
    for (const agent of this.#agents) {
      const line = agent.log.split("\n").find((text) => alarming.test(text));
      if (line !== undefined) findings.push(`${agent.name} logged: ${line}`);
    }
    return [...this.#findings.splice(0), ...findings];
  }

  /** The last lines that each agent logged. */
  logs(): string[] {
    return this.#agents.map(({ name, log }) => `--- ${name}\n${log.split("\n").slice(-40).join("\n")}`);
  }

  /** Ends all agents and removes their network. */
  async remove(): Promise<void> {
    this.#removed = true;
    await Promise.all(
      this.#agents.map((agent) => {
        agent.signal("SIGCONT");
        return agent.kill("SIGKILL");
      }),
    );
    this.#ground.remove();
  }

  async #start(node: number, joins: number | undefined): Promise<void> {
    const kind = this.#plan.kinds[node]!;
    const agent = await Agent.startInside(
      this.#ground.inside(node),
      kind,
      `${node}-${kind}`,
      this.#ground.address(node),
      "-profile=local",
      `-snapshot=${join(this.#ground.disk(node), "snapshot")}`,
      `-config-file=${settings}`,
      ...(this.#plan.encrypted ? [`-encrypt=${key}`] : []),
      ...(joins === undefined
        ? []
        : [`-retry-join=${this.#ground.address(joins)}:17946`, "-retry-interval=1s"]),
    );
    this.#agents[node] = agent;
    void agent.ended.then((code) => {
      this.#ended.add(agent);
      if (this.#removed || this.#killed.has(agent)) return;
      this.#findings.push(`${agent.name} ended with code ${code}:\n${agent.log.slice(-4_000)}`);
    });
  }

  #cause(fault: Fault): void {
    switch (fault.kind) {
      case "loss":
        this.#ground.setLine(fault.node, { ...soundLine, lossPercent: fault.percent });
        break;
      case "delay": {
        const { ms: delayMs, jitterMs } = fault;
        this.#ground.setLine(fault.node, { ...soundLine, delayMs, jitterMs });
        break;
      }
      case "narrow":
        this.#ground.setLine(fault.node, { ...soundLine, kbit: fault.kbit });
        break;
      case "mtu":
        this.#ground.setLine(fault.node, { ...soundLine, mtu: fault.bytes });
        break;
      case "stop":
        this.#agents[fault.node]!.signal("SIGSTOP");
        break;
      case "kill":
        this.#killed.add(this.#agents[fault.node]!);
        this.#agents[fault.node]!.signal("SIGKILL");
        break;
      case "full":
        this.#ground.fillDisk(fault.node);
        break;
      case "memory":
        limitMemory(this.#agents[fault.node]!.pid, fault.spareMb);
        break;
      case "cut":
      case "split":
        break;
    }
  }

  async #heal(fault: Fault): Promise<void> {
    switch (fault.kind) {
      case "loss":
      case "delay":
      case "narrow":
      case "mtu":
        this.#ground.setLine(fault.node, soundLine);
        break;
      case "stop":
        this.#agents[fault.node]!.signal("SIGCONT");
        break;
      case "kill":
        await this.#agents[fault.node]!.ended;
        await this.#start(fault.node, undefined);
        if (!this.#agents[fault.node]!.log.includes("re-join"))
          this.#findings.push(`${this.#agents[fault.node]!.name} did not use its snapshot`);
        break;
      case "full":
        this.#ground.clearDisk(fault.node);
        break;
      case "memory":
        if (!this.#ended.has(this.#agents[fault.node]!))
          limitMemory(this.#agents[fault.node]!.pid, undefined);
        break;
      case "cut":
      case "split":
        break;
    }
  }

  /** Waits until all agents list all as alive, with the same tags. */
  async #agreed(): Promise<string[]> {
    const names = this.#agents.map(({ name }) => name).sort();
    const { agreeMs = agreeMsDefault } = this.#plan;
    const end = performance.now() + agreeMs;
    for (;;) {
      const views = await Promise.all(this.#agents.map((agent) => viewOf(agent)));
      const wanted = names.map((name) => {
        const own = views[this.#agents.findIndex((agent) => agent.name === name)]?.get(name);
        return `${name} alive ${own?.split(" ").slice(2).join(" ")}`;
      });
      const wrong = views.flatMap((view, node) => {
        const lines = [...view.values()];
        if (lines.join("\n") === wanted.join("\n")) return [];
        return [`${this.#agents[node]!.name} lists ${lines.join(", ")}`];
      });
      if (wrong.length === 0) return [];
      if (this.#findings.length > 0 || performance.now() > end)
        return [`no agreement within ${agreeMs} ms:`, ...wrong];
      await pause(lookMs);
    }
  }

  /** Sends an event from each kind of agents and waits until it is everywhere. */
  async #reached(): Promise<string[]> {
    const name = `check-${this.#events++}`;
    const from = this.#agents[this.#events % this.#agents.length]!;
    await this.#send(from, name);
    const end = performance.now() + eventMs;
    for (;;) {
      const missed = this.#agents.filter(({ log }) => !log.includes(`user-event: ${name}\n`));
      if (missed.length === 0) return [];
      if (performance.now() > end)
        return [`event ${name} of ${from.name} missed ${missed.map((agent) => agent.name).join(", ")}`];
      await pause(lookMs / 5);
    }
  }

  async #send(agent: Agent, name: string): Promise<void> {
    await agent.cli(fastCli(), "event", "-coalesce=false", name, "x".repeat(200));
  }
}

/** Settings that no flag has. */
const settings = join(import.meta.dirname, "agent.json");

function cutsOf(fault: Fault, size: number): Cut[] {
  if (fault.kind === "cut") return pairs(fault.from, fault.to);
  if (fault.kind !== "split") return [];
  const others = Array.from({ length: size }, (_, node) => node).filter(
    (node) => !fault.nodes.includes(node),
  );
  return [...pairs(fault.nodes, others), ...pairs(others, fault.nodes)];
}

function pairs(from: readonly number[], to: readonly number[]): Cut[] {
  return from.flatMap((one) => to.map((other) => ({ from: one, to: other })));
}

/**
 * Allows a process so much more memory than it has, or as much as it likes. By a limit of the process:
 * a control group of its own would take it out of the one that may bound the tests.
 */
function limitMemory(pid: number, spareMb: number | undefined): void {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const usedKb = Number(/^VmData:\s+(\d+)/m.exec(status)?.[1]);
  const limit = spareMb === undefined ? "unlimited" : String(usedKb * 1_024 + spareMb * 2 ** 20);
  execFileSync("prlimit", [`--pid=${pid}`, `--data=${limit}:unlimited`], { stdio: "pipe" });
}

/** Returns the members that an agent lists, by name, each as a line with its status and tags. */
async function viewOf(agent: Agent): Promise<Map<string, string>> {
  try {
    const members = Object.values(await agent.members(fastCli()));
    const lines = members.map(({ name, status, tags }) => {
      const sorted = Object.entries(tags).sort(([a], [b]) => (a < b ? -1 : 1));
      return [name, `${name} ${status} ${JSON.stringify(sorted)}`] as const;
    });
    return new Map(lines.sort(([a], [b]) => (a < b ? -1 : 1)));
  } catch (error) {
    return new Map([["", `nothing (${(error as Error).message})`]]);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
