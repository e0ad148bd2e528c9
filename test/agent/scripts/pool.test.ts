import { describe, expect, test } from "vitest";
import { runningScriptsMax, waitingEventsMax } from "../../../src/agent/scripts/pool.ts";
import type { QueryEvent } from "../../../src/core/serf/api.ts";
import { SerfError } from "../../../src/errors.ts";
import { SystemError } from "../../../src/runtime.ts";
import { settle } from "../fakes.ts";
import { FakePool } from "./fakes.ts";

function query(name: string, deadline = 1000): { event: QueryEvent; answers: string[] } {
  const answers: string[] = [];
  const respond = (payload: Uint8Array): void => {
    if (answers.length > 0)
      throw new SerfError("ERR_STATE", "failed to respond to key query: response already sent");
    answers.push(new TextDecoder().decode(payload));
  };
  const payload = new Uint8Array();
  return {
    event: { type: "query", name, payload, lamportTime: 1n, source: "m", deadline, respond },
    answers,
  };
}

describe("scripts run", () => {
  test("once for each filter that an event passes", async () => {
    const fake = new FakePool(["all", "user:a,user=two", "user:b=b", "member-join=join"]);
    await fake.user("a");
    await fake.children[1]?.exit();
    expect(fake.started).toEqual(["all", "two", "two"]);
  });

  test("one after another if they are the same, beside each other if not", async () => {
    const fake = new FakePool(["user:a=slow", "user=any"]);
    await fake.user("a", "1");
    await fake.user("a", "2");
    expect(fake.started).toEqual(["slow", "any"]);
    await fake.children[1]?.exit();
    expect(fake.started).toEqual(["slow", "any", "any"]);
    await fake.children[0]?.exit();
    const inputs = fake.children.map(({ options }) => new TextDecoder().decode(options.input as Uint8Array));
    expect(inputs).toEqual(["1\n", "1\n", "2\n", "2\n"]);
  });

  test("one after another also when they have several filters, in the order of the events", async () => {
    const fake = new FakePool(["user:a,user:b=edits", "user:c=edits"]);
    for (const name of ["b", "a", "c"]) await fake.user(name);
    expect(fake.started).toEqual(["edits"]);
    for (const index of [0, 1]) await fake.children[index]?.exit();
    expect(fake.children.map(({ options }) => options.env?.["SERF_USER_EVENT"])).toEqual(["b", "a", "c"]);
  });

  test("up to a number at once; the next one starts when one ends", async () => {
    const fake = new FakePool(Array.from({ length: runningScriptsMax + 2 }, (_, index) => `s${index}`));
    await fake.user("a");
    expect(fake.children).toHaveLength(runningScriptsMax);
    await fake.children[3]?.exit();
    expect(fake.started.at(-1)).toBe(`s${runningScriptsMax}`);
  });

  test("no more after the agent has stopped", async () => {
    const fake = new FakePool(["s"]);
    await fake.user("a");
    await fake.user("b");
    fake.pool.close();
    await fake.children[0]?.exit();
    await fake.user("c");
    expect(fake.children).toHaveLength(1);
  });

  test("for the newest events when too many wait, with few warnings", async () => {
    const fake = new FakePool(["s"]);
    await fake.user("first");
    for (let index = 0; index < waitingEventsMax + 5; index++)
      fake.pool.event({
        type: "user",
        name: `${index}`,
        payload: new Uint8Array(),
        lamportTime: 1n,
        coalesce: false,
      });
    await fake.children[0]?.exit();
    expect(fake.children[1]?.options.env?.["SERF_USER_EVENT"]).toBe("5");
    const warning = (count: number): string =>
      `[WARN] agent: Script 's' does not keep up, dropped ${count} events`;
    const warnings = (): string[] => fake.lines.filter((line) => line.includes("keep up"));
    expect(warnings()).toEqual([warning(1)]);
    await fake.clock.advance(30_000);
    expect(warnings()).toEqual([warning(1), warning(4)]);
  });
});

