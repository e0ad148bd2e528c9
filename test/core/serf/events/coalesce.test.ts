import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Member, MemberEventType, UserEvent } from "../../../../src/core/serf/api.ts";
import {
  heldUserEventsMax,
  MemberCoalescer,
  UserCoalescer,
} from "../../../../src/core/serf/events/coalesce.ts";

const times = { quietMs: 1000, periodMs: 3000 };

function member(name: string): Member {
  const range = { min: 2, max: 5, current: 5 };
  return {
    name,
    address: "127.0.0.1",
    port: 1,
    tags: {},
    status: "alive",
    protocol: range,
    memberlist: range,
  };
}

function user(name: string, lamportTime: number, mark = 0): UserEvent {
  return {
    type: "user",
    name,
    lamportTime: BigInt(lamportTime),
    payload: Uint8Array.of(mark),
    coalesce: true,
  };
}

describe("members", () => {
  test("are held until one second is quiet, for three seconds at most", () => {
    const coalescer = new MemberCoalescer(times);
    expect(coalescer.deadline).toBe(Number.POSITIVE_INFINITY);
    const deadlines = [0, 900, 1800, 2700].map((now) => {
      coalescer.add(now, { type: "member-join", members: [member(`n${now}`)] });
      return coalescer.deadline;
    });
    expect(deadlines).toEqual([1000, 1900, 2800, 3000]);
    expect(coalescer.flush().map(({ members }) => members.length)).toEqual([4]);
    expect(coalescer.deadline).toBe(Number.POSITIVE_INFINITY);
    expect(coalescer.flush()).toEqual([]);
  });

  test("are not reported twice in the same status, except for updates and after another status", () => {
    const coalescer = new MemberCoalescer(times);
    const say = (...types: MemberEventType[]): string[] => {
      for (const type of types) coalescer.add(0, { type, members: [member("b")] });
      return coalescer.flush().map(({ type }) => type);
    };
    expect(say("member-join")).toEqual(["member-join"]);
    expect(say("member-join", "member-join")).toEqual([]);
    expect(say("member-failed", "member-join")).toEqual(["member-join"]);
    expect(say("member-join")).toEqual([]);
    expect(say("member-update")).toEqual(["member-update"]);
    expect(say("member-update")).toEqual(["member-update"]);
    expect(say()).toEqual([]);
    expect(say("member-failed", "member-reap")).toEqual(["member-reap"]);
    expect(say("member-join")).toEqual(["member-join"]);
  });

  test("have only their last event in one flush, and no event without a change", () => {
    const types: MemberEventType[] = [
      "member-join",
      "member-leave",
      "member-failed",
      "member-update",
      "member-reap",
    ];
    const step = fc.record({ name: fc.constantFrom("a", "b", "c"), type: fc.constantFrom(...types) });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 30 }), (steps) => {
        const coalescer = new MemberCoalescer(times);
        for (const { name, type } of steps) coalescer.add(0, { type, members: [member(name)] });
        const last = new Map(steps.map(({ name, type }) => [name, type]));
        const said = coalescer
          .flush()
          .flatMap(({ type, members }) => members.map(({ name }) => [name, type] as const));
        expect(new Map(said)).toEqual(last);
        expect(said).toHaveLength(last.size);
        expect(coalescer.flush()).toEqual([]);
      }),
    );
  });
});

describe("user events", () => {
  test("replace older ones of the same name, and are kept beside those of the same time", () => {
    const coalescer = new UserCoalescer(times);
    const events = [user("a", 2, 1), user("a", 1, 2), user("b", 1, 3), user("a", 2, 4), user("b", 5, 5)];
    for (const event of events) coalescer.add(0, event);
    expect(coalescer.flush().map(({ payload }) => payload[0])).toEqual([1, 4, 5]);
    expect(coalescer.flush()).toEqual([]);
  });

  test("are flushed at once if they have too many names", () => {
    const coalescer = new UserCoalescer(times);
    for (let count = 1; count < heldUserEventsMax; count++) coalescer.add(0, user(`n${count}`, 1));
    expect(coalescer.deadline).toBe(1000);
    coalescer.add(0, user("last", 1));
    expect(coalescer.deadline).toBe(Number.NEGATIVE_INFINITY);
    expect(coalescer.flush()).toHaveLength(heldUserEventsMax);
    expect(coalescer.deadline).toBe(Number.POSITIVE_INFINITY);
  });
});
