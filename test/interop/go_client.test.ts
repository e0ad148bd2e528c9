/**
 * A Go program calls everything in Serf's client library, against our agents on every runtime and against Serf's. Every call
 * has the same result.
 */

import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { lacks, pathOf } from "../machine/here.ts";
import { Agent, converged, installed, type Kind, ours, stopAll } from "./agents.ts";

const execute = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), "tserf-go-client-"));
const program = join(folder, "go_client");
const subnet = `127.${60 + (process.pid % 100)}.21`;
const key = "HvY8ubRZMgafUOWvrOadwOckVa1wN3QWAo46FVKbVN8=";
const serf: Kind = "serf-0.10";

/** What the program printed of one call. */
interface Call {
  readonly call: string;
  readonly got: unknown;
  readonly error: string | null;
}

/** The release begins messages of its memberlist with capitals; newer releases and ours do not. */
const capitals = /(?<=\* |":")(Failed to join|Removing the primary key|Requested key is not)/g;

/** Runs the program against an agent of a kind, beside one of Serf's. */
async function calls(kind: Kind, index: number): Promise<Call[]> {
  const [host, peerHost] = [`${subnet}.${2 * index + 1}`, `${subnet}.${2 * index + 2}`];
  const config = join(folder, `${kind}.json`);
  writeFileSync(config, JSON.stringify({ rpc_auth: "secret", tags: { role: "web", a: "1" } }));
  const peer = await Agent.start(serf, "peer", peerHost, `-encrypt=${key}`, "-tag=role=web");
  const flags = [`-config-file=${config}`, `-encrypt=${key}`, `-join=${peer.address}`];
  const agent = await Agent.start(kind, "self", host, ...flags);
  await converged([peer], { peer: "alive", self: "alive" });
  const { stdout } = await execute(program, [agent.rpcAddress, "peer", peer.address], { timeout: 60_000 });
  const text = stdout
    .replaceAll(host, "HOST")
    .replaceAll(peerHost, "PEER")
    .replace(capitals, (words) => words.toLowerCase());
  expect(await agent.ended).toBe(0);
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Call);
}

describe.skipIf(lacks("loopback", "go", serf))("Serf's client library", () => {
  const kinds = [serf, ...installed(ours)];
  let all: Call[][];

  beforeAll(async () => {
    const source = fileURLToPath(new URL("go_client", import.meta.url));
    await execute(pathOf("go"), ["build", "-o", program, "."], { cwd: source, timeout: 170_000 });
    all = await Promise.all(kinds.map(calls));
  }, 240_000);
  afterAll(async () => {
    await stopAll();
    rmSync(folder, { recursive: true, force: true });
  });

  it("can make every call to Serf's own agent", () => {
    expect(all[0]!.length).toBeGreaterThan(40);
    expect(all[0]!.at(-1)).toEqual({ call: "IsClosed", got: true, error: null });
  });

  it.each(installed(ours))("gets the same results from an agent on %s", (kind) => {
    expect(all[kinds.indexOf(kind)]).toEqual(all[0]);
  });
});
