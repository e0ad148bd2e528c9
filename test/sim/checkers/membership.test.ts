/** Broken histories of membership: each rule has to object. */

import { describe, expect, it } from "vitest";
import { NamesAreKept } from "../../../runtimes/sim/checkers/conflicts.ts";
import {
  AnnouncementsSpread,
  CrashesAreDetected,
  NoFalseFailures,
  NoSuspicionInCalm,
  SuspicionsLast,
} from "../../../runtimes/sim/checkers/failures.ts";
import {
  IncarnationsRise,
  NobodyBelievesItself,
  ReturnsAreNewer,
} from "../../../runtimes/sim/checkers/incarnations.ts";
import {
  CrashedIsNotLeft,
  LeftIsNotFailed,
  OnlyTheRunningAreAlive,
  TheGoneAreForgotten,
  ViewsAgree,
} from "../../../runtimes/sim/checkers/views.ts";
import { Checkers, CoreWorld } from "../../../runtimes/sim/mod.ts";
import { change, reports, stage, texts } from "./broken.ts";

describe("rules about incarnations", () => {
  it("object to one that falls, and not to one that rises or begins anew", () => {
    const { rule, nodes } = stage(IncarnationsRise);
    const [n0] = nodes;
    rule.changed(1, change(n0!, "n1", { status: "alive", incarnation: 3 }, "suspect", 3));
    rule.changed(2, change(n0!, "n1", undefined, "alive", 1));
    expect(texts(rule)).toEqual([]);
    rule.changed(3, change(n0!, "n1", { status: "alive", incarnation: 3 }, "suspect", 2));
    expect(texts(rule)).toEqual(["3: n0 knew n1 at 3, now at 2"]);
  });

  it("object to a return at an old incarnation", () => {
    const { rule, nodes } = stage(ReturnsAreNewer);
    const [n0] = nodes;
    rule.changed(1, change(n0!, "n1", { status: "dead", incarnation: 3 }, "alive", 4));
    rule.changed(2, change(n0!, "n1", { status: "suspect", incarnation: 3 }, "alive", 3));
    expect(texts(rule)).toEqual([]);
    rule.changed(3, change(n0!, "n1", { status: "dead", incarnation: 3 }, "alive", 3));
    rule.changed(4, change(n0!, "n2", { status: "left", incarnation: 3 }, "suspect", 3));
    expect(texts(rule)).toEqual([
      "3: n0 has n1 alive again at 3, was dead",
      "4: n0 has n2 suspect again at 3, was left",
    ]);
  });

  it("object to a node that believes itself dead", () => {
    const { rule, nodes } = stage(NobodyBelievesItself);
    const [n0, n1] = nodes;
    const alive = { status: "alive", incarnation: 1 } as const;
    n1!.state = "leaving";
    rule.changed(1, change(n1!, "n1", alive, "left", 1));
    rule.changed(1, change(n0!, "n1", alive, "dead", 1));
    expect(texts(rule)).toEqual([]);
    rule.changed(2, change(n0!, "n0", alive, "dead", 1));
    rule.changed(3, change(n0!, "n0", alive, "left", 1));
    expect(texts(rule)).toEqual(["2: n0 believes itself dead", "3: n0 believes itself left"]);
  });
});

describe("the rule about names", () => {
  it("objects to a node that stops for a name conflict, unless it follows memberlist's rules", () => {
    const { rule, nodes, scene } = stage(NamesAreKept);
    const [n0, n1] = nodes;
    const halt = { kind: "halt", reason: "name conflict" } as const;
    n0!.isPeer = true;
    rule.effect(1, n0!.node, halt);
    expect(texts(rule)).toEqual([]);
    rule.effect(2, n1!.node, halt);
    expect(texts(rule)).toEqual(["2: n1 at 10.0.0.1 stops: name conflict"]);
    rule.quiet();
    expect(rule.judged).toBe(0);
    n1!.address = { host: "10.128.0.1", port: 7946 };
    scene.truth.started(3, n1!.node);
    rule.quiet();
    expect(rule.judged).toBe(1);
  });
});

