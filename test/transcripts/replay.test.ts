/**
 * Every transcript of the original again, with our agent and commands on every runtime: streams, exit codes and files are the same but for
 * what `differences.ts` lists, and all of that occurs.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { differences, notPlayed } from "../golden/transcripts/differences.ts";
import { find, installed, type Kind, ours } from "../interop/agents.ts";
import { whyNoNetworks } from "../interop/networks.ts";
import type { Command } from "../runtimes/binaries.ts";
import { bundleForNode } from "../runtimes/bundle.ts";
import { scenarios } from "./scenarios/mod.ts";
import { Stage } from "./stage.ts";
import { readTranscript, transcriptNames } from "./transcript.ts";

const networks = whyNoNetworks() === null;
const folder = mkdtempSync(join(tmpdir(), "tserf-replay-"));
let nodeProgram = "";

beforeAll(async () => {
  nodeProgram = await bundleForNode(folder);
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function command(kind: Kind): Command {
  const found = find(kind);
  if ("missing" in found) throw new Error(found.missing);
  return kind === "node" ? { program: found.program, args: [nodeProgram] } : found;
}

describe.each(installed(ours).map((kind) => ({ kind })))("our program on $kind does as recorded", ({
  kind,
}) => {
  const one = networks ? it.concurrent : it;
  one.each(Object.keys(scenarios))("in %s", { timeout: 180_000 }, async (name) => {
    await using stage = new Stage(readTranscript(name), {
      kind,
      command: command(kind),
      networks,
      intended: differences,
    });
    await scenarios[name]!(stage);
    expect(stage.unexpected).toEqual({});
    const skipped = notPlayed.filter(({ scenario }) => scenario === name).flatMap(({ steps }) => steps);
    expect(stage.unplayed).toEqual(skipped);
  });
});

describe("the transcripts", () => {
  it("are all played or listed with a reason", () => {
    const whole = notPlayed.filter(({ steps }) => steps === "all").map(({ scenario }) => scenario);
    expect([...Object.keys(scenarios), ...whole].sort()).toEqual(transcriptNames().sort());
  });
});
