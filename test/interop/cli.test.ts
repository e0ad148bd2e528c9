/**
 * Both command lines against both kinds of agents: for every command and agent, ours prints what Serf's prints.
 */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { lacks } from "../machine/here.ts";
import { Agent, converged, installed, type Kind, type Outcome, ours, run, stopAll, until } from "./agents.ts";
import { eventsIn } from "./outcomes.ts";

const serf: Kind = "serf-0.10";
const block = 100 + (process.pid % 100);

/** Members come in random order and so do tags: lines and tags are sorted before they are compared. */
function sorted({ stdout, stderr, code }: Outcome): Outcome {
  const lines = stdout.split("\n").map((line) =>
    line
      .split(/( {2,})/)
      .map((cell) => (cell.includes("=") ? cell.split(",").sort().join(",") : cell))
      .join(""),
  );
  return {
    stdout: lines
      .map((line) => line.trimEnd())
      .sort()
      .join("\n"),
    stderr,
    code,
  };
}

function sortedJson({ stdout, stderr, code }: Outcome): unknown {
  const parsed = JSON.parse(stdout) as { members: { name: string }[] | null };
  return { members: parsed.members?.sort((a, b) => a.name.localeCompare(b.name)) ?? null, stderr, code };
}

describe.skipIf(lacks("loopback", serf)).each(installed(ours))("the command line on %s", (kind) => {
  let theirs: Agent;
  let mine: Agent;
  const subnet = 10 + ours.indexOf(kind);
  const at = (host: number): string => `127.${block}.${subnet}.${host}`;

  beforeAll(async () => {
    theirs = await Agent.start(serf, "theirs", at(1), "-tag", "role=web", "-tag", "dc=east");
    mine = await Agent.start(kind, "mine", at(2), "-tag", "role=db", "-join", theirs.address);
    await converged([theirs, mine], { theirs: "alive", mine: "alive" });
  }, 60_000);
  afterAll(stopAll);

  /** Runs a command with both command lines against both agents. */
  async function both(...args: string[]): Promise<[Outcome, Outcome][]> {
    return await Promise.all(
      [theirs, mine].map(
        async (agent): Promise<[Outcome, Outcome]> => [
          await agent.cli(serf, args[0]!, ...args.slice(1)),
          await agent.cli(kind, args[0]!, ...args.slice(1)),
        ],
      ),
    );
  }

  it.each([
    ["members"],
    ["members", "-detailed"],
    ["members", "-status=alive"],
    ["members", "-status=failed"],
    ["members", "-name=mi.*"],
    ["members", "-name=m"],
    ["members", "-tag", "role=w.*"],
    ["members", "-tag", "dc=|east"],
    ["members", "-role=db"],
    ["members", "-format=bogus"],
    ["members", "-tag", "novalue"],
    ["members", "-name=["],
    ["force-leave", "nobody"],
    ["tags", "-set", "novalue"],
    ["join"],
  ])("prints what Serf prints: %s %s %s", { timeout: 60_000 }, async (...args) => {
    for (const [expected, actual] of await both(...args)) {
      const help = expected.stdout.indexOf("Usage:");
      if (help < 0) expect(sorted(actual)).toEqual(sorted(expected));
      else {
        expect(actual.stdout.slice(0, help)).toBe(expected.stdout.slice(0, help));
        expect(actual.code).toBe(expected.code);
      }
    }
  });

  it.each([
    ["-format=json"],
    ["-format=json", "-status=left"],
  ])("prints the same members as JSON: %s %s", async (...flags) => {
    for (const [expected, actual] of await both("members", ...flags)) {
      expect(sortedJson(actual)).toEqual(sortedJson(expected));
    }
  });

  it("prints the same JSON layout, byte for byte, where the order is not random", async () => {
    for (const [expected, actual] of await both("members", "-format=json", "-name=mine")) {
      expect(actual).toEqual(expected);
    }
  });

  it("shows the same keys of info, in text and JSON, and the same constant values", async () => {
    const keys = (text: string): string[] => text.split("\n").map((line) => line.split(" = ")[0]!);
    for (const [expected, actual] of await both("info")) {
      expect(keys(actual.stdout)).toEqual(keys(expected.stdout));
    }
    for (const [expected, actual] of await both("info", "-format=json")) {
      const shape = ({ stdout }: Outcome): unknown =>
        Object.entries(JSON.parse(stdout) as Record<string, object>).map(([name, part]) => [
          name,
          Object.keys(part),
        ]);
      expect(shape(actual)).toEqual(shape(expected));
    }
    const info = (agent: Agent): Promise<Outcome> => agent.cli(serf, "info");
    const [own, foreign] = await Promise.all([info(mine), info(theirs)]);
    expect(keys(own.stdout).filter((key) => key !== "\tdc")).toEqual(
      keys(foreign.stdout).filter((key) => key !== "\tdc"),
    );
  });

  it("joins, or prints why it could not", { timeout: 60_000 }, async () => {
    const nobody = `${at(9)}:17946`;
    for (const [expected, actual] of await both("join", theirs.address, mine.address)) {
      expect(expected.stdout).toBe("Successfully joined cluster by contacting 2 nodes.\n");
      expect(actual).toEqual(expected);
    }
    for (const args of [[nobody], [nobody, `${at(8)}:17946`], ["no-such-host.invalid"], ["host:notaport"]]) {
      const theirWords = await theirs.cli(serf, "join", ...args);
      const myWords = await mine.cli(serf, "join", ...args);
      const normal = ({ stdout, code }: Outcome): unknown => [
        stdout
          .replace(/Failed to/g, "failed to")
          .replace(/ on [0-9.:]+: (no such host|.*)$/m, ": no such host"),
        code,
      ];
      expect(normal(myWords)).toEqual(normal(theirWords));
    }
  });

  it("changes tags on both kinds of agents", async () => {
    for (const agent of [theirs, mine]) {
      for (const by of [serf, kind]) {
        expect(await agent.cli(by, "tags", "-set", `by=${by}`, "-set", "x=1=2", "-delete", "y")).toEqual({
          stdout: "Successfully updated agent tags\n",
          stderr: "",
          code: 0,
        });
        await until("both see it", async () => {
          const views = await Promise.all([theirs.members(serf), mine.members(serf)]);
          return views.every(
            (view) => view[agent.name]?.tags["by"] === by && view[agent.name]?.tags["x"] === "1=2",
          );
        });
        await agent.cli(by, "tags", "-delete", "x", "-delete", "by");
      }
    }
  });

  it("prints the log and the events of both kinds of agents as Serf does", { timeout: 60_000 }, async () => {
    for (const agent of [theirs, mine]) {
      const name = `guest-of-${agent.name}`;
      const watches = [serf, kind].map((by) => agent.watch(by, "monitor", "-log-level=debug"));
      for (const watch of watches)
        await until("the log is replayed", () => watch.output.includes("EventMemberJoin"));
      const guest = await Agent.start(serf, name, at(20), "-join", agent.address, "-tag", "a=b");
      for (const watch of watches)
        await until("its event is seen", () => watch.output.includes(`"Name":"${name}"`));
      for (const watch of watches) expect(await watch.interrupt()).toBe(0);
      const [theirOutput, myOutput] = watches.map((watch) => watch.output);
      // The last earlier event may have reached only one of them.
      const about = (output: string): string[] => eventsIn(output).filter((event) => event.includes(name));
      expect(about(theirOutput!)).toHaveLength(1);
      expect(about(myOutput!)).toEqual(about(theirOutput!));
      expect(myOutput).toContain(`[INFO] serf: EventMemberJoin: ${name} ${at(20)}\n`);
      await guest.kill("SIGKILL");
      await until("it is failed", async () => (await agent.statuses())[name] === "failed");
      await agent.cli(serf, "force-leave", "-prune", name);
    }
  });

  it("generates keys and prints its version", async () => {
    expect((await run(kind, "keygen")).stdout).toMatch(/^[A-Za-z0-9+/]{43}=\n$/);
    expect((await run(kind, "version")).stdout).toMatch(
      /^\d+\.\d+\.\d+\nAgent Protocol: 5 \(Understands back to: 2\)\n$/,
    );
  });

  it("makes both kinds of agents leave", async () => {
    const guest = await Agent.start(serf, "guest", at(21), "-join", mine.address);
    expect(await guest.cli(kind, "leave")).toEqual({
      stdout: "Graceful leave complete\n",
      stderr: "",
      code: 0,
    });
    expect(await guest.ended).toBe(0);
    const own = await Agent.start(kind, "own", at(22), "-join", mine.address);
    expect(await own.cli(serf, "leave")).toEqual({
      stdout: "Graceful leave complete\n",
      stderr: "",
      code: 0,
    });
    expect(await own.ended).toBe(0);
    await until("both left", async () => {
      const view = await theirs.statuses();
      return view["guest"] === "left" && view["own"] === "left";
    });
  });
});
