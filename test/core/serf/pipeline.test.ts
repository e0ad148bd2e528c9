import { describe, expect, it } from "vitest";
import type { Member, SerfEvent } from "../../../src/core/serf/api.ts";
import type { SerfEffect } from "../../../src/core/serf/effects.ts";
import { Pipeline } from "../../../src/core/serf/pipeline.ts";
import { replay } from "../../../src/core/serf/snapshot/format.ts";
import { Snapshot } from "../../../src/core/serf/snapshot/snapshot.ts";
import { testContext } from "./nodes.ts";

const off = { coalesceMs: 0, quiescentMs: 0, userCoalesceMs: 0, userQuiescentMs: 0 };
const on = { coalesceMs: 3_000, quiescentMs: 1_000, userCoalesceMs: 3_000, userQuiescentMs: 1_000 };

const range = { min: 2, max: 5, current: 5 };
const member: Member = {
  name: "a",
  address: "10.0.0.1",
  port: 7946,
  tags: {},
  status: "alive",
  protocol: range,
  memberlist: range,
};
const join: SerfEvent = { type: "member-join", members: [member] };

function user(coalesce: boolean): SerfEvent {
  return { type: "user", name: "e", lamportTime: 1n, payload: new Uint8Array(), coalesce };
}

function emit(event: SerfEvent): SerfEffect {
  return { kind: "emit", event };
}

const log: SerfEffect = { kind: "log", level: "INFO", component: "serf", text: "x" };

function snapshot(): Snapshot {
  const context = testContext({ name: "self" });
  return new Snapshot(context, replay(new Uint8Array(), false), () => 0);
}

describe("the pipeline", () => {
  it("passes everything on in order if nothing has to be held", () => {
    const pipeline = new Pipeline(off, undefined);
    const effects = [log, emit(join), log, emit(user(true))];
    expect(pipeline.run(0, effects)).toEqual(effects);
    expect(pipeline.deadline).toBe(Number.POSITIVE_INFINITY);
  });

  it("records events that it holds", () => {
    const pipeline = new Pipeline(on, snapshot());
    expect(pipeline.run(0, [log, emit(join), emit(user(false))])).toEqual([
      log,
      emit(user(false)),
      { kind: "record", text: "alive: a 10.0.0.1:7946\nevent-clock: 1\n" },
    ]);
  });

  it("holds member events, and user events that may be coalesced, until a quiet time", () => {
    const pipeline = new Pipeline(on, undefined);
    expect(pipeline.run(100, [emit(join), emit(user(true)), emit(user(false))])).toEqual([emit(user(false))]);
    expect(pipeline.deadline).toBe(1_100);
    expect(pipeline.run(600, [emit(join), log])).toEqual([log]);
    expect(pipeline.run(1_100, [])).toEqual([emit(user(true))]);
    expect(pipeline.deadline).toBe(1_600);
    expect(pipeline.run(1_600, [])).toEqual([emit(join)]);
    expect(pipeline.deadline).toBe(Number.POSITIVE_INFINITY);
  });

  it("releases everything at the end", () => {
    const pipeline = new Pipeline(on, snapshot());
    pipeline.run(0, [emit(user(false))]);
    pipeline.run(1, [emit(join)]);
    pipeline.flush();
    expect(pipeline.run(2, [log])).toEqual([
      log,
      emit(join),
      { kind: "record", text: "alive: a 10.0.0.1:7946\n" },
    ]);
    pipeline.flush();
    expect(pipeline.run(3, [])).toEqual([]);
  });
});
