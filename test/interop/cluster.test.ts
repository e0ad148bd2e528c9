/**
 * Our agents on every runtime in one cluster with agents of Go's Serf: joins, failures, leaves, encryption, larger clusters.
 */

import { afterEach, describe, expect, it } from "vitest";
import { lacks } from "../machine/here.ts";
import {
  Agent,
  converged,
  installed,
  type Kind,
  newestSerf,
  ours,
  serfs,
  serfsBeside,
  stopAll,
  until,
} from "./agents.ts";

const keys = {
  16: "AAECAwQFBgcICQoLDA0ODw==",
  24: "AAECAwQFBgcICQoLDA0ODxAREhMUFRYX",
  32: "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
};
const wrongKey = "/////////////////////w==";

afterEach(stopAll);

/**
 * Every test has its own network, because ports are fixed and tests of several runtimes overlap.
 */
let networks = 0;
function network(): (host: number) => string {
  const subnet = 10 + networks++;
  const block = process.pid % 200;
  return (host) => `127.${20 + block}.${subnet}.${host}`;
}

/** Log lines that a healthy cluster does not have. */
function alarms(log: string): string[] {
  return log.split("\n").filter((line) => /\[(WARN|ERR)\]|Suspect|Refuting|EventMemberFailed/.test(line));
}

const present = { serfs: installed([...serfs, newestSerf]), ours: installed(ours) };

const pairs = ours.flatMap((kind) => serfsBeside(kind).map((serf) => ({ kind, serf })));

describe.each(pairs)("an agent on $kind beside $serf", ({ kind, serf }) => {
  describe.skipIf(lacks("loopback", kind, serf))("in one cluster", () => {
    it("shares one view of members, tags and versions, whichever of the two joins", {
      timeout: 60_000,
    }, async () => {
      const at = network();
      const first = await Agent.start(serf, "first", at(1), "-tag", "role=web", "-tag", "dc=east");
      const second = await Agent.start(kind, "second", at(2), "-join", first.address, "-tag", "role=db");
      const third = await Agent.start(serf, "third", at(3), "-join", second.address);
      const agents = [first, second, third];
      await converged(agents, { first: "alive", second: "alive", third: "alive" });
      const [a, b, c] = await Promise.all(agents.map((agent) => agent.members(serf)));
      expect(b).toEqual(a);
      expect(c).toEqual(a);
      expect(a!["second"]).toMatchObject({
        addr: second.address,
        tags: { role: "db" },
        protocol: { min: 2, max: 5, version: 5 },
      });
      expect(a!["first"]!.tags).toEqual({ role: "web", dc: "east" });
    });

    it("detects a killed member and is detected, leaves and returns, removes and is removed", {
      timeout: 120_000,
    }, async () => {
      const at = network();
      const theirs = await Agent.start(serf, "theirs", at(1));
      let mine = await Agent.start(kind, "mine", at(2), "-join", theirs.address);
      const extra = await Agent.start(serf, "extra", at(3), "-join", mine.address);
      await converged([theirs, mine, extra], { theirs: "alive", mine: "alive", extra: "alive" });

      const crashed = Date.now();
      await extra.kill("SIGKILL");
      await converged([mine, theirs], { theirs: "alive", mine: "alive", extra: "failed" }, 12_000);
      expect(Date.now() - crashed).toBeLessThan(12_000);
      expect(mine.log).toContain("Suspect extra has failed, no acks received");

      expect(await mine.cli(serf, "force-leave", "extra")).toMatchObject({ stdout: "", code: 0 });
      await converged([mine, theirs], { theirs: "alive", mine: "alive", extra: "left" });
      expect(await theirs.cli(kind, "force-leave", "-prune", "extra")).toMatchObject({
        stdout: "",
        code: 0,
      });
      await converged([mine, theirs], { theirs: "alive", mine: "alive" });

      await mine.kill("SIGKILL");
      await converged([theirs], { theirs: "alive", mine: "failed" }, 12_000);
      mine = await Agent.start(kind, "mine", at(2), "-join", theirs.address, "-tag", "life=2");
      await converged([theirs, mine], { theirs: "alive", mine: "alive" });
      expect((await theirs.members(serf))["mine"]!.tags).toEqual({ life: "2" });

      expect(await mine.cli(serf, "leave")).toMatchObject({
        stdout: "Graceful leave complete\n",
        code: 0,
      });
      expect(await mine.ended).toBe(0);
      await converged([theirs], { theirs: "alive", mine: "left" });
      mine = await Agent.start(kind, "mine", at(2), "-join", theirs.address);
      await converged([theirs, mine], { theirs: "alive", mine: "alive" });
      expect(await theirs.kill("SIGINT")).toBe(0);
      await converged([mine], { theirs: "left", mine: "alive" });
      expect(await mine.kill("SIGTERM")).toBe(1);
    });

    it.each([16, 24, 32] as const)("shares a cluster encrypted with a key of %i bytes, compressed or not", {
      timeout: 60_000,
    }, async (size) => {
      const at = network();
      const flags = ["-encrypt", keys[size]];
      const theirs = await Agent.start(serf, "theirs", at(1), ...flags);
      const mine = await Agent.start(
        kind,
        "mine",
        at(2),
        ...flags,
        "-disable-compression",
        "-join",
        theirs.address,
      );
      const also = await Agent.start(kind, "also", at(3), ...flags, "-join", theirs.address);
      await converged([theirs, mine, also], { theirs: "alive", mine: "alive", also: "alive" });
      expect((await mine.cli(serf, "info")).stdout).toContain("encrypted = true");
      const tag = `big=${"x".repeat(498)}`;
      expect(await mine.cli(serf, "tags", "-set", tag)).toMatchObject({ code: 0 });
      await until(
        "the tag has spread",
        async () => `big=${(await theirs.members(serf))["mine"]!.tags["big"]}` === tag,
      );
      expect(await mine.cli(serf, "tags", "-set", `${tag}${"y".repeat(9)}`)).toMatchObject({
        stdout: "Error setting tags: Encoded length of tags exceeds limit of 512 bytes\n",
        code: 1,
      });
    });

    it.skipIf(lacks("ipv6"))("shares a cluster over IPv6", { timeout: 60_000 }, async () => {
      const at = network();
      const port = 20_000 + (process.pid % 10_000) + 3 * networks;
      const bind = (offset: number): string => `-bind=[::1]:${port + offset}`;
      const theirs = await Agent.start(serf, "theirs", at(1), bind(0), "-tag", "v=6");
      const mine = await Agent.start(kind, "mine", at(2), bind(1), "-join", `[::1]:${port}`);
      await converged([theirs, mine], { theirs: "alive", mine: "alive" });
      const view = await theirs.members(serf);
      expect(await mine.members(kind)).toEqual(view);
      expect(view["mine"]!.addr).toBe(`[::1]:${port + 1}`);
    });

    it("rejects plain text and other keys, and both sides log it", { timeout: 60_000 }, async () => {
      const at = network();
      const theirs = await Agent.start(serf, "theirs", at(1), "-encrypt", keys[16]);
      const mine = await Agent.start(kind, "mine", at(2), "-encrypt", wrongKey);
      const plain = await Agent.start(kind, "plain", at(3));
      const attempts = [
        [await mine.cli(serf, "join", theirs.address), /no installed keys could decrypt the message/i],
        [
          await plain.cli(serf, "join", theirs.address),
          /remote state is encrypted and encryption is not configured/i,
        ],
        [await theirs.cli(kind, "join", mine.address), /no installed keys could decrypt the message/i],
        [await theirs.cli(kind, "join", plain.address), /./],
      ] as const;
      for (const [outcome, text] of attempts) {
        expect(outcome.code).toBe(1);
        expect(outcome.stdout).toMatch(/^Error joining the cluster: 1 error occurred:\n\t\* /);
        expect(outcome.stdout).toMatch(text);
      }
      await converged([theirs], { theirs: "alive" });
      await converged([mine], { mine: "alive" });
      await converged([plain], { plain: "alive" });
    });
  });
});

