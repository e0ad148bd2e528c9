import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Broadcasts } from "../../../src/core/swim/queue/broadcasts.ts";

function queue(nodes = 1, lengthMax = 100): Broadcasts {
  return new Broadcasts({ retransmitMult: 2, nodeCount: () => nodes, lengthMax: () => lengthMax });
}

const bytes = (length: number, fill = 0): Uint8Array => new Uint8Array(length).fill(fill);

describe("broadcasts", () => {
  it("are sent least transmitted first, then longest, then newest", () => {
    const news = queue(10);
    news.queue(bytes(3, 1), undefined);
    news.queue(bytes(5, 2), undefined);
    news.queue(bytes(5, 3), undefined);
    const order = (limit: number): number[] =>
      news.fetch({ overhead: 0, limit, countMax: 9 }).map((message) => message[0]!);
    expect(order(10)).toEqual([3, 2]);
    expect(order(8)).toEqual([1, 3]);
    expect(order(5)).toEqual([2]);
  });

  it("are sent as often as the cluster needs, then finished", () => {
    const finished: string[] = [];
    const news = queue(1);
    news.queue(bytes(3), "a", () => finished.push("a"));
    expect(news.fetch({ overhead: 2, limit: 10, countMax: 9 })).toHaveLength(1);
    expect(finished).toEqual([]);
    expect(news.fetch({ overhead: 2, limit: 10, countMax: 9 })).toHaveLength(1);
    expect(finished).toEqual(["a"]);
    expect(news.fetch({ overhead: 2, limit: 10, countMax: 9 })).toEqual([]);
  });

  it("are finished once, even if another message takes their place in memory", () => {
    let finished = 0;
    const broadcasts = queue(1);
    const send = (): void => {
      for (let times = 0; times < 2; times++) broadcasts.fetch({ overhead: 0, limit: 9, countMax: 9 });
      for (const side of ["before", "after"] as const) broadcasts.forgive(side);
    };
    broadcasts.queue(bytes(3), undefined, () => finished++);
    send();
    broadcasts.queue(bytes(3), undefined);
    send();
    expect([finished, broadcasts.entryCount]).toEqual([1, 0]);
  });

  it.each([
    [1, 2],
    [2, 2],
    [4, 3],
    [9, 8],
    [10, 8],
    [99, 8],
    [1_000, 8],
    [10_000, 10],
  ])("sends to all others if there are few, and to a number by formula if there are many: %i nodes", (nodes, times) => {
    expect(queue(nodes).transmitLimit).toBe(times);
  });

  it("replaces an older message about the same name and finishes the replaced one", () => {
    const finished: string[] = [];
    const news = queue();
    news.queue(bytes(3, 1), "a", () => finished.push("old"));
    news.queue(bytes(3, 2), "a", () => finished.push("new"));
    expect(finished).toEqual(["old"]);
    expect(news.fetch({ overhead: 0, limit: 10, countMax: 9 })).toEqual([bytes(3, 2)]);
  });

  it("drops the most transmitted, shortest, oldest messages beyond its bound at once", () => {
    const finished: number[] = [];
    const news = queue(1000, 3);
    news.queue(bytes(9, 0), undefined, () => finished.push(0));
    news.fetch({ overhead: 0, limit: 9, countMax: 9 });
    for (let index = 1; index <= 3; index++)
      news.queue(bytes(index, index), undefined, () => finished.push(index));
    expect(news.length).toBe(3);
    expect(finished).toEqual([0]);
    expect(news.dropped).toBe(1);
  });

  it("never exceeds the limit or the count, and never returns an entry twice in one fetch", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 60 }),
        fc.integer({ min: 0, max: 4 }),
        fc.array(
          fc.record({ limit: fc.integer({ min: 0, max: 200 }), count: fc.integer({ min: 0, max: 9 }) }),
        ),
        (lengths, overhead, fetches) => {
          const news = queue(100);
          lengths.forEach((length, index) => {
            news.queue(bytes(length, index), undefined);
          });
          const sent = new Map<number, number>();
          for (const { limit, count } of fetches) {
            const messages = news.fetch({ overhead, limit, countMax: count });
            const used = messages.reduce((sum, message) => sum + message.length + overhead, 0);
            expect(used).toBeLessThanOrEqual(Math.max(limit, 0));
            expect(messages.length).toBeLessThanOrEqual(count);
            const ids = messages.map((message) => message[0]!);
            expect(new Set(ids).size).toBe(ids.length);
            for (const id of ids) sent.set(id, (sent.get(id) ?? 0) + 1);
          }
          for (const times of sent.values()) expect(times).toBeLessThanOrEqual(news.transmitLimit);
        },
      ),
    );
  });
});

