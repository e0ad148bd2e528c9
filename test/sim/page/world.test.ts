/** What the page shows, without a page: the driver, the observer, the captions and the steps of the tour. */

import { describe, expect, it } from "vitest";
import { type Caption, Captions } from "../../../runtimes/sim/page/captions.ts";
import { Driver } from "../../../runtimes/sim/page/driver.ts";
import type { Happening, SentPacket } from "../../../runtimes/sim/page/happenings.ts";
import { Observer } from "../../../runtimes/sim/page/observer.ts";
import { Session } from "../../../runtimes/sim/page/session.ts";
import { type Deed, readFragment, type Setting } from "../../../runtimes/sim/page/setting.ts";
import { steps, tourSetting } from "../../../runtimes/sim/page/tour.ts";
import { belief } from "../../../runtimes/sim/page/views.ts";

const deeds =
  "3000:event:3,5000:crash:7,9000:loss:5,16000:pause:4,19000:resume:4,25000:split,45000:heal,50000:restart:7";

function setting(actions: string, nodes = 12): Setting {
  return readFragment(`#nodes=${nodes}&seed=7&do=${actions}`).setting;
}

/** Plays a setting and returns all that was seen. */
function watch(
  given: Setting,
  ms: number,
): { session: Session; happenings: Happening[]; packets: SentPacket[] } {
  const happenings: Happening[] = [];
  const packets: SentPacket[] = [];
  const observer = new Observer(
    given.nodes,
    (happening) => happenings.push(happening),
    (packet) => packets.push(packet),
  );
  const driver = new Driver(given, [observer]);
  observer.attach(driver.world);
  driver.advance(ms);
  return { session: { driver, observer } as Session, happenings, packets };
}

describe("a run", () => {
  it("has the same history in whatever pieces time passes, and whoever looks", () => {
    const given = setting(deeds);
    const alone = new Driver(given, []);
    alone.advance(60_000);
    const session = new Session(given);
    for (let piece = 1; session.driver.now < 60_000; piece = (piece * 7) % 103) {
      session.observer.closely = piece % 2 === 0;
      session.driver.advance(Math.min(piece, 60_000 - session.driver.now));
    }
    expect(session.driver.world.history.hash).toBe(alone.world.history.hash);
  });

  it("by hand is replayed by its setting", () => {
    const byHand = new Session(setting("", 8));
    const todo: [number, Deed][] = [
      [2_345, { kind: "event", node: 1 }],
      [3_001, { kind: "crash", node: 2 }],
      [3_001, { kind: "slow", node: 3 }],
      [9_000, { kind: "cut", node: 4, other: 5 }],
      [12_000, { kind: "leave", node: 6 }],
    ];
    for (const [at, deed] of todo) {
      while (byHand.driver.now < at) byHand.driver.advance(Math.min(16, at - byHand.driver.now));
      expect(byHand.driver.act(deed)).toBe(true);
    }
    byHand.driver.advance(20_000 - byHand.driver.now);
    expect(byHand.driver.setting.actions.map(({ at }) => at)).toEqual(todo.map(([at]) => at));
    const replayed = new Driver(byHand.driver.setting, []);
    replayed.advance(20_000);
    expect(replayed.world.history.hash).toBe(byHand.driver.world.history.hash);
  });

  it("drops what was planned for later when something is done", () => {
    const driver = new Driver(setting("2000:crash:1,9000:crash:2"), []);
    driver.advance(5_000);
    driver.act({ kind: "event", node: 3 });
    expect(driver.setting.actions.map(({ kind }) => kind)).toEqual(["crash", "event"]);
    driver.advance(10_000);
    expect(driver.world.nodes[2]!.running).toBe(true);
  });

  it("leaves out what is not possible", () => {
    const driver = new Driver(setting("2000:restart:1,3000:crash:1,3000:crash:1,3000:pause:1,3000:heal"), []);
    driver.advance(5_000);
    expect(driver.absence(driver.world.nodes[1]!)).toBe("crashed");
    expect(driver.act({ kind: "event", node: 1 })).toBe(false);
    expect(driver.act({ kind: "restart", node: 1 })).toBe(true);
  });

  it("can cut off a second node, and then make the network whole", () => {
    const { driver } = watch(setting("5000:isolate:1,6000:isolate:2"), 7_000).session;
    const { links } = driver.world;
    expect([links.reaches(1, 0), links.reaches(1, 2), links.reaches(0, 3)]).toEqual([false, false, true]);
    expect(driver.allows({ kind: "isolate", node: 2 })).toBe(false);
    driver.act({ kind: "heal" });
    expect(links.reaches(1, 2)).toBe(true);
  });
});

