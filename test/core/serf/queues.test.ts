import { describe, expect, it } from "vitest";
import { SerfQueues } from "../../../src/core/serf/queues.ts";
import { Tally } from "../../../src/core/swim/queue/tally.ts";
import { Network, testContext } from "./nodes.ts";

function queues(room = 1_392): { queues: SerfQueues; check: () => string[] } {
  const context = testContext({ name: "a", queueDepthWarning: 4, queueDepthMax: 10 });
  const made = new SerfQueues(context, {
    retransmitMult: 4,
    smallClusters: true,
    memberCount: () => 1,
    room: () => room,
    tally: new Tally(),
  });
  const check = (): string[] => {
    made.check();
    return context.outbox.drain().flatMap((effect) => (effect.kind === "log" ? [effect.text] : []));
  };
  return { queues: made, check };
}

const fill = (made: SerfQueues, count: number): void => {
  for (let index = 0; index < count; index++) made.events.queue(new Uint8Array(10), undefined);
};

describe("the queues", () => {
  it("share the room of a packet", () => {
    const { queues: made } = queues();
    made.intents.queue(new Uint8Array(600), undefined);
    made.queries.queue(new Uint8Array(500), undefined);
    made.events.queue(new Uint8Array(500), undefined);
    expect(made.fetch(3, 1_392).map(({ length }) => length)).toEqual([600, 500]);
    expect(made.fetch(3, 600).map(({ length }) => length)).toEqual([500]);
  });

  it("log a warning when they grow long, when they double, when they stay long, and again after they were short", () => {
    const { queues: made, check } = queues();
    fill(made, 3);
    expect(check()).toEqual([]);
    fill(made, 1);
    expect(check()).toEqual(["Event queue depth: 4"]);
    fill(made, 3);
    for (let round = 0; round < 9; round++) expect(check()).toEqual([]);
    expect(check()).toEqual(["Event queue depth: 7"]);
    made.events.prune(1);
    expect(check()).toEqual([]);
    fill(made, 3);
    expect(check()).toEqual(["Event queue depth: 4"]);
    fill(made, 4);
    expect(check()).toEqual(["Event queue depth: 8"]);
  });

  it("log how many messages they dropped when they are full", () => {
    const { queues: made, check } = queues();
    fill(made, 25);
    expect(made.events.length).toBe(10);
    expect(check()).toEqual([
      "Event queue depth (25) exceeds limit (10), dropping messages!",
      "Event queue depth: 10",
    ]);
    expect(check()).toEqual([]);
  });

  it("reject messages that no packet can carry, and notify the caller that waits", () => {
    const { queues: made } = queues(100);
    let finished = 0;
    expect(made.queries.queue(new Uint8Array(101), undefined, () => finished++)).toBe(false);
    expect(made.queries.queue(new Uint8Array(100), undefined)).toBe(true);
    expect([made.queries.length, finished]).toEqual([1, 1]);
    expect(made.fetch(0, 100)).toHaveLength(1);
  });

  it("hold one intent for a member: the newest", () => {
    const network = new Network();
    const nodes = ["a", "b", "c"].map((name) => network.add(name));
    network.join();
    network.run(10_000);
    expect(nodes[0]!.core.stats()["intent_queue"]).toBe("0");
    network.fate = () => 0;
    for (let index = 0; index < 5; index++)
      nodes[0]!.core.removeFailedNode(network.now, 100 + index, "gone", false);
    network.settle();
    expect(nodes[0]!.core.stats()["intent_queue"]).toBe("1");
    expect(nodes[0]!.effects.filter(({ kind }) => kind === "settle")).toHaveLength(4);
  });
});