describe("rules about views", () => {
  it("object to a view that differs from the truth after quiet", () => {
    const { rule, nodes, scene } = stage(ViewsAgree);
    const [n0, n1, n2] = nodes;
    rule.quiet(1);
    expect(texts(rule)).toEqual([]);
    scene.truth.crashed(2, n2!.node);
    n0!.view.set("n2", { status: "left", tags: {} });
    n1!.view.delete("n2");
    n1!.view.set("n0", { status: "alive", tags: { x: "1" } });
    rule.quiet(3);
    expect(texts(rule)).toEqual(["3: n0 sees n2 left, it is failed", "3: n1 sees old tags of n0"]);
  });

  it("accept either belief of a member that left, and whose return others may not know of", () => {
    const { rule, nodes, scene } = stage(ViewsAgree);
    const [n0, , n2] = nodes;
    const { truth } = scene;
    const live = (startMs: number, endMs: number): void => {
      truth.started(startMs, n2!.node);
      truth.crashed(endMs, n2!.node);
    };
    for (const state of ["leaving", "left", "alive"] as const) {
      n2!.state = state;
      if (state !== "alive") truth.turned(1_000, n2!.node);
    }
    truth.crashed(2_000, n2!.node);
    n0!.view.set("n2", { status: "left", tags: {} });
    nodes[1]!.view.set("n2", { status: "failed", tags: {} });
    live(3_000, 3_000 + scene.bounds.reachMs - 1);
    rule.quiet(1_000_000);
    truth.disturb("delay");
    live(100_000, 200_000);
    truth.calm(300_000, "delay");
    rule.quiet(1_000_001);
    expect(texts(rule)).toEqual([]);
    live(400_000, 400_000 + scene.bounds.reachMs);
    rule.quiet(1_000_002);
    expect(texts(rule)).toEqual(["1000002: n0 sees n2 left, it is failed"]);
  });

  it("accept that a member failed which returned, joined nobody and left", () => {
    const { rule, nodes, scene } = stage(ViewsAgree);
    const [n0, n1, n2] = nodes;
    const { truth } = scene;
    truth.crashed(1_000, n2!.node);
    for (const { view } of [n0!, n1!]) view.set("n2", { status: "failed", tags: {} });
    const leave = (now: number): void => {
      for (const state of ["leaving", "left"] as const) {
        n2!.state = state;
        truth.turned(now, n2!.node);
      }
    };
    truth.started(2_000, n2!.node);
    leave(3_000);
    rule.quiet(1_000_000);
    expect(texts(rule)).toEqual([]);
    truth.started(1_100_000, n2!.node);
    truth.joined(1_100_000, 2);
    leave(1_200_000);
    rule.quiet(2_000_000);
    expect(texts(rule)).toEqual(["0", "1"].map((n) => `2000000: n${n} sees n2 failed, it is left`));
  });

  it("object to a member that is seen alive after quiet at an address that it had before", () => {
    const { rule, nodes, scene } = stage(ViewsAgree);
    const [n0, n1, n2] = nodes;
    n2!.address = { host: "10.128.0.1", port: 7946 };
    scene.truth.started(1, n2!.node);
    const at = { status: "alive", tags: {}, address: "10.128.0.1" };
    n0!.view.set("n2", at);
    n1!.view.set("n1", at);
    n2!.view.set("n2", at);
    rule.quiet(2);
    expect(texts(rule)).toEqual([
      "2: n1 sees n1 at 10.128.0.1, it is at 10.0.0.1",
      "2: n1 sees n2 at 10.0.0.2, it is at 10.128.0.1",
    ]);
  });

  it("object to a member that is seen alive after quiet and does not run, or never was one", () => {
    const { rule, nodes, scene } = stage(OnlyTheRunningAreAlive);
    const [n0, n1, n2] = nodes;
    scene.truth.crashed(2, n2!.node);
    n0!.view.set("n2", { status: "failed", tags: {} });
    n0!.view.set("stranger", { status: "failed", tags: {} });
    n1!.view.delete("n2");
    rule.quiet(3);
    expect(texts(rule)).toEqual([]);
    n0!.view.set("stranger", { status: "alive", tags: {} });
    n1!.view.set("n2", { status: "alive", tags: {} });
    rule.quiet(4);
    expect(texts(rule)).toEqual([
      "4: n0 sees stranger alive, which does not run",
      "4: n1 sees n2 alive, which does not run",
    ]);
  });

  it("object to a member that is gone for long and still kept by the layer below", () => {
    const { rule, nodes, scene } = stage(TheGoneAreForgotten);
    const [n0, , n2] = nodes;
    scene.truth.crashed(1_000, n2!.node);
    n0!.incarnations.set("n1", 1);
    n0!.incarnations.set("n2", 1);
    const at = 1_000 + scene.bounds.forgetMs;
    rule.quiet(at - 1);
    expect(texts(rule)).toEqual([]);
    rule.quiet(at);
    expect(texts(rule)).toEqual([`${at}: n0 still keeps n2 for the layer below`]);
  });

  it("object to a left node that is shown failed", () => {
    const { rule, nodes, scene } = stage(LeftIsNotFailed);
    const [n0, n1, n2] = nodes;
    n1!.state = "leaving";
    scene.truth.turned(200_000, n1!.node);
    n1!.state = "left";
    scene.truth.turned(201_000, n1!.node);
    scene.truth.crashed(201_000, n2!.node);
    rule.effect(205_000, n0!.node, reports("member-failed", "n2"));
    rule.effect(205_000, n0!.node, reports("member-leave", "n1"));
    expect(texts(rule)).toEqual([]);
    rule.effect(205_000, n0!.node, reports("member-failed", "n1"));
    expect(texts(rule)).toEqual(["205000: n0 reports that n1 failed, which left"]);
  });

  it("object to a crashed node that is shown left", () => {
    const { rule, nodes, scene } = stage(CrashedIsNotLeft);
    const [n0, n1, n2] = nodes;
    scene.truth.crashed(1_000, n1!.node);
    scene.truth.crashed(1_000, n2!.node);
    scene.truth.removed(9_000, 2);
    rule.effect(9_500, n0!.node, reports("member-leave", "n2"));
    expect(texts(rule)).toEqual([]);
    rule.effect(9_500, n0!.node, reports("member-leave", "n1"));
    expect(texts(rule)).toEqual(["9500: n0 reports that n1 left, which did not"]);
  });
});

