/**
 * The example deploy: an event switches every node once, whatever the order of events and whichever
 * node was away.
 */

import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { lacks } from "../machine/here.ts";
import { root } from "../tidy/sources.ts";
import { Demo, eventually, kinds, stopDemos } from "./demo.ts";

afterEach(stopDemos);

describe.skipIf(lacks("loopback")).each(kinds)("a deploy event with agents of %s", (kind) => {
  it("switches every node once", { timeout: 240_000 }, async () => {
    const demo = await Demo.start("deploy", kind, 130);
    const nodes = ["node1", "node2", "node3"];
    const current = (node: string): string => readlinkSync(join(demo.folder, node, "current"));
    const history = (node: string): string[] => demo.read(`${node}/history`).trim().split("\n");
    const versions = (node: string): string[] => history(node).map((line) => line.split(" ")[1] ?? "");
    /** The history is written after the switch. */
    const switched = (node: string, version: string): boolean =>
      existsSync(join(demo.folder, node, "history")) &&
      versions(node).at(-1) === version &&
      current(node) === `releases/${version}`;
    const alive = async (...names: string[]): Promise<boolean> => {
      const statuses = Object.entries(await demo.statuses());
      const found = statuses.filter(([, status]) => status === "alive").map(([name]) => name);
      return JSON.stringify(found.sort()) === JSON.stringify(names);
    };
    await eventually(demo, "three nodes", () => alive(...nodes));
    expect(nodes.map(current)).toEqual(nodes.map(() => "releases/v1"));

    // At every moment there is a current release.
    let looks = 0;
    const watch = (async () => {
      for (; current("node1") === "releases/v1"; looks++) await setImmediate();
    })();
    await demo.type("serf event deploy v2");
    await eventually(demo, "all on v2", () => nodes.every((node) => switched(node, "v2")));
    await watch;
    expect(looks).toBeGreaterThan(10);
    const { Responses: answers } = JSON.parse(await demo.type("serf query -format=json version")) as {
      Responses: Record<string, string>;
    };
    expect(answers).toEqual(Object.fromEntries(nodes.map((node) => [node, "v2\n"])));

    // An event without a valid release changes nothing; a node that is away catches up.
    for (const payload of ["../../etc", "v9", "''"])
      await demo.type(`serf event -coalesce=false deploy ${payload}`);
    process.kill(demo.process("node3").pid, "SIGKILL");
    await eventually(demo, "node3 has failed", () => alive("node1", "node2"));
    await demo.type("serf event deploy v3");
    const present = ["node1", "node2"];
    await eventually(demo, "those present on v3", () => present.every((node) => switched(node, "v3")));
    for (const node of present) expect(versions(node)).toEqual(["v2", "v3"]);
    expect(versions("node3")).toEqual(["v2"]);
    const { command } = demo.process("node3");
    demo.leaveRunning(command);
    await eventually(demo, "node3 on v3", () => switched("node3", "v3"));
    expect(versions("node3")).toEqual(["v2", "v3"]);

    // A new node learns of earlier deploys.
    for (const version of ["v1", "v2", "v3"])
      mkdirSync(join(demo.folder, "node4/releases", version), { recursive: true });
    demo.leaveRunning(
      command.replaceAll("node3", "node4").replaceAll(`${demo.network}.13`, `${demo.network}.14`),
    );
    await eventually(demo, "node4 on v3", () => switched("node4", "v3"));
    expect(history("node4").at(-1)).toBe(history("node1").at(-1));

    await demo.stop();
    expect(demo.alive).toEqual([]);
  });
});

describe("the handler of deploys", () => {
  /**
   * Plays events, each a Lamport time and a version, and returns the current version and the
   * history.
   */
  function play(...events: readonly (readonly [time: number, payload: string])[]): [string, string[]] {
    const app = mkdtempSync(join(tmpdir(), "tserf-deploy-"));
    try {
      for (const version of ["v1", "v2", "v3"])
        mkdirSync(join(app, "releases", version), { recursive: true });
      symlinkSync("releases/v1", join(app, "current"));
      writeFileSync(join(app, "history"), "1 v1\n");
      for (const [time, input] of events) {
        try {
          execFileSync(join(root, "examples/deploy/deploy.sh"), {
            input,
            env: { ...process.env, APP: app, SERF_USER_LTIME: `${time}` },
          });
        } catch (error) {
          if ((error as { status?: unknown }).status !== 1) throw error;
        }
      }
      const history = readFileSync(join(app, "history"), "utf8").trim().split("\n");
      return [readlinkSync(join(app, "current")), history];
    } finally {
      rmSync(app, { recursive: true });
    }
  }

  it("never goes back to an older release", () => {
    expect(play([9, "v2\n"], [10, "v3\n"], [9, "v2\n"], [10, "v3\n"])).toEqual([
      "releases/v3",
      ["1 v1", "9 v2", "10 v3"],
    ]);
    expect(play([10, "v3\n"], [9, "v2\n"])).toEqual(["releases/v3", ["1 v1", "10 v3"]]);
    expect(play([10, "v3\n"], [11, "v1\n"])).toEqual(["releases/v1", ["1 v1", "10 v3", "11 v1"]]);
  });

  it("has the same result for simultaneous deploys in any order", () => {
    expect(play([5, "v2\n"], [5, "v3\n"])[0]).toBe("releases/v3");
    expect(play([5, "v3\n"], [5, "v2\n"])[0]).toBe("releases/v3");
  });

  it("rejects what is not a release", () => {
    const payloads = ["", "\n", "../v2\n", "..\n", ".\n", "v2/..\n", "v9\n", "v2 v3\n", "-n\n", "$(id)\n"];
    expect(play(...payloads.map((payload, index) => [index + 2, payload] as const))).toEqual([
      "releases/v1",
      ["1 v1"],
    ]);
  });
});
