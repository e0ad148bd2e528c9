/** The search for what tests use, on machines that lack something, and on the one that checks changes. */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { find, lacks } from "./here.ts";
import { missingLines, survey, type Thing, type ThingName, things } from "./things.ts";

const machine = {
  knife: { what: "a knife", enable: "bring one", find: () => ({ path: "/usr/bin/knife" }) },
  fork: { what: "a fork", enable: "fork install", find: () => ({ missing: "there is none" }) },
  spoon: { what: "a spoon", enable: "spoon install", find: async () => ({ path: "" }) },
} satisfies Record<string, Thing>;

describe("the search for things", () => {
  it("finds paths, and reasons for what is missing", async () => {
    expect(await survey(machine, "")).toEqual({
      knife: { path: "/usr/bin/knife" },
      fork: { missing: "there is none" },
      spoon: { path: "" },
    });
  });

  it("takes what TSERF_TEST_WITHOUT names as missing", async () => {
    const found = await survey(machine, "knife,spoon");
    expect(found.knife).toEqual({ missing: "excluded by TSERF_TEST_WITHOUT" });
    expect(found.spoon).toEqual(found.knife);
  });

  it("refuses a name in TSERF_TEST_WITHOUT that is no thing's", async () => {
    await expect(survey(machine, "knife,cup")).rejects.toThrow(
      'TSERF_TEST_WITHOUT names "cup", expected some of knife, fork, spoon',
    );
  });

  it("names each missing thing with the reason and with what enables it", async () => {
    expect(missingLines(machine, await survey(machine, "knife"))).toEqual([
      "a knife: excluded by TSERF_TEST_WITHOUT. To enable: bring one",
      "a fork: there is none. To enable: fork install",
    ]);
    const { fork: _, ...rest } = machine;
    expect(missingLines(rest, await survey(rest, ""))).toEqual([]);
  });
});

describe("this machine", () => {
  const names = Object.keys(things) as ThingName[];

  it("lacks several things as soon as it lacks one of them", () => {
    const missing = names.filter((name) => lacks(name));
    expect(missing).toEqual(names.filter((name) => find(name).missing !== undefined));
    expect(lacks("node")).toBe(false);
    for (const name of missing) expect(lacks("node", name)).toBe(true);
  });

  it.skipIf(process.env["CI"] !== "true")("lacks nothing where changes are checked", () => {
    // Without Go newer versions of Serf cannot be compiled there, not every kernel has netem, Deno's server is no registry, Debian has no
    // kubectl, and a container no Docker.
    const always = ["delays", "deno-compile", "kubectl", "docker"];
    const excused: readonly string[] = lacks("go") ? ["go", "serf-0.10", "serf-0.11", ...always] : always;
    expect(names.filter((name) => lacks(name) && !excused.includes(name))).toEqual([]);
  });

  it("is described in the README of the tests, thing by thing", () => {
    const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
    for (const name of names) expect(readme).toMatch(new RegExp(`^\\| .*\`${name}\``, "m"));
  });
});
