import { describe, expect, it } from "vitest";
import { type LaggedEvent, Subscribers, type Subscription } from "../../src/shell/subscription.ts";

async function all<Event>(subscription: Subscription<Event>): Promise<(Event | LaggedEvent)[]> {
  const events: (Event | LaggedEvent)[] = [];
  for await (const event of subscription) events.push(event);
  return events;
}

describe("subscribers", () => {
  it("get events from then on, and the first also gets earlier ones", async () => {
    const subscribers = new Subscribers<string>();
    subscribers.push("early");
    const first = subscribers.subscribe({}, false);
    const second = subscribers.subscribe({}, false);
    subscribers.push("late");
    subscribers.end();
    expect(await all(first)).toEqual(["early", "late"]);
    expect(await all(second)).toEqual(["late"]);
  });

  it("that are slow lose the oldest events and get the number lost, without effect on others", async () => {
    const subscribers = new Subscribers<number>();
    const slow = subscribers.subscribe({ capacity: 2 }, false);
    const quick = subscribers.subscribe({}, false);
    for (let event = 1; event <= 5; event++) subscribers.push(event);
    subscribers.end();
    expect(await all(slow)).toEqual([{ type: "lagged", count: 3 }, 4, 5]);
    expect(await all(quick)).toEqual([1, 2, 3, 4, 5]);
  });

  it("may wait, abort, or subscribe too late", async () => {
    const subscribers = new Subscribers<number>();
    const controller = new AbortController();
    const aborted = subscribers.subscribe({ signal: controller.signal }, false);
    const waiting = aborted.next();
    subscribers.push(1);
    expect(await waiting).toEqual({ done: false, value: 1 });
    controller.abort();
    subscribers.push(2);
    expect(await all(aborted)).toEqual([]);
    expect(await all(subscribers.subscribe({}, true))).toEqual([]);
  });
});
