/**
 * Examples as a reader starts them: with the line of their README, on their own part of the
 * loopback network, with the real servers.
 */

import { type ChildProcess, execFile, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { request } from "node:http";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import { installed, type Kind, ours, until } from "../interop/agents.ts";
import { lacks, pathOf } from "../machine/here.ts";
import { programFolders } from "../machine/things.ts";
import { read, root } from "../tidy/sources.ts";

const execute = promisify(execFile);

/**
 * The programs that `serf` can be in the examples: ours on each installed runtime, or Serf, whose
 * programs run on Node.
 */
export const kinds: readonly Kind[] = installed([...ours, "serf-0.9"]).filter(
  (kind) => kind !== "deno" || !lacks("deno-cache"),
);

/** The runtime of a kind's programs. */
function runtimeOf(kind: Kind): "node" | "deno" | "bun" {
  return kind === "deno" || kind === "bun" ? kind : "node";
}

/** A response over HTTP; `status` is 0 if there is none. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** Sends a request on its own connection. */
export async function http(url: string, method = "GET", body = ""): Promise<Answer> {
  return await new Promise((resolve) => {
    const failed = (error: Error): void => resolve({ status: 0, headers: {}, body: error.message });
    const sent = request(url, { method, agent: false, timeout: 10_000 }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }),
      );
      response.on("error", failed);
    });
    sent.on("timeout", () => sent.destroy(new Error("no answer in time")));
    sent.on("error", failed);
    sent.end(body);
  });
}

interface Started {
  readonly pid: number;
  readonly command: string;
}

const running = new Set<Demo>();

/** Ends all examples that a test left running. */
export async function stopDemos(): Promise<void> {
  await Promise.all([...running].map((demo) => demo.stop()));
}

/** A running example. */
export class Demo {
  /** The first three numbers of all addresses. */
  readonly network: string;
  /** Everything it printed. */
  output = "";
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  /** Processes that the test started. */
  readonly #added: ChildProcess[] = [];

  /**
   * Starts an example with a kind of `serf` and waits until it has started its processes. Each test
   * file passes another `subnet`.
   */
  static async start(name: string, kind: Kind, subnet: number): Promise<Demo> {
    const demo = new Demo(name, kind, `127.${20 + (process.pid % 200)}.${subnet + kinds.indexOf(kind)}`);
    running.add(demo);
    await until(`${name} starts`, () => demo.output.includes("Try in another terminal"), 30_000).catch(
      (error: Error) => {
        throw new Error(`${error.message}\n${demo.output}`);
      },
    );
    return demo;
  }

  private constructor(name: string, kind: Kind, network: string) {
    this.network = network;
    const runtime = runtimeOf(kind);
    const path = pathOf(runtime);
    const serf = kind === runtime ? {} : { SERF: pathOf(kind) };
    // A terminal would give it its own process group and interrupt that.
    this.#child = spawn("/bin/sh", ["-c", startLine(name, runtime)], {
      cwd: root,
      detached: true,
      env: {
        ...process.env,
        ...serf,
        NETWORK: network,
        PATH: [dirname(path), ...programFolders].join(delimiter),
      },
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on("data", (chunk: Uint8Array) => {
        this.output += new TextDecoder().decode(chunk);
      });
    }
    this.#ended = new Promise((resolve) => this.#child.once("close", resolve));
  }

  /** The temporary folder. */
  get folder(): string {
    const [, folder] = /export PATH=(\S+)\/bin:/.exec(this.output) ?? [];
    if (folder === undefined) throw new Error(`no folder in: ${this.output}`);
    return folder;
  }

  /** A process that it printed. */
  process(name: string): Started {
    const [, pid, command] = new RegExp(`^${name} is process (\\d+): (.*)$`, "m").exec(this.output) ?? [];
    if (pid === undefined || command === undefined) throw new Error(`no ${name} in: ${this.output}`);
    return { pid: Number(pid), command };
  }

  /** A file of its folder. */
  read(path: string): string {
    return readFileSync(join(this.folder, path), "utf8");
  }

  /** Runs a line in the second terminal. */
  async type(line: string): Promise<string> {
    const { stdout } = await execute("/bin/sh", ["-c", line], { ...this.#terminal(), timeout: 30_000 });
    return stdout;
  }

  /** Starts a line there that goes on. */
  leaveRunning(line: string): ChildProcess {
    const child = spawn("/bin/sh", ["-c", `exec ${line}`], { ...this.#terminal(), stdio: "ignore" });
    this.#added.push(child);
    return child;
  }

  /** Statuses that the first agent has, by name; none before it accepts commands. */
  async statuses(): Promise<Record<string, string>> {
    const listed = await this.type("serf members -format=json").catch(() => '{"members":[]}');
    const { members } = JSON.parse(listed) as { members: { name: string; status: string }[] };
    return Object.fromEntries(members.map(({ name, status }) => [name, status]));
  }

  /** Presses Ctrl-C and waits for the end. */
  async stop(): Promise<void> {
    running.delete(this);
    for (const child of this.#added) child.kill("SIGKILL");
    const group = -this.#child.pid!;
    process.kill(group, "SIGINT");
    const late = setTimeout(() => process.kill(group, "SIGKILL"), 20_000);
    await this.#ended;
    clearTimeout(late);
  }

  /** Processes that it printed and that still run. */
  get alive(): string[] {
    return [...this.output.matchAll(/^(\w+) is process (\d+)/gm)].flatMap(([, name = "", pid]) => {
      try {
        process.kill(Number(pid), 0);
        return [name];
      } catch {
        return [];
      }
    });
  }

  /** What its processes wrote, for the message of a failure. */
  get logs(): string {
    return readdirSync(this.folder)
      .filter((name) => name.endsWith(".log"))
      .map((name) => `== ${name}\n${this.read(name)}`)
      .join("\n");
  }

  /** The environment and folder that the example prints for the second terminal. */
  #terminal(): { readonly cwd: string; readonly env: NodeJS.ProcessEnv } {
    const [, address = ""] = /SERF_RPC_ADDR=(\S+)/.exec(this.output) ?? [];
    const path = [join(this.folder, "bin"), ...programFolders].join(delimiter);
    return { cwd: this.folder, env: { ...process.env, PATH: path, SERF_RPC_ADDR: address } };
  }
}

/** The line of an example's README for a runtime. */
function startLine(name: string, kind: "node" | "deno" | "bun"): string {
  const [, block = ""] = /^## Start\n\n```sh\n([^`]*)```/m.exec(read(`examples/${name}/README.md`)) ?? [];
  const beginning = kind === "node" ? "npm ci && npm run" : kind;
  const line = block.split("\n").find((text) => text.startsWith(`${beginning} `));
  if (line === undefined) throw new Error(`The README of ${name} has no line for ${kind}`);
  // The tests run in the installation that this would remove and install again.
  return line.replace(/^npm ci && /, "");
}

/**
 * Waits until a condition holds; if it does not in time, the error shows what the processes wrote.
 */
export async function eventually(
  demo: Demo,
  what: string,
  holds: () => boolean | Promise<boolean>,
): Promise<void> {
  await until(what, holds, 60_000).catch((error: Error) => {
    throw new Error(`${error.message}\n${demo.output}\n${demo.logs}`);
  });
}
