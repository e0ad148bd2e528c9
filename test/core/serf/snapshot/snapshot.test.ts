import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Member, MemberEventType, SerfEvent } from "../../../../src/core/serf/api.ts";
import type { Clocks } from "../../../../src/core/serf/lamport.ts";
import {
  compact,
  emptySnapshot,
  type Replayed,
  replay,
  type SnapshotState,
} from "../../../../src/core/serf/snapshot/format.ts";
import { recordIntervalMs, Snapshot } from "../../../../src/core/serf/snapshot/snapshot.ts";
import { testContext } from "../nodes.ts";

const encoder = new TextEncoder();

function read(text: string, rejoinAfterLeave = false): Replayed {
  return replay(encoder.encode(text), rejoinAfterLeave);
}

function member(name: string, host = 1): Member {
  const range = { min: 2, max: 5, current: 5 };
  const address = host > 200 ? "fe80::1" : `10.0.0.${host}`;
  return { name, address, port: 7946, tags: {}, status: "alive", protocol: range, memberlist: range };
}

function event(type: MemberEventType, ...members: Member[]): SerfEvent {
  return { type, members };
}

function user(lamportTime: bigint): SerfEvent {
  return { type: "user", name: "e", lamportTime, payload: new Uint8Array(), coalesce: false };
}

function key(state: SnapshotState): string {
  const { alive, failed, clock, eventClock, queryClock, incarnation } = state;
  return [[...alive].sort(), [...failed].sort(), clock, eventClock, queryClock, incarnation].join(" | ");
}

/** A snapshot and the file that its effects write. */
class Recorder {
  readonly clocks: Clocks;
  incarnation = 0;
  file: string;
  /** Length of what the last compaction wrote. */
  compactedLength = 0;
  readonly snapshot: Snapshot;

  constructor(file = "", rejoinAfterLeave = false) {
    this.file = file;
    const context = testContext({ name: "self", rejoinAfterLeave });
    this.clocks = context.clocks;
    this.snapshot = new Snapshot(context, read(file, rejoinAfterLeave), () => this.incarnation);
  }

  settle(now: number, everything = false): void {
    for (const effect of this.snapshot.settle(now, everything)) {
      if (effect.kind === "record") this.file += effect.text;
      else if (effect.kind === "compact") this.compact();
    }
  }

  compact(): void {
    this.file = this.snapshot.compacted();
    this.compactedLength = this.file.length;
  }
}

