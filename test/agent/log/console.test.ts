/** The agent's standard output: order, and how many writes many lines take. */
import { expect, test } from "vitest";
import { AgentConsole } from "../../../src/agent/log/console.ts";
import type { Clock } from "../../../src/runtime.ts";

/** A terminal whose writes end when the test says so. */
class SlowTerminal {
  readonly writes: string[] = [];
  readonly #ends: (() => void)[] = [];

  write(text: string): Promise<boolean> {
    this.writes.push(text);
    return new Promise((resolve) => this.#ends.push(() => resolve(true)));
  }

  /** Ends the writes so far. */
  async end(): Promise<void> {
    for (const end of this.#ends.splice(0)) end();
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

function released(clock: Pick<Clock, "soon"> = {}): {
  readonly terminal: SlowTerminal;
  readonly out: AgentConsole;
} {
  const terminal = new SlowTerminal();
  const out = new AgentConsole(terminal, clock);
  out.release();
  return { terminal, out };
}

test("a line is written at once, and those that come during a write are written together after it", async () => {
  const { terminal, out } = released();
  for (const text of ["one", "two", "three"]) out.line(text);
  expect(terminal.writes).toEqual(["    one\n"]);
  await terminal.end();
  expect(terminal.writes).toEqual(["    one\n", "    two\n    three\n"]);
  await terminal.end();
  out.line("four");
  expect(terminal.writes.at(-1)).toBe("    four\n");
});

test("lines of one turn are written together at its end, and before a step", async () => {
  const due: (() => void)[] = [];
  const { terminal, out } = released({ soon: (callback) => due.push(callback) });
  out.line("one");
  out.line("two");
  expect(terminal.writes).toEqual([]);
  for (const run of due.splice(0)) run();
  expect(terminal.writes).toEqual(["    one\n    two\n"]);
  await terminal.end();
  out.line("three");
  void out.step("Caught signal: interrupt");
  expect(terminal.writes.slice(1)).toEqual(["    three\n", "==> Caught signal: interrupt\n"]);
  for (const run of due.splice(0)) run();
  await terminal.end();
  expect(terminal.writes).toHaveLength(3);
});

test("a step comes after the lines before it", async () => {
  const { terminal, out } = released();
  out.line("one");
  out.line("two");
  void out.step("Caught signal: interrupt");
  out.line("three");
  await terminal.end();
  await terminal.end();
  expect(terminal.writes.join("")).toBe("    one\n    two\n==> Caught signal: interrupt\n    three\n");
});

test("flushing waits for the lines that wait for others", async () => {
  const { terminal, out } = released();
  out.line("one");
  out.line("two");
  let isFlushed = false;
  void out.flush().then(() => {
    isFlushed = true;
  });
  expect(terminal.writes.join("")).toBe("    one\n    two\n");
  expect(isFlushed).toBe(false);
  await terminal.end();
  expect(isFlushed).toBe(true);
});

test("lines that a terminal does not take are dropped from a number on, and later ones are printed", async () => {
  const { terminal, out } = released();
  for (let index = 0; index < 20_000; index++) out.line(String(index));
  await terminal.end();
  await terminal.end();
  expect(terminal.writes.join("").split("\n")).toHaveLength(16_384 + 1);
  out.line("later");
  expect(terminal.writes.at(-1)).toBe("    later\n");
});
