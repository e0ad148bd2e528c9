/** The command `simulate`: its flags, what it prints, and its errors. */

import { describe, expect, it, test } from "vitest";
import { readScenario, simulate } from "../../src/cli/commands/simulate.ts";
import { main } from "../../src/cli/main.ts";
import { FakeRuntime } from "../agent/fakes.ts";
import { MemoryStreams } from "../rpc/memory.ts";
import { call } from "./world.ts";

const small = ["simulate", "-nodes=3", "-duration=2s"];

describe("the flags of simulate", () => {
  it("have defaults", () => {
    expect(readScenario([])).toEqual({
      format: "text",
      scenario: {
        nodes: 100,
        seed: 1,
        profile: "lan",
        loss: 0,
        latencyMs: [1, 5],
        crashes: 0,
        partitionMs: 0,
        durationMs: 60_000,
      },
    });
  });

  it("set the scenario", () => {
    const args =
      "-nodes=10 --seed 4294967295 -profile=wan -loss=.5 -latency=20ms -crash=9 -partition=1m -duration=1h30m -format=json";
    expect(readScenario(args.split(" "))).toEqual({
      format: "json",
      scenario: {
        nodes: 10,
        seed: 4_294_967_295,
        profile: "wan",
        loss: 0.5,
        latencyMs: [20, 20],
        crashes: 9,
        partitionMs: 60_000,
        durationMs: 5_400_000,
      },
    });
    expect(readScenario(["-latency", "0s-1.5s"]).scenario.latencyMs).toEqual([0, 1_500]);
  });

  it("are all in the help", () => {
    const listed = [...simulate.help.matchAll(/^ {2}-(\w+)/gm)].map(([, name]) => name);
    expect(listed).toEqual([
      "crash",
      "duration",
      "format",
      "latency",
      "loss",
      "nodes",
      "partition",
      "profile",
      "seed",
    ]);
    for (const name of listed) expect(() => readScenario([`-${name}`])).toThrow("flag needs an argument");
  });
});

test.each([
  ["-nodes=1", 'invalid value "1" for flag -nodes: expected a number from 2 to 5000'],
  ["-nodes=5001", 'invalid value "5001" for flag -nodes: expected a number from 2 to 5000'],
  ["-nodes=x", 'invalid value "x" for flag -nodes: parse error'],
  ["-seed=-1", 'invalid value "-1" for flag -seed: expected a number from 0 to 4294967295'],
  ["-profile=moon", 'invalid value "moon" for flag -profile: expected lan, wan or local'],
  ["-loss=1", 'invalid value "1" for flag -loss: expected a share from 0 to below 1, such as 0.05'],
  ["-loss=5%", 'invalid value "5%" for flag -loss: expected a share from 0 to below 1, such as 0.05'],
  [
    "-latency=5ms-1ms",
    'invalid value "5ms-1ms" for flag -latency: expected whole milliseconds such as 5ms or 1ms-5ms, at most 60000ms',
  ],
  [
    "-latency=5",
    'invalid value "5" for flag -latency: expected whole milliseconds such as 5ms or 1ms-5ms, at most 60000ms',
  ],
  [
    "-latency=",
    'invalid value "" for flag -latency: expected whole milliseconds such as 5ms or 1ms-5ms, at most 60000ms',
  ],
  [
    "-latency=1ms-2ms-3ms",
    'invalid value "1ms-2ms-3ms" for flag -latency: expected whole milliseconds such as 5ms or 1ms-5ms, at most 60000ms',
  ],
  ["-nodes=3 -crash=3", 'invalid value "3" for flag -crash: expected a number from 0 to 2'],
  ["-crash=-1", 'invalid value "-1" for flag -crash: expected a number from 0 to 99'],
  ["-duration=1", 'invalid value "1" for flag -duration: parse error'],
  [
    "-duration=999ms",
    'invalid value "999ms" for flag -duration: expected whole milliseconds from 1s to 24h0m0s',
  ],
  ["-partition=-1s", 'invalid value "-1s" for flag -partition: expected whole milliseconds from 0s to 1m0s'],
  [
    "-partition=1.5ms",
    'invalid value "1.5ms" for flag -partition: expected whole milliseconds from 0s to 1m0s',
  ],
  ["-partition=61s", 'invalid value "1m1s" for flag -partition: expected whole milliseconds from 0s to 1m0s'],
  ["-format=xml", 'invalid value "xml" for flag -format: expected text, json or html'],
  ["-nosuch", "flag provided but not defined: -nosuch"],
])("'simulate %s' names the flag and the fault", async (args, message) => {
  const result = await call(new MemoryStreams(), `simulate ${args}`);
  expect(result).toEqual({ code: 1, stdout: `${simulate.help}\n`, stderr: `${message}\n` });
});

test("an argument that is no flag is refused", async () => {
  const result = await call(new MemoryStreams(), "simulate 100");
  expect(result).toEqual({ code: 1, stdout: `Unexpected argument: 100\n\n${simulate.help}\n`, stderr: "" });
});

describe("simulate", () => {
  it("shows on a terminal how far it is, lets signals arrive meanwhile, and clears the line", async () => {
    const fake = new FakeRuntime(small, {}, new MemoryStreams());
    let now = 0;
    let turns = 0;
    const clock = {
      ...fake.runtime.clock,
      now: () => (now += 40),
      after: (_ms: number, run: () => void) => {
        turns += 1;
        queueMicrotask(run);
        return () => undefined;
      },
    };
    const terminal = { ...fake.runtime.terminal, errorIsTerminal: true };
    expect(await main({ ...fake.runtime, clock, terminal })).toBe(0);
    expect(turns).toBeGreaterThan(5);
    expect(fake.stderr.split("\r").at(-2)).toMatch(/^running: [12]\.\d s/);
    expect(fake.stderr.endsWith("\r\u001b[K")).toBe(true);
    expect(fake.stdout).not.toContain("\u001b");
  });

  it("prints a report as a page", async () => {
    const html = await call(new MemoryStreams(), [...small, "-format=html"]);
    expect(html).toMatchObject({ code: 0, stderr: "" });
    expect(html.stdout).toMatch(
      /^<!DOCTYPE html>\n[\s\S]*<h1>3 nodes, profile lan, seed 1<\/h1>[\s\S]*<\/html>\n$/,
    );
  });

  it("prints a report as text or JSON, and nothing on standard error", async () => {
    const text = await call(new MemoryStreams(), small);
    expect(text).toMatchObject({ code: 0, stderr: "" });
    expect(text.stdout).toMatch(/^3 nodes, profile lan, seed 1\n {2}packets lost/);
    const json = await call(new MemoryStreams(), [...small, "-format=json"]);
    expect(json).toMatchObject({ code: 0, stderr: "" });
    const report: unknown = JSON.parse(json.stdout);
    expect(report).toMatchObject({ scenario: { nodes: 3, seed: 1 }, events: { sent: 2, missed: 0 } });
    expect(json.stdout).toBe(`${JSON.stringify(report, null, 2)}\n`);
  });
});
