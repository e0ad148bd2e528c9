/**
 * The judges of histories have to reject broken ones before they are trusted with real ones.
 */

import { describe, expect, it } from "vitest";
import type { Member, MemberEventType } from "../../src/core/serf/api.ts";
import { disagreements, falsePositives, type View } from "./checkers.ts";
import type { Report } from "./cluster.ts";

const versions = { min: 1, max: 5, current: 2 };

function member(name: string): Member {
  const address = "10.0.0.1";
  return { name, address, port: 7946, tags: {}, status: "failed", protocol: versions, memberlist: versions };
}

const report = (at: number, observer: string, type: MemberEventType, ...names: string[]): Report => ({
  at,
  observer,
  event: { type, members: names.map(member) },
});

describe("the judge of failures", () => {
  const crashedAt = new Map([["n1", 1_000]]);

  it("rejects a failure of a member that never crashed, or had not crashed yet", () => {
    const reports = [
      report(999, "n0", "member-failed", "n1"),
      report(2_000, "n0", "member-failed", "n1", "n2"),
      report(3_000, "n2", "member-failed", "n0"),
    ];
    expect(falsePositives(reports, crashedAt)).toEqual([
      "999 ms: n0 reports that n1 failed",
      "2000 ms: n0 reports that n2 failed",
      "3000 ms: n2 reports that n0 failed",
    ]);
  });

  it("accepts a failure that was one, and everything else", () => {
    const reports: Report[] = [
      report(1_000, "n0", "member-failed", "n1"),
      report(500, "n0", "member-leave", "n2"),
      report(500, "n0", "member-join", "n2"),
      { at: 1, observer: "n0", event: { type: "lagged", dropped: 3 } as unknown as Report["event"] },
    ];
    expect(falsePositives(reports, crashedAt)).toEqual([]);
  });
});

describe("the judge of views", () => {
  const view = (entries: Record<string, [string, string?]>): View =>
    new Map(Object.entries(entries).map(([name, [status, tag]]) => [name, { status, tag } as never]));
  const truth = new Map([
    ["n0", "alive"],
    ["n1", "alive"],
    ["n2", "left"],
    ["n3", "failed"],
  ] as const);
  const tags = new Map([["n1", "7"]]);
  const right = view({ n0: ["alive"], n1: ["alive", "7"], n2: ["left"], n3: ["failed"] });

  it("accepts views that agree with the truth, and that have forgotten members that are gone", () => {
    const views = new Map([
      ["n0", right],
      ["n1", view({ n0: ["alive"], n1: ["alive", "7"] })],
    ]);
    expect(disagreements(views, truth, tags)).toEqual([]);
  });

  it.each<[string, View, string[]]>([
    [
      "a live member that is missing",
      view({ n0: ["alive"], n2: ["left"], n3: ["failed"] }),
      ["n0 sees n1 undefined, it is alive", "n0 sees tag undefined of n1, it is 7"],
    ],
    [
      "a live member that counts as left",
      view({ n0: ["alive"], n1: ["left", "7"] }),
      ["n0 sees n1 left, it is alive"],
    ],
    [
      "one that left and counts as failed",
      view({ n0: ["alive"], n1: ["alive", "7"], n2: ["failed"] }),
      ["n0 sees n2 failed, it is left"],
    ],
    [
      "one that failed and counts as alive",
      view({ n0: ["alive"], n1: ["alive", "7"], n3: ["alive"] }),
      ["n0 sees n3 alive, it is failed"],
    ],
    ["old tags", view({ n0: ["alive"], n1: ["alive", "6"] }), ["n0 sees tag 6 of n1, it is 7"]],
  ])("rejects %s", (_what, broken, wrong) => {
    expect(disagreements(new Map([["n0", broken]]), truth, tags)).toEqual(wrong);
  });
});
