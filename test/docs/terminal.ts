/** A terminal of a reader: a shell that keeps its folder, variables and aliases from one block to the next, and can be interrupted. */

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { until } from "../interop/agents.ts";

/** Where a terminal is open. */
export interface Desk {
  /** The folder that it begins in. */
  readonly folder: string;
  /** A folder for its own files. */
  readonly memory: string;
  /** The words before a command that run it on the reader's machine. */
  readonly inside: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Longest a command may take to end, or to print what the page shows. */
const patienceMs = 120_000;

/** What npm and shells return for a program that Ctrl-C ended. */
const interrupted = 130;

/** One terminal. */
export class Terminal {
  readonly #desk: Desk;
  readonly #name: string;
  #child: ChildProcess | undefined;
  #ended: Promise<number | null> = Promise.resolve(0);
  #output = "";
  #ends = "0";

  constructor(desk: Desk, name: string) {
    this.#desk = desk;
    this.#name = name;
  }

  /** What the last block printed, so far. */
  get output(): string {
    return this.#output;
  }

  /** Whether the last block still runs. */
  get isBusy(): boolean {
    return this.#child !== undefined;
  }

  /** Types a block. If one still runs here, presses Ctrl-C first. `ends` is the exit code that Ctrl-C will end this block with. */
  async type(text: string, ends = "0"): Promise<void> {
    await this.interrupt();
    this.#ends = ends;
    const state = join(this.#desk.memory, `${this.#name}.state`);
    const script = [
      // A shell in a terminal survives the Ctrl-C of what runs in it.
      "trap : INT",
      "shopt -s expand_aliases",
      existsSync(state) ? `. '${state}'` : `cd '${this.#desk.folder}'`,
      `trap 'code=$?; { declare -px; alias -p; declare -f; echo "cd \\"$PWD\\""; } > "${state}"; exit $code' EXIT`,
      "set -e",
      text,
    ].join("\n");
    const [program = "", ...args] = [...this.#desk.inside, "bash", "-c", script];
    this.#output = "";
    // A terminal gives what runs in it a process group, and interrupts that.
    const child = spawn(program, args, {
      env: this.#desk.env,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk: Uint8Array) => {
        this.#output += new TextDecoder().decode(chunk);
      });
    this.#ended = new Promise((resolve) =>
      child.once("close", (code) => {
        this.#child = undefined;
        resolve(code);
      }),
    );
  }

  /** Waits until the block prints something that `holds` is satisfied with. */
  async prints(what: string, holds: (output: string) => boolean): Promise<void> {
    const ends = (): boolean => holds(this.#output) || !this.isBusy;
    await until(what, ends, patienceMs).catch(() => undefined);
    if (!holds(this.#output))
      throw new Error(`expected\n${what}\nbut terminal ${this.#name} shows\n${this.#output}`);
  }

  /** Waits for the end of the block, and returns its exit code. */
  async end(): Promise<number | null> {
    await until("the end", () => !this.isBusy, patienceMs).catch(() => {
      throw new Error(`terminal ${this.#name} still runs something, which printed\n${this.#output}`);
    });
    return await this.#ended;
  }

  /** Presses Ctrl-C, if something runs, and waits until it has ended well. */
  async interrupt(): Promise<void> {
    if (this.#child === undefined) return;
    process.kill(-this.#child.pid!, "SIGINT");
    const code = await this.end();
    if (String(code) !== this.#ends && code !== interrupted)
      throw new Error(`Ctrl-C ended terminal ${this.#name} with ${code}\n${this.#output}`);
  }

  /** Kills what still runs. */
  kill(): void {
    if (this.#child !== undefined) process.kill(-this.#child.pid!, "SIGKILL");
  }
}
