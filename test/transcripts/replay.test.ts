/**
 * Every transcript of Serf again, with our agent and commands on every runtime: streams, exit codes
 * and files are the same except for the differences listed in `expected/differences.ts`, and all of
 * those occur.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { packageVersion } from "../../src/version.ts";
import { commandOf, installed, type Kind, ours } from "../interop/agents.ts";
import { lacks } from "../machine/here.ts";
import type { Command } from "../runtimes/binaries.ts";
import { bundleForNode } from "../runtimes/bundle.ts";
import { chances } from "./expected/chances.ts";
import { differences, notPlayed } from "./expected/differences.ts";
import * as help from "./expected/help.ts";
import { Place } from "./place.ts";
import { scenarios } from "./scenarios/mod.ts";
import { Stage } from "./stage.ts";
import { parseTranscript, readTranscript, transcriptNames } from "./transcript.ts";

const networks = !lacks("networks");
const folder = mkdtempSync(join(tmpdir(), "tserf-replay-"));
let nodeProgram = "";

beforeAll(async () => {
  nodeProgram = await bundleForNode(folder);
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function command(kind: Kind): Command {
  const found = commandOf(kind);
  return kind === "node" ? { program: found.program, args: [nodeProgram] } : found;
}

const expectations = { differences, chances };

describe.skipIf(lacks("loopback"))("our program does what was recorded", () => {
  const possible = scenarios.filter(
    ({ alone, lonely }) => networks || (alone !== true && lonely === undefined),
  );
  // On the machine's own network they would use the same addresses.
  const each = networks ? it.concurrent : it;
  // The runtimes take turns, so that long scenarios begin early on all of them. One at a time they would
  // take half an hour on every runtime, so each scenario is then played on one of them.
  const kinds = installed(ours);
  const turns = possible.flatMap((scenario, index) => {
    const played = networks ? kinds : [kinds[index % kinds.length]!];
    return played.map((kind) => ({ scenario, kind }));
  });
  for (const { scenario, kind } of turns) {
    const options = { timeout: 300_000, retry: scenario.lossy === true ? 1 : 0 };
    each(`on ${kind} in ${scenario.transcripts.join(", ")}`, options, async () => {
      const { transcripts, lonely } = scenario;
      const own = { name: transcripts[0]!, ...(lonely === undefined ? {} : { lonely }) };
      await using place = Place.make(kind, command(kind), networks ? own : null);
      const stages = transcripts.map((name) => new Stage(readTranscript(name), place, expectations));
      await scenario.play(place, ...stages);
      expect(Object.assign({}, ...stages.map(({ unexpected }) => unexpected))).toEqual({});
      for (const { transcript, unplayed } of stages) {
        const listed = notPlayed.filter(({ scenario: name }) => name === transcript.name);
        expect(unplayed, transcript.name).toEqual(listed.flatMap(({ steps }) => [...steps]));
      }
    });
  }
});

describe("our help lists Serf's flags", () => {
  const asked = installed(ours).flatMap((kind) => Object.keys(help.recorded).map((name) => ({ kind, name })));
  it.concurrent.each(asked)("on $kind: $name", { timeout: 60_000 }, async ({ kind, name }) => {
    await using place = Place.make(kind, command(kind), null);
    const text = await place.help(name === "serf" ? [] : [name]);
    const names = [...text.matchAll(name === "serf" ? /^ {4}(\w[\w-]*) {2}/gm : /^ {2}(-[\w-]+)/gm)];
    const expected = [...help.recorded[name]!, ...(help.added[name] ?? [])];
    expect([...new Set(names.map(([, flag]) => flag))].sort()).toEqual(expected.sort());
  });
});

describe("the transcripts", () => {
  const played = scenarios.flatMap(({ transcripts }) => transcripts);

  it("are all played, or listed with a reason", () => {
    const unplayed = transcriptNames().filter((name) => !played.includes(name));
    const listed = notPlayed.filter(({ scenario, steps }) => {
      const { items } = readTranscript(scenario);
      return items.every((item, index) => item.kind === "remark" || steps.includes(index));
    });
    expect(unplayed).toEqual(listed.map(({ scenario }) => scenario));
  });

  it.each([
    ["another word", "Agent Protocol: 6 (Understands back to: 2)\n[stderr] (empty)\n[exit 0]"],
    ["another exit code", "Agent Protocol: 5 (Understands back to: 2)\n[stderr] (empty)\n[exit 1]"],
    ["another stream", "[stderr]\nAgent Protocol: 5 (Understands back to: 2)\n[exit 0]"],
    ["a line more", "Agent Protocol: 5 (Understands back to: 2)\nmore\n[stderr] (empty)\n[exit 0]"],
    ["a line less", "[stderr] (empty)\n[exit 0]"],
  ])("do not pass with %s", async (_what, rest) => {
    await using place = Place.make("node", command("node"), null);
    const changed = parseTranscript("changed", `$ serf version\n[stdout]\n${packageVersion}\n${rest}\n`);
    const stage = new Stage(changed, place, expectations);
    await stage.play(0);
    expect(Object.keys(stage.unexpected)).toEqual(["changed 0: serf version"]);
    expect(stage.unplayed).toEqual([]);
  });

  it("contain what the lists of differences and of chances refer to", () => {
    for (const { scenario, steps, reason } of [...differences, ...notPlayed]) {
      const { items } = readTranscript(scenario);
      expect(steps.filter((step) => items[step] === undefined || items[step].kind === "remark")).toEqual([]);
      expect(reason).not.toBe("");
    }
    for (const { scenario, reason, lines, repeated, from, oursAlone } of chances) {
      const { items } = readTranscript(scenario);
      const outputs = items.map((item) => (item.kind === "command" ? item.stdout : "")).join("");
      for (const pattern of oursAlone === true ? [] : [lines, repeated, from])
        expect(outputs).toMatch(pattern ?? "");
      expect(reason).not.toBe("");
    }
  });
});