describe("the outcome of a script is logged", () => {
  // Texts from the recording event-handler-run of serf 0.10.2-dev.
  test.each([
    [0, null, "done\n", ["[DEBUG] agent: Event 'user' script output: done"]],
    [0, null, "", ["[DEBUG] agent: Event 'user' script output: "]],
    [
      3,
      null,
      "out\n",
      [
        "[DEBUG] agent: Event 'user' script output: out",
        "[ERR] agent: Error invoking script 's': exit status 3",
      ],
    ],
    [
      null,
      "SIGKILL",
      "",
      [
        "[DEBUG] agent: Event 'user' script output: ",
        "[ERR] agent: Error invoking script 's': signal: killed",
      ],
    ],
  ])("when it exits with %s, signal %s", async (code, signal, output, lines) => {
    const fake = new FakePool(["s"]);
    await fake.user("a");
    await fake.children[0]?.exit(code, output, signal);
    expect(fake.lines).toEqual(lines);
  });

  test("once if it is slow, and with only the last 8192 bytes of its output", async () => {
    const fake = new FakePool(["s"]);
    await fake.user("a");
    await fake.clock.advance(5000);
    expect(fake.lines).toEqual(["[WARN] agent: Script 's' slow, execution exceeding 1s"]);
    fake.children[0]?.print("x".repeat(9000));
    await fake.children[0]?.exit(0, "TAIL");
    expect(fake.lines[1]).toBe(`[DEBUG] agent: Event 'user' script output: ${"x".repeat(8188)}TAIL`);
  });

  test("if Ctrl-C is pressed, which does not reach its process group by itself", async () => {
    const fake = new FakePool(["s"], 2_000);
    await fake.user("a");
    for (const press of fake.interrupts) press();
    expect(fake.children[0]?.signals).toEqual(["SIGINT"]);
    await fake.children[0]?.exit(null, "", "SIGINT");
    expect(fake.lines.at(-1)).toBe("[ERR] agent: Error invoking script 's': signal: interrupt");
    expect(fake.interrupts.size).toBe(0);
  });

  test("without a time limit it stays in the process group of the agent", async () => {
    const fake = new FakePool(["s"]);
    await fake.user("a");
    expect([fake.children[0]?.options.group, fake.interrupts.size]).toEqual([false, 0]);
  });

  test("if it was killed at its time limit, although its output stays open", async () => {
    const fake = new FakePool(["s"], 2000);
    await fake.user("a");
    await fake.user("b");
    await fake.clock.advance(2000);
    expect(fake.children[0]?.options.group).toBe(true);
    expect(fake.children[0]?.signals).toEqual(["SIGKILL"]);
    // The next one listens.
    expect(fake.interrupts.size).toBe(1);
    expect(fake.lines.at(-1)).toBe("[ERR] agent: Error invoking script 's': killed after 2s");
    expect(fake.children).toHaveLength(2);
  });

  test("if it cannot be started, or its environment cannot be passed to a program", async () => {
    const fake = new FakePool(["s"]);
    fake.failure = new SystemError("EMFILE", "spawn", "too many");
    await fake.user("a");
    expect(fake.lines.at(-1)).toBe("[ERR] agent: Error invoking script 's': fork/exec: too many open files");
    fake.failure = null;
    await fake.user("a\0b");
    expect(fake.lines.at(-1)).toContain("environment variable contains NUL");
    await fake.user("c");
    expect(fake.children).toHaveLength(1);
  });
});

describe("a query is answered", () => {
  test("with the output of its script, unless that is empty or the script failed", async () => {
    for (const [code, output, wanted] of [
      [0, "up\n", ["up\n"]],
      [0, "", []],
      [1, "nope", []],
    ] as const) {
      const fake = new FakePool(["query:load=s"]);
      const { event, answers } = query("load");
      fake.pool.event(event);
      await settle();
      await fake.children[0]?.exit(code, output);
      expect(answers).toEqual(wanted);
    }
  });

  test("by the first script of the configuration, whichever ends first", async () => {
    const fake = new FakePool(["query=first", "query=second"]);
    const { event, answers } = query("q");
    fake.pool.event(event);
    await settle();
    await fake.children[1]?.exit(0, "second");
    expect(answers).toEqual([]);
    await fake.children[0]?.exit(0, "first");
    expect(answers).toEqual(["first"]);
    expect(fake.lines.at(-1)).toBe(
      "[WARN] agent: Failed to respond to query 'query: q': failed to respond to key query: response already sent",
    );
  });

  test("by another script when the first one hangs", async () => {
    const fake = new FakePool(["query=hangs", "query=second"]);
    const { event, answers } = query("q", 1000);
    fake.pool.event(event);
    await settle();
    await fake.children[1]?.exit(0, "second");
    await fake.clock.advance(499);
    expect(answers).toEqual([]);
    await fake.clock.advance(1);
    expect(answers).toEqual(["second"]);
  });

  test("by another script when the first one fails", async () => {
    const fake = new FakePool(["query=fails", "query=second"]);
    const { event, answers } = query("q");
    fake.pool.event(event);
    await settle();
    await fake.children[1]?.exit(0, "second");
    await fake.children[0]?.exit(1, "first");
    expect(answers).toEqual(["second"]);
  });
});

describe("new handlers", () => {
  test("apply from the next event on, and queued scripts still run", async () => {
    const fake = new FakePool(["user=old", "keep"]);
    await fake.user("a");
    await fake.user("b");
    fake.pool.replace(["user=new", "keep"]);
    expect(fake.pool.listed).toEqual(
      new Map([
        ["user:", "new"],
        ["*:", "keep"],
      ]),
    );
    await fake.user("c");
    expect(fake.started).toEqual(["old", "keep", "new"]);
    await fake.children[0]?.exit();
    expect(fake.started).toEqual(["old", "keep", "new", "old"]);
    await fake.children[1]?.exit();
    expect(fake.children.at(-1)?.options.env?.["SERF_USER_EVENT"]).toBe("b");
  });
});
