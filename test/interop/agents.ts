/**
 * Real agents as child processes: Go's Serf and our own on every runtime, each on a loopback address of its own.
 */

import { type ChildProcess, execFile, spawn } from "node:child_process";
import { command, lacks, pathOf } from "../machine/here.ts";
import type { Command } from "../runtimes/binaries.ts";

/** Kinds of agents: Serf from Debian's package and in newer releases, and ours by runtime. */
export type Kind = "serf-0.9" | "serf-0.10" | "serf-0.11" | "node" | "deno" | "bun";

/** Serf, in the versions that all tests use. */
export const serfs: readonly Kind[] = ["serf-0.9", "serf-0.10"];

/** Its newest release, for tests of what members send each other. */
export const newestSerf: Kind = "serf-0.11";

/** Versions of Serf that a kind of ours is in a cluster with: the newest one beside Node, as all runtimes send the same. */
export function serfsBeside(kind: Kind): readonly Kind[] {
  return kind === "node" ? [...serfs, newestSerf] : serfs;
}

/** Ours. */
export const ours: readonly Kind[] = ["node", "deno", "bun"];

const gossipPort = 17946;
const rpcPort = 17373;

/** Returns how a kind is started. */
export function commandOf(kind: Kind): Command {
  return kind === "node" || kind === "deno" || kind === "bun"
    ? command(kind, `runtimes/${kind}/cli.ts`)
    : { program: pathOf(kind), args: [] };
}

/** Those of some kinds that are installed here. */
export function installed(kinds: readonly Kind[]): Kind[] {
  return kinds.filter((kind) => !lacks(kind));
}

/** What a finished command printed. */
export interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

/** One member as `members -format=json` prints it. */
export interface ListedMember {
  readonly name: string;
  readonly addr: string;
  readonly status: string;
  readonly tags: Record<string, string>;
  readonly protocol: { readonly min: number; readonly max: number; readonly version: number };
}

const running = new Set<Agent>();

/** Ends every agent that a test left behind. */
export async function stopAll(): Promise<void> {
  await Promise.all([...running].map((agent) => agent.kill("SIGKILL")));
}

/** A running agent. */
export class Agent {
  readonly kind: Kind;
  readonly name: string;
  readonly host: string;
  /** Everything it printed. */
  log = "";
  /** Exit code once it ended; `null` after a signal. */
  readonly ended: Promise<number | null>;
  readonly #child: ChildProcess;
  readonly #inside: readonly string[];

  private constructor(
    kind: Kind,
    name: string,
    host: string,
    child: ChildProcess,
    inside: readonly string[],
  ) {
    this.kind = kind;
    this.#inside = inside;
    this.name = name;
    this.host = host;
    this.#child = child;
    const collect = (chunk: Buffer): void => {
      this.log += chunk.toString();
    };
    child.stdout?.on("data", collect);
    child.stderr?.on("data", collect);
    this.ended = new Promise((resolve) => {
      child.once("close", (code) => {
        running.delete(this);
        resolve(code);
      });
    });
    running.add(this);
  }

  /** Starts an agent and waits until it runs or ends. */
  static async start(kind: Kind, name: string, host: string, ...flags: string[]): Promise<Agent> {
    return await Agent.startInside([], kind, name, host, ...flags);
  }

  /**
   * Like {@link Agent.start}, with the words of a command that runs another one elsewhere in front.
   */
  static async startInside(
    inside: readonly string[],
    kind: Kind,
    name: string,
    host: string,
    ...flags: string[]
  ): Promise<Agent> {
    const { program: ownProgram, args: ownArgs } = commandOf(kind);
    const [program, ...args] = [...inside, ownProgram, ...ownArgs];
    const at = [`-node=${name}`, `-bind=${host}:${gossipPort}`, `-rpc-addr=${host}:${rpcPort}`];
    const child = spawn(program!, [...args, "agent", ...at, ...flags]);
    const agent = new Agent(kind, name, host, child, inside);
    let ended = false;
    void agent.ended.then(() => {
      ended = true;
    });
    await until(`${name} runs`, () => ended || agent.log.includes("Log data will now stream in"), 20_000);
    return agent;
  }

  /** Where others reach it. */
  get address(): string {
    return `${this.host}:${gossipPort}`;
  }