describe("replay", () => {
  it("reads every kind of line", () => {
    const { state, notes } = read(
      [
        "alive: node a 127.0.0.77:27001",
        "alive: b [fe80::1]:7946",
        "alive: c 10.0.0.3:1",
        "alive: d 10.0.0.4:1",
        "not-alive: c",
        "#failed: d 10.0.0.4:1",
        "not-alive: d",
        "clock: 5",
        "event-clock: 4294967295",
        "query-clock: 7",
        "coordinate: {}",
        "# comment",
        "#incarnation: 12",
        "",
      ].join("\n"),
    );
    expect(state).toEqual({
      alive: new Map([
        ["node a", "127.0.0.77:27001"],
        ["b", "[fe80::1]:7946"],
      ]),
      failed: new Map([["d", "10.0.0.4:1"]]),
      clock: 5n,
      eventClock: 4294967295n,
      queryClock: 7n,
      incarnation: 12,
    });
    expect(notes).toEqual([]);
  });

  it.each([
    ["alive: nospace", "WARN Failed to parse address: alive: nospace"],
    ["clock: x", 'WARN Failed to convert clock time: strconv.ParseUint: parsing "x": invalid syntax'],
    ["clock: -1", 'WARN Failed to convert clock time: strconv.ParseUint: parsing "-1": invalid syntax'],
    ["clock: 9223372036854775808", "WARN Ignoring clock time 9223372036854775808: it is too far ahead"],
    [
      "event-clock: 18446744073709551614",
      "WARN Ignoring event clock time 18446744073709551614: it is too far ahead",
    ],
    [
      "event-clock: 18446744073709551616",
      'WARN Failed to convert event clock time: strconv.ParseUint: parsing "18446744073709551616": value out of range',
    ],
    [
      "query-clock: ",
      'WARN Failed to convert query clock time: strconv.ParseUint: parsing "": invalid syntax',
    ],
    ["rubbish", "WARN Unrecognized snapshot line: rubbish"],
    ["leave ", "WARN Unrecognized snapshot line: leave "],
    ["", "WARN Unrecognized snapshot line: "],
  ])("skips %j with a warning", (line, note) => {
    const { state, notes } = read(`alive: a 10.0.0.1:1\nclock: 3\n${line}\nevent-clock: 4\n`);
    expect(key(state)).toBe(key(read("alive: a 10.0.0.1:1\nclock: 3\nevent-clock: 4\n").state));
    expect(notes.map(({ level, text }) => `${level} ${text}`)).toEqual([note]);
  });

  it.each([
    "#failed: nospace",
    "#incarnation: x",
    "#incarnation: 4294967295",
    "#failed:",
    "#",
  ])("skips the comment %j silently", (line) => {
    const { state, notes } = read(`alive: a 10.0.0.1:1\n#incarnation: 5\n${line}\n`);
    expect(key(state)).toBe(key(read("alive: a 10.0.0.1:1\n#incarnation: 5\n").state));
    expect(notes).toEqual([]);
  });

  it("keeps only our incarnation at a leave, and continues after it", () => {
    const text =
      "alive: a 10.0.0.1:1\n#failed: b 10.0.0.2:1\n#incarnation: 3\nclock: 1\nevent-clock: 1\nquery-clock: 1\nleave\nclock: 2\n";
    expect(read(text).state).toEqual({ ...emptySnapshot(), clock: 2n, incarnation: 3 });
    const kept = read(text, true);
    expect(kept.state.alive.size).toBe(1);
    expect(kept.state.eventClock).toBe(1n);
    expect(kept.notes).toEqual([{ level: "INFO", text: "Ignoring previous leave in snapshot" }]);
  });

  it("ignores a torn last line and returns where it begins, even within a character", () => {
    const whole = encoder.encode("clock: 1\nalive: ü 10.0.0.1:1\n");
    const umlaut = whole.indexOf(0xc3);
    for (const cut of [umlaut + 1, whole.length - 1]) {
      const { state, size, notes } = replay(whole.subarray(0, cut), false);
      expect(key(state)).toBe(key({ ...emptySnapshot(), clock: 1n }));
      expect(size).toBe("clock: 1\n".length);
      expect(notes).toEqual([]);
    }
  });

  it("of garbage neither fails nor floods the log", () => {
    const { notes } = read("rubbish\n".repeat(1000));
    expect(notes).toHaveLength(33);
    expect(notes.at(-1)).toEqual({ level: "WARN", text: "Skipped 968 more snapshot lines" });
    expect(read(`${"x".repeat(100_000)}\n`).notes[0]!.text.length).toBe(200);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const { size } = replay(bytes, false);
        expect(size).toBe(bytes.lastIndexOf(10) + 1);
      }),
    );
  });
});

