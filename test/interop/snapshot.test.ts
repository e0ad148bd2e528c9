/**
 * Snapshot files that move between Serf and our agents on every runtime, with members and clocks. Needs Serf's binaries.
 */

import { mkdtemp, readFile, rename, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { lacks } from "../machine/here.ts";
import { Agent, converged, installed, type Kind, ours, serfs, stopAll, until } from "./agents.ts";

const directories: string[] = [];

afterEach(async () => {
  await stopAll();
  for (const directory of directories.splice(0)) await rm(directory, { recursive: true, force: true });
});

/** A directory of its own for every test. */
async function directory(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), "tserf-snapshot-"));
  directories.push(made);
  return made;
}

/**
 * Every test has its own network, because ports are fixed and tests of several runtimes overlap.
 */
let networks = 0;
function network(): (host: number) => string {
  const subnet = 10 + networks++;
  const block = process.pid % 50;
  return (host) => `127.${200 + block}.${subnet}.${host}`;
}

async function lines(path: string): Promise<string[]> {
  return (await readFile(path, "utf8")).split("\n").slice(0, -1);
}

/** The clocks of an agent: the next time to use of each. */
async function clocks(agent: Agent, by: Kind): Promise<Record<"member" | "event" | "query", number>> {
  const { stdout } = await agent.cli(by, "info");
  const time = (name: string): number => Number(new RegExp(`${name}_time = ([0-9]+)`).exec(stdout)?.[1]);
  return { member: time("member"), event: time("event"), query: time("query") };
}

/** Warnings about a snapshot. */
function complaints(log: string): string[] {
  return log.split("\n").filter((line) => /\[(WARN|ERR)\].*(snapshot|clock|parse address)/.test(line));
}

