/**
 * Every block of the README, word for word and in the order of the page, as a newcomer runs it: in a clone, on a machine whose ports are
 * free. Left out is only the installation of what is installed already, and the tests, which are running.
 */

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "./interop/agents.ts";
import { Alone } from "./interop/networks.ts";
import { find, lacks } from "./machine/here.ts";
import { type Block, readmeBlocks } from "./readme_blocks.ts";
import { root } from "./tidy/sources.ts";

const blocks = readmeBlocks();
let position = 0;
let clone: string;
let machine: Alone;
/** The line that each terminal begins with. */
let beginning = "";
const open = new Set<Terminal>();

/** A terminal in which one thing was started. */
class Terminal {
  output = "";
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;

  constructor(text: string) {
    // A shell in a terminal survives the Ctrl-C of what runs in it.
    const script = `trap : INT\n${beginning}\n${text}`;
    const [program = "", ...args] = [...machine.inside, "/bin/sh", "-c", script];
    const path = [
      ...["node", "deno", "bun"].map((name) => dirname(find(name as "node").path ?? "")),
      process.env["PATH"],
    ];
    this.#child = spawn(program, args, {
      cwd: clone,
      // A terminal gives what runs in it a process group, and interrupts that.
      detached: true,
      env: { ...process.env, PATH: path.join(delimiter) },
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on("data", (chunk: Uint8Array) => {
        this.output += new TextDecoder().decode(chunk);
      });
    }
    this.#ended = new Promise((resolve) => this.#child.once("close", resolve));
    open.add(this);
  }

  /** Waits for text. */
  async prints(text: string): Promise<void> {
    await until(text, () => this.output.includes(text), 60_000).catch((error: Error) => {
      throw new Error(`${error.message}\n${this.output}`);
    });
  }

  /** Waits for the end; returns the exit code. */
  async end(): Promise<number | null> {
    const code = await this.#ended;
    open.delete(this);
    return code;
  }

  /** Presses Ctrl-C. */
  async interrupt(): Promise<number | null> {
    process.kill(-this.#child.pid!, "SIGINT");
    return await this.end();
  }

  kill(): void {
    process.kill(-this.#child.pid!, "SIGKILL");
  }
}

describe.skipIf(lacks("networks"))("the README, block by block", { timeout: 120_000 }, () => {
  beforeAll(() => {
    clone = mkdtempSync(join(tmpdir(), "tserf-readme-"));
    execFileSync("git", ["clone", "--quiet", root, clone], { stdio: "pipe" });
    symlinkSync(join(root, "node_modules"), join(clone, "node_modules"));
    machine = Alone.make("readme", { addresses: ["10.78.0.1"], multicastRoute: false });
  });

  afterAll(() => {
    for (const terminal of open) terminal.kill();
    machine.remove();
    rmSync(clone, { recursive: true, force: true });
  });

  it("one line runs an agent from a clone, and Ctrl-C ends it", async () => {
    const line = next("sh");
    expect(line).toBe("npm ci && npm run agent\n");
    // npm's own shell reports the signal, although the agent ended well.
    await runsAnAgent(line.replace("npm ci && ", ""), [0, 130]);
  });

  it("one line runs the tests", () => {
    expect(next("sh")).toBe("npm ci && npm test\n");
  });

  it("Deno and Bun run an agent", async () => {
    const [deno = "", bun = ""] = next("sh").split("\n");
    if (!lacks("deno-cache")) await runsAnAgent(deno);
    if (!lacks("bun")) await runsAnAgent(bun);
  });

  let two: Terminal;

  it("two terminals have a cluster, and a third commands it", async () => {
    beginning = next("sh");
    const one = new Terminal(next("sh"));
    await one.prints("Log data will now stream in");
    two = new Terminal(next("sh"));
    await two.prints("Join completed. Synced with 1 initial agents");
    await one.prints("EventMemberJoin: two 127.0.0.2");
    const third = new Terminal(next("sh"));
    expect(await third.end()).toBe(0);
    expect(third.output).toMatch(/^one +127\.0\.0\.1:7946 +alive/m);
    expect(third.output).toMatch(/^two +127\.0\.0\.2:7946 +alive +role=web/m);
    expect(third.output).toContain('"name": "two"');
    expect(third.output).toContain("Event 'deploy' dispatched!");
    expect(third.output).toContain("Successfully contacted all live nodes");
    expect(third.output).toContain("Graceful leave complete");
    expect(await one.end()).toBe(0);
  });

  it("a program joins agent two, and another asks it", async () => {
    writeFileSync(join(clone, "web.mjs"), next("ts"));
    writeFileSync(join(clone, "ask.mjs"), next("ts"));
    const web = new Terminal("node web.mjs");
    await web.prints("web-1 alive");
    await web.prints("two alive");
    const ask = new Terminal("node ask.mjs");
    expect(await ask.end()).toBe(0);
    expect(ask.output).toContain("response web-1 0.7");
    expect(ask.output).toContain("ack two");
    expect(ask.output).toContain("silent: [ 'two' ]");
    expect(web.output).toContain("joined: [ 'admin' ]");
    expect(web.output).toContain("deploy v1.2");
    expect(await web.interrupt()).toBe(0);
    await two.prints("EventMemberLeave: web-1");
    expect(await two.interrupt()).toBe(0);
  });

  it("has no other blocks", () => {
    expect(blocks.slice(position)).toEqual([]);
  });
});

/** The next block of the page. */
function next(language: Block["language"]): string {
  const block = blocks[position++];
  expect(block?.language).toBe(language);
  return block!.text;
}

async function runsAnAgent(line: string, codes: readonly number[] = [0]): Promise<void> {
  const terminal = new Terminal(line);
  await terminal.prints("Log data will now stream in");
  expect(codes).toContain(await terminal.interrupt());
  expect(terminal.output).toContain("Gracefully shutting down agent...");
}
