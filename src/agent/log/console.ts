/**
 * What the agent prints: steps and errors behind `==> `, details and log lines behind four blanks.
 * As in Serf, log lines are held back until the agent is up, and are lost if it does not come up.
 */

import type { Clock, Terminal } from "../../runtime.ts";

/** How many log lines are held until the agent has started; beyond that the oldest are dropped. */
const heldLinesMax = 16_384;

/** Log lines on their way to a terminal that does not take them; further ones are dropped. */
const pendingLinesMax = 16_384;

/** The agent's standard output. */
export class AgentConsole {
  readonly #terminal: Pick<Terminal, "write">;
  readonly #clock: Pick<Clock, "soon">;
  #held: string[] | undefined = [];
  #pending = 0;
  /** Lines that are written together: those of a turn, or that were printed while others were written. */
  #waiting: string[] = [];
  #writing = false;

  /** If the clock has no `soon`, a line is written at once unless others are being written. */
  constructor(terminal: Pick<Terminal, "write">, clock: Pick<Clock, "soon">) {
    this.#terminal = terminal;
    this.#clock = clock;
  }

  /** Prints a step or an error. Only the first line has the prefix. */
  async step(text: string): Promise<void> {
    void this.#write();
    await this.#terminal.write(text === "" ? "\n" : `==> ${text}\n`);
  }

  /** Prints a detail. */
  async detail(text: string): Promise<void> {
    void this.#write();
    await this.#terminal.write(`    ${text}\n`);
  }

  /** Prints a log line, or holds it back. */
  line(text: string, indent = "    "): void {
    if (this.#held === undefined) this.#print(`${indent}${text}\n`);
    else {
      this.#held.push(`${indent}${text}\n`);
      if (this.#held.length > heldLinesMax) this.#held = this.#held.slice(heldLinesMax / 2);
    }
  }

  /** Prints what was held back; from now on lines are printed at once. */
  release(): void {
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined && held.length > 0) this.#print(held.join(""));
  }

  /** Resolves when everything has been written: text goes out in order. */
  async flush(): Promise<void> {
    void this.#write();
    await this.#terminal.write("");
  }

  #print(text: string): void {
    if (this.#pending >= pendingLinesMax) return;
    this.#pending += 1;
    this.#waiting.push(text);
    if (this.#writing) return;
    this.#writing = true;
    if (this.#clock.soon === undefined) void this.#writeAll();
    else this.#clock.soon(() => void this.#writeAll());
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) await this.#write();
    this.#writing = false;
  }

  /** Writes the lines that wait. The terminal keeps the order of writes. */
  async #write(): Promise<void> {
    if (this.#waiting.length === 0) return;
    const lines = this.#waiting;
    this.#waiting = [];
    await this.#terminal.write(lines.join(""));
    this.#pending -= lines.length;
  }
}