describe.skipIf(lacks("loopback") || present.serfs.length === 0)("a mixed cluster", () => {
  it("of twelve agents converges and detects two failures", { timeout: 120_000 }, async () => {
    const at = network();
    const all = [...present.serfs, ...present.ours];
    const kinds: Kind[] = [...all, ...all, ...all, ...all].slice(0, 12);
    const agents: Agent[] = [];
    for (const [index, kind] of kinds.entries()) {
      const join = index === 0 ? [] : ["-join", agents[Math.floor(index / 2)]!.address];
      agents.push(await Agent.start(kind, `n${index}`, at(index + 1), ...join));
    }
    const statuses = Object.fromEntries(agents.map(({ name }) => [name, "alive"]));
    await converged(agents, statuses, 30_000);
    const victims = [present.serfs[0], present.ours[0]].map(
      (victim) => agents.find(({ kind }) => kind === victim)!,
    );
    await Promise.all(victims.map((agent) => agent.kill("SIGKILL")));
    for (const { name } of victims) statuses[name] = "failed";
    await converged(
      agents.filter((agent) => !victims.includes(agent)),
      statuses,
      30_000,
    );
  });

  it("of three agents has no warnings for a minute", { timeout: 120_000 }, async () => {
    const clusters = present.ours.map(async (kind) => {
      const at = network();
      const first = await Agent.start(present.serfs[0]!, "first", at(1), "-log-level=debug");
      const second = await Agent.start(kind, "second", at(2), "-join", first.address, "-log-level=debug");
      const third = await Agent.start(
        present.serfs.at(-1)!,
        "third",
        at(3),
        "-join",
        second.address,
        "-log-level=debug",
      );
      const agents = [first, second, third];
      await converged(agents, { first: "alive", second: "alive", third: "alive" });
      return agents;
    });
    const agents = (await Promise.all(clusters)).flat();
    await new Promise((resolve) => setTimeout(resolve, 60_000));
    for (const agent of agents) expect(alarms(agent.log), `${agent.name} on ${agent.kind}`).toEqual([]);
  });
});