describe("a snapshot", () => {
  it("records what Serf records, and comments for the rest", () => {
    const recorder = new Recorder();
    const { snapshot, clocks } = recorder;
    snapshot.event(event("member-join", member("a"), member("b b", 201)));
    recorder.settle(0);
    snapshot.event(event("member-update", member("a")));
    snapshot.event(event("member-failed", member("a")));
    snapshot.event(user(5n));
    snapshot.event(user(4n));
    snapshot.queryTime(9n);
    clocks.members.witness(6n);
    recorder.incarnation = 2;
    recorder.settle(recordIntervalMs);
    snapshot.event(event("member-leave", member("a")));
    snapshot.event(event("member-reap", member("a"), member("b b", 201)));
    recorder.settle(2 * recordIntervalMs);
    expect(recorder.file).toBe(
      [
        "alive: a 10.0.0.1:7946",
        "alive: b b [fe80::1]:7946",
        "#failed: a 10.0.0.1:7946",
        "not-alive: a",
        "event-clock: 5",
        "query-clock: 9",
        "clock: 6",
        "#incarnation: 2",
        "not-alive: a",
        "not-alive: b b",
        "",
      ].join("\n"),
    );
  });

  it("records at once after a quiet time, then twice a second, and replaces older clock values", () => {
    const recorder = new Recorder();
    recorder.snapshot.event(user(1n));
    recorder.settle(1_000);
    expect(recorder.file).toBe("event-clock: 1\n");
    for (let time = 2n; time < 1_000n; time += 1n) {
      recorder.snapshot.event(user(time));
      recorder.settle(1_001);
    }
    expect(recorder.file).toBe("event-clock: 1\n");
    expect(recorder.snapshot.deadline).toBe(1_500);
    recorder.settle(1_500);
    expect(recorder.file).toBe("event-clock: 1\nevent-clock: 999\n");
    expect(recorder.snapshot.deadline).toBe(Number.POSITIVE_INFINITY);
  });

  it("records a leave at once, and after it the clock but no events", () => {
    for (const rejoin of [false, true]) {
      const recorder = new Recorder("", rejoin);
      recorder.snapshot.event(event("member-join", member("a")));
      recorder.settle(0);
      recorder.snapshot.leave();
      recorder.settle(1);
      recorder.snapshot.event(event("member-leave", member("a")));
      recorder.snapshot.event(user(7n));
      recorder.clocks.members.witness(3n);
      recorder.settle(2, true);
      expect(recorder.file).toBe("alive: a 10.0.0.1:7946\nleave\nclock: 3\n");
      recorder.compact();
      expect(recorder.file).toBe(
        `${rejoin ? "alive: a 10.0.0.1:7946\n" : ""}clock: 3\nevent-clock: 0\nquery-clock: 0\n`,
      );
    }
  });

  it("of a node that rejoins after a leave has the cluster again", () => {
    const recorder = new Recorder();
    recorder.snapshot.event(event("member-join", member("a"), member("b", 2)));
    recorder.snapshot.event(user(7n));
    recorder.snapshot.leave();
    recorder.snapshot.event(event("member-leave", member("c", 3)));
    recorder.snapshot.comeBack([
      member("a"),
      { ...member("b", 2), status: "failed" },
      { ...member("c", 3), status: "left" },
    ]);
    recorder.settle(0);
    const { state } = read(recorder.file);
    expect([...state.alive.keys()]).toEqual(["a"]);
    expect([...state.failed.keys()]).toEqual(["b"]);
    expect(state.eventClock).toBe(7n);
  });

  it("does not record invalid clock values, nor names that would forge lines", () => {
    const recorder = new Recorder();
    recorder.snapshot.event(user(0xffff_ffff_ffff_ffffn));
    recorder.snapshot.queryTime(0xffff_ffff_ffff_ffffn);
    recorder.snapshot.event(event("member-join", member("x\nleave")));
    recorder.settle(0);
    expect(recorder.file).toBe("");
  });

  it("compacts a file that grew, but not repeatedly if names are long", () => {
    const recorder = new Recorder();
    const names = Array.from({ length: 1_000 }, (_, index) => `${index}${"x".repeat(250)}`);
    let compactions = 0;
    for (let round = 0; round < 20; round += 1) {
      recorder.snapshot.event(event("member-join", ...names.map((name) => member(name))));
      for (const effect of recorder.snapshot.settle(round * 1_000, false)) {
        if (effect.kind !== "compact") continue;
        compactions += 1;
        recorder.compact();
      }
    }
    expect(recorder.compactedLength).toBeGreaterThan(256_000);
    expect(compactions).toBeGreaterThanOrEqual(5);
    expect(compactions).toBeLessThanOrEqual(15);
  });

  it("bounds the lines that wait", () => {
    const recorder = new Recorder();
    recorder.settle(0);
    recorder.snapshot.event(user(1n));
    recorder.settle(0);
    for (let time = 2n; time < 20_000n; time += 1n) {
      recorder.snapshot.event(user(time));
      recorder.snapshot.queryTime(time);
    }
    recorder.settle(500);
    expect(recorder.file).toBe("clock: 0\nevent-clock: 19999\nquery-clock: 19999\n");
  });

  it("replays a file cut at any byte to a state that was true once, and the whole file to the last", () => {
    const name = fc.constantFrom("a", "b b", "c", "ü");
    const one = fc.record({ name, host: fc.integer({ min: 1, max: 255 }) });
    const members = fc.array(one, { minLength: 1, maxLength: 3 });
    const types = fc.constantFrom<MemberEventType>(
      "member-join",
      "member-leave",
      "member-failed",
      "member-update",
      "member-reap",
    );
    const steps = fc.oneof(
      { weight: 6, arbitrary: fc.record({ kind: fc.constant("members" as const), type: types, members }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant("user" as const), time: fc.bigInt(0n, 40n) }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant("query" as const), time: fc.bigInt(0n, 40n) }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant("clock" as const), time: fc.bigInt(0n, 40n) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant("refute" as const) }) },
      {
        weight: 3,
        arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.integer({ min: 0, max: 700 }) }),
      },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant("compact" as const) }) },
    );
    fc.assert(
      fc.property(fc.array(steps, { maxLength: 40 }), (script) => {
        const recorder = new Recorder();
        const model = emptySnapshot();
        const history = new Set([key(model)]);
        let now = 0;
        for (const step of script) {
          switch (step.kind) {
            case "members": {
              const said = step.members.map(({ name, host }) => member(name, host));
              recorder.snapshot.event(event(step.type, ...said));
              for (const each of said) {
                follow(model, step.type, each);
                history.add(key(model));
              }
              break;
            }
            case "user":
              recorder.snapshot.event(user(step.time));
              if (step.time > model.eventClock) model.eventClock = step.time;
              break;
            case "query":
              recorder.snapshot.queryTime(step.time);
              if (step.time > model.queryClock) model.queryClock = step.time;
              break;
            case "clock":
              recorder.clocks.members.witness(step.time);
              break;
            case "refute":
              recorder.incarnation += 1;
              break;
            case "wait":
              now += step.ms;
              break;
            case "compact":
              recorder.compact();
              break;
          }
          history.add(key(model));
          model.clock = recorder.clocks.members.time - 1n;
          history.add(key(model));
          model.incarnation = recorder.incarnation;
          history.add(key(model));
          recorder.settle(now);
        }
        recorder.settle(now, true);
        const bytes = encoder.encode(recorder.file);
        const whole = encoder.encode(recorder.file.slice(0, recorder.compactedLength)).length;
        for (let cut = whole; cut <= bytes.length; cut += 1)
          expect(history).toContain(key(replay(bytes.subarray(0, cut), false).state));
        expect(key(replay(bytes, false).state)).toBe(key(model));
        expect(key(read(recorder.snapshot.compacted()).state)).toBe(key(model));
        expect(key(read(compact(model)).state)).toBe(key(model));
      }),
      { numRuns: 300 },
    );
  });
});

/** A slow and plain twin of the decision. */
function follow(
  { alive, failed }: SnapshotState,
  type: MemberEventType,
  { name, address, port }: Member,
): void {
  const where = address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
  if (type === "member-update" && !alive.has(name)) return;
  alive.delete(name);
  failed.delete(name);
  if (type === "member-join" || type === "member-update") alive.set(name, where);
  if (type === "member-failed") failed.set(name, where);
}