  /** Where its RPC interface is. */
  get rpcAddress(): string {
    return `${this.host}:${rpcPort}`;
  }

  /** Its process. */
  get pid(): number {
    return this.#child.pid!;
  }

  /** Sends a signal. */
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Sends a signal and waits for the end. */
  async kill(signal: NodeJS.Signals): Promise<number | null> {
    this.#child.kill(signal);
    return await this.ended;
  }

  /** Runs a command against this agent, by default with Serf's own command line where there is one. */
  async cli(by: Kind, name: string, ...args: string[]): Promise<Outcome> {
    return await runInside(this.#inside, by, name, `-rpc-addr=${this.rpcAddress}`, ...args);
  }

  /** Starts a command that runs until it is stopped. */
  watch(by: Kind, name: string, ...args: string[]): Watch {
    return new Watch(by, name, `-rpc-addr=${this.rpcAddress}`, ...args);
  }

  /** Its members by name. */
  async members(by: Kind = "node"): Promise<Record<string, ListedMember>> {
    const { stdout } = await this.cli(by, "members", "-format=json");
    const list = (JSON.parse(stdout) as { members: ListedMember[] | null }).members ?? [];
    return Object.fromEntries(list.map((member) => [member.name, member]));
  }

  /** Status of its members, by name. */
  async statuses(): Promise<Record<string, string>> {
    const members = await this.members(fastCli());
    return Object.fromEntries(Object.entries(members).map(([name, { status }]) => [name, status]));
  }
}

/** A command that runs until it is stopped. */
export class Watch {
  output = "";
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;

  constructor(by: Kind, ...args: string[]) {
    const { program, args: before } = commandOf(by);
    const child = spawn(program, [...before, ...args]);
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk: Buffer) => {
        this.output += chunk.toString();
      });
    }
    this.#ended = new Promise((resolve) => child.once("close", resolve));
    this.#child = child;
  }

  /** Presses Ctrl-C and waits for the exit code. */
  async interrupt(): Promise<number | null> {
    this.#child.kill("SIGINT");
    return await this.#ended;
  }
}

/** The command line that starts fastest here. */
export function fastCli(): Kind {
  return installed(serfs).at(-1) ?? "node";
}

/** Runs a command line. */
export async function run(by: Kind, ...args: string[]): Promise<Outcome> {
  return await runInside([], by, ...args);
}

/** Like {@link run}, with the words of a command that runs another one elsewhere in front. */
export async function runInside(inside: readonly string[], by: Kind, ...args: string[]): Promise<Outcome> {
  const own = commandOf(by);
  const [program, ...before] = [...inside, own.program, ...own.args];
  return await new Promise((resolve) => {
    execFile(program!, [...before, ...args], { timeout: 30_000 }, (error, stdout, stderr) => {
      resolve({ stdout, stderr, code: error === null ? 0 : Number(error.code ?? -1) });
    });
  });
}

/** Runs a command against every agent with two command lines at once; outcomes in the order of the command lines. */
export async function sideBySide(
  agents: readonly Agent[],
  [first, second]: readonly [Kind, Kind],
  [name = "", ...rest]: readonly string[],
): Promise<[Outcome, Outcome][]> {
  return await Promise.all(
    agents.map((agent) => Promise.all([agent.cli(first, name, ...rest), agent.cli(second, name, ...rest)])),
  );
}

/** Waits until a condition holds; rejects with `what` if it does not in time. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  timeoutMs = 15_000,
): Promise<void> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    if (await holds()) return;
    if (Date.now() > end) throw new Error(`${what}: not within ${timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Waits until every agent sees exactly these statuses. */
export async function converged(
  agents: readonly Agent[],
  statuses: Record<string, string>,
  timeoutMs = 15_000,
): Promise<void> {
  const wanted = JSON.stringify(Object.entries(statuses).sort());
  for (const agent of agents) {
    let last = "";
    await until(
      `${agent.name} (${agent.kind}) sees ${wanted}`,
      async () => {
        last = JSON.stringify(Object.entries(await agent.statuses()).sort());
        return last === wanted;
      },
      timeoutMs,
    ).catch((error: Error) => {
      throw new Error(`${error.message}; it sees ${last}\n${agent.log}`);
    });
  }
}