describe.skipIf(lacks("loopback")).each(installed(ours))("a snapshot on %s", (kind) => {
  describe.each(installed(serfs))("and %s", (serf) => {
    it("moves from Serf to us and back, with members and clocks", { timeout: 120_000 }, async () => {
      const at = network();
      const path = join(await directory(), "snapshot");
      const peer = await Agent.start(serf, "peer", at(1));
      let moving = await Agent.start(serf, "moving", at(2), "-snapshot", path, "-join", peer.address);
      await converged([peer, moving], { peer: "alive", moving: "alive" });
      for (const name of ["one", "two", "three"])
        expect(await peer.cli(serf, "event", "-coalesce=false", name, "x")).toMatchObject({ code: 0 });
      await peer.cli(serf, "query", "-timeout=500ms", "ask", "x");
      await until("the events arrive", () => moving.log.includes("user-event: three"));
      await moving.kill("SIGTERM");
      const recorded = await lines(path);
      expect(recorded).toContain(`alive: peer ${peer.address}`);
      // Serf writes its member clock twice a second, so it may come before or after these.
      expect(recorded).toContain("query-clock: 1");
      expect(recorded).toContain("event-clock: 3");
      const { mode } = await stat(path);

      moving = await Agent.start(kind, "moving", at(2), "-snapshot", path);
      await converged([peer, moving], { peer: "alive", moving: "alive" });
      expect(moving.log).toContain("Snapshot: true");
      expect(moving.log).toContain(`Attempting re-join to previously known node: peer: ${peer.address}`);
      expect(moving.log).toContain(`Re-joined to previously known node: peer: ${peer.address}`);
      expect(complaints(moving.log)).toEqual([]);
      const mine = await clocks(moving, serf);
      expect(mine).toMatchObject({ event: 4, query: 2 });
      expect((await stat(path)).mode).toBe(mode);
      expect(await peer.cli(serf, "event", "-coalesce=false", "four", "x")).toMatchObject({ code: 0 });
      await until("the new event arrives", () => moving.log.includes("user-event: four"));
      // Events from before the restart are not delivered again.
      expect(moving.log).not.toMatch(/user-event: (one|two|three)/);
      await until("it is recorded", async () => (await lines(path)).includes("event-clock: 4"), 2_000);
      await peer.cli(serf, "query", "-timeout=500ms", "ask", "x");
      await until("so is a query", async () => (await lines(path)).includes("query-clock: 2"), 2_000);
      await moving.kill("SIGKILL");
      expect((await lines(path)).slice(0, recorded.length)).toEqual(recorded);

      moving = await Agent.start(serf, "moving", at(2), "-snapshot", path);
      await converged([peer, moving], { peer: "alive", moving: "alive" });
      expect(moving.log).toContain(`Re-joined to previously known node: peer: ${peer.address}`);
      expect(complaints(moving.log)).toEqual([]);
      const theirs = await clocks(moving, serf);
      expect(theirs).toMatchObject({ event: 5, query: 3 });
      expect(theirs.member).toBeGreaterThanOrEqual(mine.member);
      expect(moving.log).not.toContain("user-event: ");
    });

    it("remembers a failed member for us, and Serf can read it", {
      timeout: 120_000,
    }, async () => {
      const at = network();
      const path = join(await directory(), "snapshot");
      const peer = await Agent.start(serf, "peer", at(1));
      let mine = await Agent.start(kind, "mine", at(2), "-snapshot", path, "-join", peer.address);
      await converged([peer, mine], { peer: "alive", mine: "alive" });
      expect((await stat(path)).mode & 0o777).toBe(0o600);
      await peer.kill("SIGKILL");
      await converged([mine], { peer: "failed", mine: "alive" });
      await until("it is recorded", async () => (await lines(path)).includes("not-alive: peer"), 2_000);
      expect(await lines(path)).toContain(`#failed: peer ${peer.address}`);
      await mine.kill("SIGKILL");

      const other = await Agent.start(serf, "mine", at(2), "-snapshot", path);
      await converged([other], { mine: "alive" });
      expect(complaints(other.log)).toEqual([]);
      await other.kill("SIGKILL");

      const again = await Agent.start(serf, "peer", at(1));
      mine = await Agent.start(kind, "mine", at(2), "-snapshot", path);
      await converged([again, mine], { peer: "alive", mine: "alive" });
      expect(mine.log).toContain(`Re-joined to previously known node: peer: ${peer.address}`);
    });
  });

  it("is not used after a leave, unless -rejoin is given", { timeout: 120_000 }, async () => {
    const at = network();
    const path = join(await directory(), "snapshot");
    const peer = await Agent.start(kind, "peer", at(1));
    let mine = await Agent.start(kind, "mine", at(2), "-snapshot", path, "-join", peer.address);
    await converged([peer, mine], { peer: "alive", mine: "alive" });
    expect(await mine.kill("SIGINT")).toBe(0);
    expect(await lines(path)).toContain("leave");
    mine = await Agent.start(kind, "mine", at(2), "-snapshot", path);
    await converged([mine], { mine: "alive" });
    expect(mine.log).not.toContain("re-join");
    expect(await mine.kill("SIGINT")).toBe(0);
    await rename(path, `${path}.left`);

    mine = await Agent.start(kind, "mine", at(2), "-snapshot", path, "-join", peer.address);
    await converged([peer, mine], { peer: "alive", mine: "alive" });
    expect(await mine.kill("SIGINT")).toBe(0);
    mine = await Agent.start(kind, "mine", at(2), "-snapshot", path, "-rejoin");
    await converged([peer, mine], { peer: "alive", mine: "alive" });
    expect(mine.log).toContain("Ignoring previous leave in snapshot");
  });

  it("whose directory is removed logs one warning and has no other effect", {
    timeout: 60_000,
  }, async () => {
    const at = network();
    const gone = await directory();
    const path = join(gone, "snapshot");
    const mine = await Agent.start(kind, "mine", at(1), "-snapshot", path);
    await rm(gone, { recursive: true });
    const peer = await Agent.start(kind, "peer", at(2), "-join", mine.address);
    await converged([peer, mine], { peer: "alive", mine: "alive" });
    await until("it logs the failure", () =>
      mine.log.includes("Compaction failed, will reattempt after 30s"),
    );
    expect(await peer.kill("SIGINT")).toBe(0);
    await converged([mine], { peer: "left", mine: "alive" });
    const [first, second, ...more] = complaints(mine.log);
    expect(first).toContain(`Failed to update snapshot: stat ${path}: no such file or directory`);
    expect(second).toContain("Compaction failed, will reattempt after 30s");
    expect(more).toEqual([]);
    expect(await mine.kill("SIGINT")).toBe(0);
  });

  it("in a directory that does not exist stops the agent from starting", async () => {
    const at = network();
    const path = join(await directory(), "nosuch", "snapshot");
    const mine = await Agent.start(kind, "mine", at(1), "-snapshot", path);
    expect(await mine.ended).toBe(1);
    expect(mine.log).toBe(
      `==> Starting Serf agent...\n==> Failed to start the Serf agent: Error creating Serf: Failed to setup snapshot: failed to open snapshot: open ${path}: no such file or directory\n`,
    );
  });
});
