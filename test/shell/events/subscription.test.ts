import { describe, expect, it } from "vitest";
import { type LaggedEvent, Subscribers, type Subscription } from "../../../src/shell/events/subscription.ts";
import { watchedSignal } from "../signals.ts";

async function all<Event>(subscription: Subscription<Event>): Promise<(Event | LaggedEvent)[]> {
  const events: (Event | LaggedEvent)[] = [];
  for await (const event of subscription) events.push(event);
  return events;
}

describe("subscribers", () => {
  it("get events from then on, and the first also gets earlier ones", async () => {
    const subscribers = new Subscribers<string>();
    subscribers.push("early");
    const first = subscribers.subscribe({});
    const second = subscribers.subscribe({});
    subscribers.push("late");
    subscribers.end("end");
    expect(await all(first)).toEqual(["early", "late", "end"]);
    expect(await all(second)).toEqual(["late", "end"]);
    expect(await all(subscribers.subscribe({}))).toEqual(["end"]);
  });

  it("that are slow lose the oldest events and get the number lost, without effect on others", async () => {
    const subscribers = new Subscribers<number>();
    const slow = subscribers.subscribe({ capacity: 2 });
    const quick = subscribers.subscribe({});
    for (let event = 1; event <= 4; event++) subscribers.push(event);
    subscribers.end(5);
    expect(await all(slow)).toEqual([{ type: "lagged", count: 3 }, 4, 5]);
    expect(await all(quick)).toEqual([1, 2, 3, 4, 5]);
  });

  it("may wait, abort, or subscribe too late", async () => {
    const subscribers = new Subscribers<number>();
    const controller = new AbortController();
    const aborted = subscribers.subscribe({ signal: controller.signal });
    const waiting = aborted.next();
    subscribers.push(1);
    expect(await waiting).toEqual({ done: false, value: 1 });
    controller.abort();
    subscribers.push(2);
    expect(await all(aborted)).toEqual([]);
    expect(await all(subscribers.subscribe({ signal: controller.signal }))).toEqual([]);
    subscribers.end(3);
    expect(await all(subscribers.subscribe({ signal: controller.signal }))).toEqual([]);
  });

  it("leave nothing at the signal that they were opened with", async () => {
    const subscribers = new Subscribers<number>();
    const { signal, listeners } = watchedSignal();
    for (let count = 0; count < 500; count++) await subscribers.subscribe({ signal }).return();
    expect(listeners.size).toBe(0);
    const open = [1, 2, 3].map(() => subscribers.subscribe({ signal }));
    expect(listeners.size).toBe(3);
    subscribers.end(0);
    for (const each of open) expect(await all(each)).toEqual([0]);
    subscribers.subscribe({ signal });
    expect(listeners.size).toBe(0);
  });
});