describe("rules about failures", () => {
  const suspect = { status: "suspect", incarnation: 1 } as const;

  it("object to a death of a node that runs, unless a fault explains it", () => {
    const { rule, nodes, scene } = stage(NoFalseFailures);
    const [n0, , n2] = nodes;
    scene.truth.disturb("failure");
    rule.changed(200_000, change(n0!, "n1", suspect, "dead", 1));
    scene.truth.calm(200_000, "failure");
    rule.changed(201_000, change(n0!, "n1", suspect, "dead", 1));
    scene.truth.crashed(201_000, n2!.node);
    rule.changed(600_000, change(n0!, "n2", suspect, "dead", 1));
    expect(texts(rule)).toEqual([]);
    n0!.view.set("n1", { status: "alive", tags: {}, address: "10.128.0.1" });
    rule.changed(600_000, change(n0!, "n1", suspect, "dead", 1));
    expect(texts(rule)).toEqual([]);
    n0!.view.set("n1", { status: "alive", tags: {} });
    rule.changed(600_000, change(n0!, "n1", suspect, "dead", 1));
    expect(texts(rule)).toEqual(["600000: n0 declares n1 dead at 1, which runs"]);
  });

  it("object to a suspicion while there is no fault at all", () => {
    const { rule, nodes, scene } = stage(NoSuspicionInCalm);
    const [n0, n1] = nodes;
    const alive = { status: "alive", incarnation: 1 } as const;
    scene.truth.disturb("disorder");
    rule.changed(500_000, change(n0!, "n1", alive, "suspect", 1));
    scene.truth.calm(500_000, "disorder");
    rule.changed(500_001, change(n0!, "n1", alive, "suspect", 1));
    n1!.state = "left";
    rule.changed(900_000, change(n1!, "n2", alive, "suspect", 1));
    nodes[2]!.address = { host: "10.128.0.1", port: 7946 };
    scene.truth.started(700_000, nodes[2]!.node);
    const settledAt = 700_000 + scene.bounds.recoveryMs;
    rule.changed(settledAt - 1, change(n0!, "n2", alive, "suspect", 1));
    expect(texts(rule)).toEqual([]);
    rule.changed(settledAt, change(n0!, "n2", alive, "suspect", 1));
    expect(texts(rule)).toEqual([`${settledAt}: n0 suspects n2, which runs`]);
  });

  it("object to a suspicion that ends too early", () => {
    const { rule, nodes } = stage(SuspicionsLast);
    const [n0, n1] = nodes;
    const alive = { status: "alive", incarnation: 1 } as const;
    rule.changed(1_000, change(n0!, "n2", alive, "suspect", 1));
    rule.changed(4_000, change(n1!, "n2", alive, "suspect", 1));
    rule.changed(5_000, change(n1!, "n2", suspect, "dead", 1));
    expect(texts(rule)).toEqual([]);
    rule.changed(6_000, change(n0!, "n2", alive, "suspect", 2));
    rule.changed(9_000, change(n1!, "n2", suspect, "dead", 2));
    expect(texts(rule)).toEqual(["9000: n1 declares n2 dead 3000 ms after its first suspicion"]);
  });

  it("excuse the early death of a member that was gone, but for a life that nobody noticed", () => {
    const { rule, nodes, scene } = stage(SuspicionsLast);
    const [n0, , n2] = nodes;
    const alive = { status: "alive", incarnation: 1 } as const;
    const end = (now: number): void => {
      scene.truth.crashed(now, n2!.node);
      rule.crashed(now, n2!.node);
    };
    const { spreadMs, swim } = scene.bounds;
    end(10_000);
    scene.truth.started(13_000, n2!.node);
    end(13_000 + spreadMs - 1);
    rule.changed(13_000 + spreadMs, change(n0!, "n2", alive, "suspect", 1));
    const soon = 13_000 + spreadMs + swim.crashHoldMs - 2;
    rule.changed(soon, change(n0!, "n2", suspect, "dead", 1));
    expect(texts(rule)).toEqual([]);
    scene.truth.started(30_000, n2!.node);
    end(30_000 + spreadMs);
    rule.changed(30_000 + spreadMs, change(n0!, "n2", alive, "suspect", 2));
    rule.changed(30_000 + spreadMs + swim.crashHoldMs - 1, change(n0!, "n2", suspect, "dead", 2));
    expect(rule.broken).toBe(1);
  });

  it("object to a crash that nobody notices", () => {
    const { rule, nodes, scene } = stage(CrashesAreDetected);
    const [n0, n1, n2] = nodes;
    scene.truth.crashed(1_000, n2!.node);
    rule.crashed(1_000, n2!.node);
    n0!.view.set("n2", { status: "failed", tags: {} });
    rule.turned(1_000 + scene.bounds.detectionMs - 1);
    expect(texts(rule)).toEqual([]);
    const at = 1_000 + scene.bounds.detectionMs;
    rule.turned(at);
    expect(texts(rule)).toEqual([`${at}: n1 still sees n2 alive, which ended at 1000`]);
    expect(n1!.running).toBe(true);
  });

  it("give more time where most members crashed, as it takes one that is left to probe them", () => {
    const { rule, nodes, scene } = stage(CrashesAreDetected);
    const [n0, n1, n2] = nodes;
    for (const { node } of [n1!, n2!]) {
      scene.truth.crashed(1_000, node);
      rule.crashed(1_000, node);
    }
    n0!.view.set("n1", { status: "failed", tags: {} });
    const at = 1_000 + scene.bounds.lonelyDetectionMs;
    for (const now of [1_000 + scene.bounds.detectionMs, at - 1]) rule.turned(now);
    expect(texts(rule)).toEqual([]);
    rule.turned(at);
    expect(texts(rule)).toEqual([`${at}: n0 still sees n2 alive, which ended at 1000`]);
  });

  it("object to an announcement that does not get through", () => {
    const { rule, nodes, scene } = stage(AnnouncementsSpread);
    const [n0, n1, n2] = nodes;
    for (const node of [n0!, n1!, n2!]) node.incarnations.set("n1", 5);
    n0!.incarnations.set("n1", 4);
    rule.changed(1_000, change(n2!, "n1", { status: "alive", incarnation: 4 }, "alive", 5));
    const at = 1_000 + scene.bounds.reachMs;
    rule.turned(at);
    expect(texts(rule)).toEqual([`${at}: n0 has n1 at 4, which is at 5`]);
  });

  it("object in a real world to a node that is deaf, and so does not refute", () => {
    const play = (deaf: boolean): string[] => {
      const checkers = new Checkers({ seed: 7, size: 5 });
      const world = new CoreWorld({ seed: 7, size: 5, watchers: [checkers] });
      for (const node of world.nodes) world.start(node);
      for (const node of world.nodes.slice(1)) world.join(node, world.nodes[0]!);
      world.run(150_000);
      if (deaf) {
        const { core } = world.nodes[3]!;
        core.packet = () => undefined;
        core.stream = () => undefined;
      }
      world.run(60_000);
      return checkers.report();
    };
    expect(play(false)).toEqual([]);
    expect(play(true)).toContainEqual(
      expect.stringMatching(/^seed 7, \d+ ms: n\d declares n\d dead at \d+, which runs \(no false failure/),
    );
  });
});