describe("a queue that begins with the oldest", () => {
  const queue = (): Broadcasts =>
    new Broadcasts({ retransmitMult: 1, nodeCount: () => 3, lengthMax: () => 100, oldestFirst: true });
  const first = (parts: readonly Uint8Array[]): number[] => parts.map((part) => part[0]!);

  it("fills packets in the order of queueing, newest part first, whatever the sizes", () => {
    const broadcasts = queue();
    for (const [index, size] of [3, 9, 1, 5].entries()) broadcasts.queue(bytes(size, index), undefined);
    expect(first(broadcasts.fetch({ overhead: 0, limit: 13, countMax: 10 }))).toEqual([2, 1, 0]);
    expect(first(broadcasts.fetch({ overhead: 0, limit: 5, countMax: 10 }))).toEqual([3]);
  });

  it("lets nothing overtake an entry that does not fit", () => {
    const broadcasts = queue();
    for (const [index, size] of [3, 9, 1].entries()) broadcasts.queue(bytes(size, index), undefined);
    expect(first(broadcasts.fetch({ overhead: 0, limit: 5, countMax: 10 }))).toEqual([0]);
    expect(first(broadcasts.fetch({ overhead: 0, limit: 10, countMax: 10 }))).toEqual([2, 1]);
  });

  it("drops the oldest of the most sent ones when it is full", () => {
    const broadcasts = queue();
    for (let index = 0; index < 4; index++) broadcasts.queue(bytes(2, index), undefined);
    broadcasts.prune(2);
    expect(first(broadcasts.fetch({ overhead: 0, limit: 100, countMax: 10 }))).toEqual([3, 2]);
  });
});

describe("what is sent to neighbours on the ring", () => {
  const limits = { overhead: 0, limit: 100, countMax: 10 };
  const make = (oldestFirst: boolean, count = 3): Broadcasts =>
    new Broadcasts({ retransmitMult: 1, nodeCount: () => count, lengthMax: () => 5, oldestFirst });
  const first = (messages: readonly Uint8Array[]): number[] => messages.map((message) => message[0]!);

  it("is everything, once to each side", () => {
    const broadcasts = make(true);
    for (const value of [1, 2]) broadcasts.queue(Uint8Array.of(value), undefined);
    expect(first(broadcasts.fetch({ ...limits, side: "before" }))).toEqual([2, 1]);
    expect(broadcasts.fetch({ ...limits, side: "before" })).toEqual([]);
    expect(first(broadcasts.fetch({ ...limits, side: "after" }))).toEqual([2, 1]);
    expect(broadcasts.fetch({ ...limits, side: "after" })).toEqual([]);
  });

  it("counts as sent", () => {
    const broadcasts = make(true);
    let finished = 0;
    broadcasts.queue(Uint8Array.of(1), undefined, () => (finished += 1));
    broadcasts.fetch({ ...limits, side: "before" });
    expect(finished).toBe(0);
    broadcasts.fetch({ ...limits, side: "after" });
    expect([finished, broadcasts.length]).toEqual([1, 0]);
  });

  it("includes what others received often enough", () => {
    const broadcasts = make(true);
    let finished = 0;
    broadcasts.queue(Uint8Array.of(1), undefined, () => (finished += 1));
    for (let sent = 0; sent < 2; sent++) expect(first(broadcasts.fetch(limits))).toEqual([1]);
    expect([finished, broadcasts.length]).toEqual([1, 0]);
    expect(first(broadcasts.fetch({ ...limits, side: "after" }))).toEqual([1]);
    expect(finished).toBe(1);
  });

  it("does not include what was replaced, dropped or forgiven", () => {
    const broadcasts = make(false, 9);
    broadcasts.queue(Uint8Array.of(1), "x");
    broadcasts.queue(Uint8Array.of(2), "x");
    expect(first(broadcasts.fetch({ ...limits, side: "before" }))).toEqual([2]);
    broadcasts.prune(0);
    expect(broadcasts.fetch({ ...limits, side: "after" })).toEqual([]);
    broadcasts.queue(Uint8Array.of(3), "y");
    broadcasts.forgive("after");
    expect(broadcasts.fetch({ ...limits, side: "after" })).toEqual([]);
  });

  it("is bounded, without the oldest", () => {
    const broadcasts = make(true);
    for (let value = 0; value < 9; value++) {
      broadcasts.queue(Uint8Array.of(value), undefined);
      for (let sent = 0; sent < 2; sent++) broadcasts.fetch(limits);
    }
    expect(first(broadcasts.fetch({ ...limits, side: "before" }))).toEqual([8, 7, 6, 5, 4]);
  });

  it("waits for room in its order, or lets smaller ones pass", () => {
    for (const [oldestFirst, expected] of [
      [true, [1]],
      [false, [1, 3]],
    ] as const) {
      const broadcasts = make(oldestFirst);
      for (const [value, size] of [
        [1, 4],
        [2, 8],
        [3, 4],
      ] as const) {
        broadcasts.queue(new Uint8Array(size).fill(value), undefined);
      }
      expect(first(broadcasts.fetch({ ...limits, limit: 10, side: "before" }))).toEqual(expected);
    }
  });
});
