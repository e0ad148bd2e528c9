/**
 * Where transcripts are played again: a folder and a network, and in them our program on one
 * runtime.
 */

import { type ChildProcess, spawn } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type Kind, until } from "../interop/agents.ts";
import { Alone, type LonelyInterface } from "../interop/networks.ts";
import { command } from "../machine/here.ts";
import type { Command } from "../runtimes/binaries.ts";

/** Longest a command may take. */
const commandMs = 60_000;

/** A program of ours that runs. */
export class Program {
  stdout = "";
  stderr = "";
  /** How it ended, in the words of a transcript; `undefined` while it runs. */
  end: string | undefined;
  readonly ended: Promise<string>;
  readonly #child: ChildProcess;

  constructor(child: ChildProcess) {
    this.#child = child;
    for (const stream of ["stdout", "stderr"] as const) {
      const decoder = new TextDecoder();
      child[stream]?.on("data", (chunk: Uint8Array) => {
        this[stream] += decoder.decode(chunk, { stream: true });
      });
    }
    // It is not an error if a program ends without reading its input.
    child.stdin?.on("error", () => undefined);
    this.ended = new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, signal) => {
        this.end = signal === null ? `exit ${code}` : `exit signal ${signal}`;
        resolve(this.end);
      });
    });
  }

  /** The number of its process. */
  get pid(): number {
    return this.#child.pid!;
  }

  /** Sends a signal. */
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Sends a signal and waits for the end. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    this.signal(signal);
    await this.ended;
  }

  /** Waits for the end, for as long as any command may take. */
  async over(): Promise<string> {
    const timer = setTimeout(() => this.signal("SIGKILL"), commandMs);
    const end = await this.ended;
    clearTimeout(timer);
    return end;
  }

  /** Waits until it has printed something so often, or has ended. */
  async prints(text: string, count = 1, timeoutMs = 20_000): Promise<void> {
    const printed = (): boolean => this.stdout.split(text).length > count || this.end !== undefined;
    await until(`"${text}" is printed ${count} times`, printed, timeoutMs).catch((error: Error) => {
      throw new Error(`${error.message}\n${this.stdout}`);
    });
  }

  /** Closes its standard input. */
  closeInput(): void {
    this.#child.stdin?.end();
  }
}

/** A folder, a network and our program. */
export class Place {
  readonly kind: Kind;
  readonly #command: Command;
  readonly #parent: string;
  readonly #folder: string;
  readonly #alone: Alone | undefined;
  readonly #running = new Set<Program>();

  private constructor(kind: Kind, command: Command, alone: Alone | undefined) {
    this.kind = kind;
    this.#command = command;
    this.#alone = alone;
    this.#parent = mkdtempSync(join(tmpdir(), "tserf-transcript-"));
    // One of the recorded scripts prints the name of its folder.
    this.#folder = join(this.#parent, "new");
    mkdirSync(this.#folder);
  }

  /** Makes a place; without its own network it uses the machine's. */
  static make(
    kind: Kind,
    command: Command,
    network: { name: string; lonely?: LonelyInterface } | null,
  ): Place {
    const alone = network === null ? undefined : Alone.make(`${kind}-${network.name}`, network.lonely);
    return new Place(kind, command, alone);
  }

  /** Ends what still runs and removes folder and network. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#running].map((program) => program.kill("SIGKILL")));
    rmSync(this.#parent, { recursive: true, force: true });
    this.#alone?.remove();
  }

  /** Starts our program. */
  start(args: readonly string[], env: Readonly<Record<string, string>> = {}): Program {
    return this.#track(this.#spawn([this.#command.program, ...this.#command.args, ...args], env));
  }

  /** Starts an agent and waits for its banner, or its end. */
  async agent(...flags: string[]): Promise<Program> {
    const program = this.start(["agent", ...flags]);
    await program.prints("==> Log data will now stream in");
    return program;
  }

  /** Runs a command to its end and returns what it printed. */
  async run(...args: string[]): Promise<string> {
    const program = this.start(args);
    program.closeInput();
    await program.over();
    return program.stdout;
  }

  /** The help text of a command. */
  async help(args: readonly string[]): Promise<string> {
    const program = this.start([...args, "-h"]);
    await program.over();
    return program.stderr;
  }

  /** Starts another program in this network. */
  other(...words: string[]): Program {
    return this.#track(this.#spawn(words, {}));
  }

  /**
   * Starts the other side of RPC connections; see `peer.ts`. It is ready, or has ended, when this
   * resolves.
   */
  async peer(mode: string, address: string, argument: string): Promise<Program> {
    const { program: node, args } = command("node", "test/transcripts/peer.ts");
    const program = this.other(node, ...args, mode, address, argument);
    // Some print their first line when they have done their work.
    await program.prints("\n", 1, commandMs);
    return program;
  }

  /** Writes a file. */
  write(path: string, content: string, mode = 0o644): void {
    mkdirSync(dirname(join(this.#folder, path)), { recursive: true });
    writeFileSync(join(this.#folder, path), content);
    chmodSync(join(this.#folder, path), mode);
  }

  /** Reads a file; `undefined` if it does not exist. */
  read(path: string): string | undefined {
    return existsSync(join(this.#folder, path)) ? readFileSync(join(this.#folder, path), "utf8") : undefined;
  }

  /** Names of all files. */
  list(): string[] {
    return readdirSync(this.#folder).sort();
  }

  /** Removes a file, or a folder with all that is in it. */
  remove(path: string): void {
    rmSync(join(this.#folder, path), { recursive: true });
  }

  /** Permissions of a file, in octal. */
  mode(path: string): string {
    return (statSync(join(this.#folder, path)).mode & 0o777).toString(8);
  }

  #spawn(words: readonly string[], env: Readonly<Record<string, string>>): ChildProcess {
    const [program, ...args] = [...(this.#alone?.inside ?? []), ...words];
    const { PATH, HOME } = process.env;
    return spawn(program!, args, { cwd: this.#folder, env: { PATH, HOME, ...env } });
  }

  #track(child: ChildProcess): Program {
    const program = new Program(child);
    this.#running.add(program);
    void program.ended.finally(() => this.#running.delete(program));
    return program;
  }
}

/** Does something with every item, a few at a time. */
export async function inLanes<Item>(
  items: readonly Item[],
  count: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const waiting = [...items];
  const lane = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: count }, lane));
}
