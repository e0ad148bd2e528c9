import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EventQueue } from "../../runtimes/sim/events.ts";

describe("the event queue", () => {
  it("runs events by time, then in the order of scheduling, and skips cancelled ones", () => {
    const asked = fc.array(fc.record({ delay: fc.nat(20), cancel: fc.boolean() }), { maxLength: 200 });
    fc.assert(
      fc.property(asked, (events) => {
        const queue = new EventQueue();
        const ran: [number, number][] = [];
        const cancels = events.map(({ delay }, index) =>
          queue.after(delay, () => ran.push([queue.now, index])),
        );
        for (const [index, { cancel }] of events.entries()) if (cancel) cancels[index]!();
        while (queue.next() !== undefined) queue.turn();
        const expected = events
          .map(({ delay, cancel }, index) => ({ delay, cancel, index }))
          .filter(({ cancel }) => !cancel)
          .sort((a, b) => a.delay - b.delay || a.index - b.index)
          .map(({ delay, index }): [number, number] => [delay, index]);
        expect(ran).toEqual(expected);
      }),
    );
  });

  it("runs an event that another one schedules for now in the next turn of the same time", () => {
    const queue = new EventQueue();
    const ran: string[] = [];
    queue.after(5, () => {
      ran.push("first");
      queue.after(0, () => ran.push("third"));
    });
    queue.after(5, () => ran.push("second"));
    queue.turn();
    expect([ran, queue.now, queue.next()]).toEqual([["first", "second"], 5, 5]);
    queue.turn();
    expect(ran).toEqual(["first", "second", "third"]);
    expect(queue.next()).toBeUndefined();
  });
});