describe("the observer", () => {
  it("knows at every moment what each node believes", () => {
    const { session } = watch(setting(deeds), 35_000);
    const { views } = session.observer;
    const { nodes } = session.driver.world;
    const running = nodes.filter((node) => node.running);
    expect(views.running).toBe(running.length);
    for (const { index, name } of nodes) {
      for (const other of running) {
        if (other.index === index) continue;
        const known = other.core.inspect().node(name);
        expect(views.of(other.index, index)).toBe(
          known === undefined ? belief.unknown : belief[known.status],
        );
      }
      for (const which of Object.values(belief)) {
        const count = running.filter(
          (other) => other.index !== index && views.of(other.index, index) === which,
        ).length;
        expect(views.count(index, which)).toBe(count);
      }
    }
  });

  it("sees an event go to each node once, from one that has it", () => {
    const { happenings } = watch(setting("3000:event:3"), 5_000);
    const passed = happenings.filter(({ kind }) => kind === "passed") as Extract<
      Happening,
      { kind: "passed" }
    >[];
    expect(passed.map(({ node }) => node).sort((a, b) => a - b)).toEqual([0, 1, 2, 4, 5, 6, 7, 8, 9, 10, 11]);
    const has = new Set([3]);
    for (const { node, other } of passed) {
      expect(has).toContain(other);
      has.add(node);
    }
  });

  it("counts an event only where it is: a program that crashed has lost it", () => {
    const { session } = watch(setting("3000:event:3,5000:crash:7,6000:restart:7"), 5_500);
    expect(session.observer.lastEvent).toMatchObject({ name: "event 1", count: 11 });
    expect(session.observer.lastEvent!.has[7]).toBe(0);
  });

  it("tells packets that are lost from those that arrive", () => {
    const whole = watch(setting("3000:event:3"), 10_000).packets;
    expect(whole.some(({ lost }) => lost)).toBe(false);
    expect(new Set(whole.map(({ kind }) => kind))).toEqual(new Set(["gossip", "probe", "reply", "event"]));
    const split = watch(setting("3000:split"), 10_000).packets.filter(({ lost }) => lost);
    expect(split.length).toBeGreaterThan(10);
    for (const { from, to } of split) expect(from < 6).not.toBe(to < 6);
  });
});

describe("captions", () => {
  function told(actions: string, ms: number, which?: Caption["weight"]): string[] {
    const session = new Session(setting(actions));
    session.driver.advance(ms);
    return session.captions
      .filter(({ weight }) => which === undefined || weight === which)
      .map(({ text }) => text);
  }

  it("tell a crash from the first probe to the last node that knows", () => {
    const all = told("5000:crash:7", 30_000);
    const places = [
      /^n7 crashes without a word/,
      /^n\d+ got no ack from n7; it asks n\d+, n\d+ and n\d+ to probe it/,
      /^n\d+ suspects n7, because neither it nor a helper got an ack\. n7 has 4\.3 s to 25\.9 s to refute/,
      /^n\d+ declares n7 failed, \d+\.\d s after the crash/,
      /^All 11 running nodes know that n7 has failed, \d+\.\d s after its crash\.$/,
    ].map((pattern) => all.findIndex((text) => pattern.test(text)));
    expect(places).not.toContain(-1);
    expect(places).toEqual([...places].sort((a, b) => a - b));
  });

  it("tell how an event spreads", () => {
    const notable = told("3000:event:3", 5_000, "notable");
    expect(notable.slice(1)).toEqual([
      expect.stringMatching(/^All 12 nodes know each other, \d\.\d s after the first started\.$/),
      "n3 sends “event 1” and passes it on to its neighbours and to random nodes.",
      expect.stringMatching(/^Half of the nodes have “event 1” after \d+ ms\.$/),
      expect.stringMatching(/^All 12 running nodes have “event 1”, \d+ ms after it was sent\.$/),
    ]);
  });

  it("tell a suspicion that is refuted", () => {
    const notable = told("5000:pause:4,8500:resume:4", 20_000, "notable");
    expect(notable).toContainEqual(expect.stringMatching(/^n4 receives that n\d+ suspects it, and refutes/));
    expect(notable).toContain("Nobody suspects n4 any more.");
    expect(notable.join()).not.toContain("failed");
  });

  it("stay few while many nodes fail for each other", () => {
    const notable = told("5000:split,60000:heal", 120_000, "notable");
    expect(notable.length).toBeLessThan(20);
    expect(notable.at(-1)).toMatch(/^(All running nodes know each other again|Nobody suspects)/);
  });

  it("are written for everything that can be done", () => {
    const written: Caption[] = [];
    const scene = { running: 12, runs: () => true, isSlow: () => false };
    const captions = new Captions(setting(""), scene, (caption) => written.push(caption));
    const kinds = ["crash", "restart", "pause", "resume", "slow", "quick", "leave", "isolate"] as const;
    const all: Deed[] = [
      ...kinds.map((kind): Deed => ({ kind, node: 1 })),
      { kind: "cut", node: 1, other: 2 },
      { kind: "split" },
      { kind: "heal" },
      { kind: "loss", value: 3 },
      { kind: "latency", value: 30 },
    ];
    for (const deed of all) captions.happened({ kind: "done", action: { ...deed, at: 1 } }, 1);
    expect(written).toHaveLength(1 + all.length);
    expect(new Set(written.map(({ text }) => text)).size).toBe(1 + all.length);
  });
});

describe("the tour", () => {
  it("comes to its end, step by step", () => {
    const session = new Session(tourSetting);
    for (const { title, begin, isOver } of steps) {
      begin(session);
      const limit = session.driver.now + 120_000;
      while (!isOver(session)) {
        expect(session.driver.now, title).toBeLessThan(limit);
        session.driver.advance(16);
      }
    }
    expect(session.captions.some(({ text }) => /n13 .*health score rises/.test(text))).toBe(true);
  });

  it("shows no wrong report outside of the partition", () => {
    const session = new Session(tourSetting);
    for (const { begin, isOver } of steps) {
      begin(session);
      while (!isOver(session)) session.driver.advance(16);
    }
    session.driver.advance(30_000);
    expect(session.captions.filter(({ text }) => text.includes("that is wrong"))).toEqual([]);
  });
});
