/** A page as a reader works through it: a machine whose ports are free, a folder, and a few terminals. */

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Alone } from "../interop/networks.ts";
import { type Block, pageBlocks } from "./blocks.ts";
import { isShown } from "./sample.ts";
import { type Start, startFor } from "./starts.ts";
import { type Desk, Terminal } from "./terminal.ts";

/** The terminal of blocks that name no other. */
const first = "main";

/** An open page. */
export class Page {
  readonly #blocks: readonly Block[];
  readonly #desk: Desk;
  readonly #machine: Alone;
  readonly #rubbish: string;
  readonly #terminals = new Map<string, Terminal>();
  #isClosed = false;

  private constructor(blocks: readonly Block[], desk: Desk, machine: Alone, rubbish: string) {
    this.#blocks = blocks;
    this.#desk = desk;
    this.#machine = machine;
    this.#rubbish = rubbish;
  }

  /** Opens a page for a reader who has what `start` names. */
  static open(page: string, start: Start): Page {
    const rubbish = mkdtempSync(join(tmpdir(), "tserf-docs-"));
    const label = `docs-${page.replaceAll(/\W+/g, "").slice(-8)}`;
    const machine = Alone.make(label, { addresses: ["10.78.0.1"], multicastRoute: false });
    const folder = join(rubbish, "reader");
    mkdirSync(folder);
    const desk = { folder, memory: rubbish, inside: machine.inside, env: startFor(start, rubbish, folder) };
    return new Page(pageBlocks(page), desk, machine, rubbish);
  }

  /** Does what a block says, and checks what it shows. */
  async run(block: Block): Promise<void> {
    const { file, of, exit = "0", terminal: name } = block.options;
    if (file !== undefined) {
      const path = join(this.#folder(), file);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, block.text, { mode: 0o755 });
    } else if (block.language === "sh") {
      const terminal = this.#terminal(name ?? first);
      await terminal.type(block.text, block.options["ends"]);
      if (name !== undefined && this.#sampleOf(block) !== undefined) return;
      const code = await terminal.end();
      if (String(code) !== exit) throw new Error(`exit code ${code}, expected ${exit}\n${terminal.output}`);
    } else {
      const terminal = this.#terminal(of ?? this.#commandOf(block)?.options["terminal"] ?? first);
      await terminal.prints(block.text, (output) => isShown(block.text, output));
    }
  }

  /** Presses Ctrl-C in every terminal, and removes the machine. Again does nothing. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    try {
      for (const terminal of this.#terminals.values()) await terminal.interrupt();
    } finally {
      for (const terminal of this.#terminals.values()) terminal.kill();
      this.#machine.remove();
      rmSync(this.#rubbish, { recursive: true, force: true });
    }
  }

  /** The folder that the reader is in. */
  #folder(): string {
    try {
      const state = readFileSync(join(this.#desk.memory, `${first}.state`), "utf8");
      return /^cd "(.*)"$/m.exec(state)?.[1] ?? this.#desk.folder;
    } catch {
      return this.#desk.folder;
    }
  }

  #terminal(name: string): Terminal {
    const terminal =
      this.#terminals.get(name) ?? new Terminal({ ...this.#desk, folder: this.#folder() }, name);
    this.#terminals.set(name, terminal);
    return terminal;
  }

  /** The sample of what a block prints. */
  #sampleOf(block: Block): Block | undefined {
    const next = this.#blocks[this.#indexOf(block) + 1];
    return next === undefined || !isSample(next) || next.options["of"] !== undefined ? undefined : next;
  }

  /** The command whose output a block is. */
  #commandOf(block: Block): Block | undefined {
    return this.#blocks.slice(0, this.#indexOf(block)).findLast(({ language, options }) => {
      return language === "sh" && options["file"] === undefined;
    });
  }

  #indexOf(block: Block): number {
    return this.#blocks.findIndex(({ line }) => line === block.line);
  }
}

/** Whether a block is output. */
export function isSample({ language, options }: Block): boolean {
  return language !== "sh" && options["file"] === undefined;
}
