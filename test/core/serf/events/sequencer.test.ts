import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { UserEvent } from "../../../../src/core/serf/api.ts";
import { heldInOrderMax, Sequencer } from "../../../../src/core/serf/events/sequencer.ts";

const event = (time: number): UserEvent => ({
  type: "user",
  lamportTime: BigInt(time),
  name: "e",
  payload: new Uint8Array(),
  coalesce: false,
});

const times = (events: readonly UserEvent[]): number[] =>
  events.map(({ lamportTime }) => Number(lamportTime));

describe("a sequencer", () => {
  it("delivers an event at once if none before it is missing", () => {
    const sequencer = new Sequencer(50);
    expect(times(sequencer.add(0, event(1)))).toEqual([1]);
    expect(times(sequencer.add(0, event(2)))).toEqual([2]);
    expect(sequencer.deadline).toBeUndefined();
  });

  it("holds an event until those before it have come", () => {
    const sequencer = new Sequencer(50);
    expect(times(sequencer.add(0, event(3)))).toEqual([]);
    expect(times(sequencer.add(0, event(2)))).toEqual([]);
    expect(times(sequencer.add(0, event(1)))).toEqual([1, 2, 3]);
  });

  it("delivers held events of one time in the order in which they came", () => {
    const sequencer = new Sequencer(50);
    for (const name of ["a", "b", "c"]) sequencer.add(0, { ...event(3), name });
    expect(sequencer.flush().map(({ name }) => name)).toEqual(["a", "b", "c"]);
  });

  it("delivers an event after its hold, with those before it, and does not wait for a late one", () => {
    const sequencer = new Sequencer(50);
    sequencer.add(0, event(5));
    sequencer.add(20, event(3));
    sequencer.add(20, event(7));
    expect(sequencer.deadline).toBe(50);
    expect(times(sequencer.expire(49))).toEqual([]);
    expect(times(sequencer.expire(50))).toEqual([3, 5]);
    expect(sequencer.deadline).toBe(70);
    expect(times(sequencer.add(60, event(4)))).toEqual([4]);
    expect(times(sequencer.add(60, event(6)))).toEqual([6, 7]);
  });

  it("delivers all events of one time", () => {
    const sequencer = new Sequencer(50);
    expect(times(sequencer.add(0, event(1)))).toEqual([1]);
    expect(times(sequencer.add(0, event(1)))).toEqual([1]);
    sequencer.add(0, event(3));
    sequencer.add(0, event(3));
    expect(times(sequencer.add(0, event(2)))).toEqual([2, 3, 3]);
  });

  it("does not wait for what it shall skip", () => {
    const sequencer = new Sequencer(50);
    sequencer.add(0, event(9));
    expect(times(sequencer.skipTo(9n))).toEqual([9]);
    expect(times(sequencer.skipTo(5n))).toEqual([]);
    expect(times(sequencer.add(0, event(10)))).toEqual([10]);
  });

  it("holds a bounded number of events", () => {
    const sequencer = new Sequencer(50);
    for (let time = 2; time <= heldInOrderMax; time++) expect(sequencer.add(0, event(time))).toEqual([]);
    expect(sequencer.add(0, event(heldInOrderMax + 1))).toHaveLength(heldInOrderMax);
    expect(sequencer.deadline).toBeUndefined();
  });

  it("delivers every event once, and in order if none comes after its hold", () => {
    const arrivals = fc.array(fc.record({ time: fc.integer({ min: 1, max: 40 }), pause: fc.nat(30) }));
    fc.assert(
      fc.property(arrivals, (events) => {
        const sequencer = new Sequencer(50);
        const delivered: number[] = [];
        let now = 0;
        for (const { time, pause } of events) {
          now += pause;
          if ((sequencer.deadline ?? Number.POSITIVE_INFINITY) <= now)
            delivered.push(...times(sequencer.expire(now)));
          delivered.push(...times(sequencer.add(now, event(time))));
        }
        delivered.push(...times(sequencer.flush()));
        const sent = events.map(({ time }) => time).sort((a, b) => a - b);
        expect([...delivered].sort((a, b) => a - b)).toEqual(sent);
        if (now < 50) {
          const unique = new Set(sent);
          if (unique.size === sent.length) expect(delivered).toEqual(sent);
        }
      }),
    );
  });
});
