/** Settings as fragments of links. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Action,
  actionsMax,
  bounds,
  fragmentOf,
  initial,
  readFragment,
  type Setting,
} from "../../../runtimes/sim/page/setting.ts";

const node = fc.integer({ min: 0, max: 9 });
const at = fc.integer({ min: 0, max: bounds.at[1] });
const action: fc.Arbitrary<Action> = fc.oneof(
  fc.record({ at, kind: fc.constantFrom("split" as const, "heal" as const) }),
  fc.record({ at, kind: fc.constant("loss" as const), value: fc.integer({ min: 0, max: 90 }) }),
  fc.record({ at, kind: fc.constant("latency" as const), value: fc.integer({ min: 1, max: 2_000 }) }),
  fc.record({
    at,
    kind: fc.constantFrom(
      "crash",
      "restart",
      "pause",
      "resume",
      "slow",
      "quick",
      "leave",
      "event",
      "isolate" as const,
    ),
    node,
  }),
  fc
    .record({ at, kind: fc.constant("cut" as const), node, other: node })
    .filter(({ node, other }) => node !== other),
);
const setting: fc.Arbitrary<Setting> = fc.record({
  nodes: fc.integer({ min: 10, max: 300 }),
  seed: fc.integer({ min: 0, max: 0xffff_ffff }),
  profile: fc.constantFrom("lan", "wan", "local" as const),
  latency: fc.integer({ min: 1, max: 2_000 }),
  loss: fc.integer({ min: 0, max: 90 }),
  actions: fc.array(action, { maxLength: 20 }).map((list) => list.sort((a, b) => a.at - b.at)),
});

describe("a setting", () => {
  it("is the same after it was a link", () => {
    fc.assert(
      fc.property(setting, at, (given, time) => {
        expect(readFragment(`#${fragmentOf(given, time)}`)).toEqual({ setting: given, at: time });
      }),
    );
  });

  it("reads as plain words", () => {
    const actions: Action[] = [
      { at: 5_000, kind: "event", node: 3 },
      { at: 8_000, kind: "cut", node: 1, other: 2 },
      { at: 9_000, kind: "split" },
      { at: 9_500, kind: "loss", value: 10 },
    ];
    expect(fragmentOf({ ...initial, actions }, 12_000)).toBe(
      "nodes=20&seed=7&profile=lan&latency=60&loss=0&at=12000&do=5000:event:3,8000:cut:1:2,9000:split,9500:loss:10",
    );
  });
});

describe("a fragment from a stranger", () => {
  it.each([
    ["nothing", ""],
    ["a size beyond the bounds", "nodes=301"],
    ["no number", "nodes=x&seed=1e3&latency=-1&loss=0.5&profile=moon&at=NaN"],
    [
      "actions that do not exist",
      "do=1:explode:1,x:crash:1,1:crash,1:crash:20,1:crash:-1,1:cut:1:1,1:cut:1,1:loss:91,,:",
    ],
    ["markup", "seed=<script>&do=<img>"],
  ])("with %s is the usual setting", (_what, fragment) => {
    expect(readFragment(`#${fragment}`)).toEqual({ setting: initial, at: 0 });
  });

  it("never throws, and has bounded actions", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(() => readFragment(`#do=${text}&nodes=${text}`)).not.toThrow();
      }),
    );
    const many = Array.from({ length: 2 * actionsMax }, () => "1:split").join();
    expect(readFragment(`#do=${many}`).setting.actions).toHaveLength(actionsMax);
  });
});
