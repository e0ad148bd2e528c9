import { describe, expect, test } from "vitest";
import { Intervals, intervalMs, namesMax } from "../../../src/agent/telemetry/intervals.ts";
import { nameLengthMax } from "../../../src/agent/telemetry/names.ts";

/** Intervals at the start of an interval, with a clock that the test moves. */
class Kept {
  now = Date.UTC(2026, 10, 23, 10, 57, 0);
  overflows = 0;
  readonly intervals: Intervals = new Intervals({ wallTime: () => this.now }, "serf-agent.", () => {
    this.overflows += 1;
  });

  /** The text without its times. */
  get lines(): string[] {
    const lines = this.intervals.text().split("\n").slice(0, -1);
    return lines.map((line) => line.replace(/^\[[^\]]*\]/, "").replace(/ LastUpdated: .*/, ""));
  }
}

describe("measurements of the last minute", () => {
  test("are shown when their interval has ended", () => {
    const kept = new Kept();
    kept.intervals.incr("a", 1);
    expect(kept.lines).toEqual([]);
    kept.now += intervalMs - 1;
    kept.intervals.incr("a", 1);
    expect(kept.lines).toEqual([]);
    kept.now += 1;
    expect(kept.lines).toEqual(["[C] 'serf-agent.a': Count: 2 Sum: 2.000"]);
  });

  test("are shown in Serf's format, with the spread if there is one", () => {
    const kept = new Kept();
    const { intervals } = kept;
    for (const bytes of [16, 16, 106]) intervals.sample("serf.msgs.sent", bytes);
    intervals.sample("once", 3.153125);
    intervals.incr("memberlist.udp.sent", 41);
    intervals.incr("memberlist.udp.sent", 151);
    intervals.gauge("size", 1);
    intervals.gauge("size", 2_208_582_255);
    kept.now += intervalMs;
    expect(kept.lines).toEqual([
      "[G] 'serf-agent.size': 2208582144.000",
      "[C] 'serf-agent.memberlist.udp.sent': Count: 2 Min: 41.000 Mean: 96.000 Max: 151.000 Stddev: 77.782 Sum: 192.000",
      "[S] 'serf-agent.serf.msgs.sent': Count: 3 Min: 16.000 Mean: 46.000 Max: 106.000 Stddev: 51.962 Sum: 138.000",
      "[S] 'serf-agent.once': Count: 1 Sum: 3.153",
    ]);
  });

  test("show when their interval began and ended, and the uptime of the program", () => {
    const kept = new Kept();
    kept.now += 1_500;
    kept.intervals.incr("a", 1);
    kept.now += intervalMs;
    expect(kept.intervals.text()).toMatch(
      /^\[2026-11-23 \d\d:\d\d:00 [+-]\d{4} \S+\]\[C\] 'serf-agent\.a': Count: 1 Sum: 1\.000 LastUpdated: 2026-11-23 \d\d:\d\d:01\.5 [+-]\d{4} \S+ m=\+1\.500000000\n$/,
    );
  });

  test("are kept for six intervals, including the running one", () => {
    const kept = new Kept();
    for (let index = 0; index < 9; index++) {
      kept.intervals.incr(`at${index}`, 1);
      kept.now += intervalMs;
    }
    kept.intervals.incr("now", 1);
    const names = kept.lines.map((line) => /'serf-agent\.(.*)'/.exec(line)?.[1]);
    expect(names).toEqual(["at4", "at5", "at6", "at7", "at8"]);
  });

  test("have a bounded number of names; known names continue to count", () => {
    const kept = new Kept();
    for (let index = 0; index < namesMax; index++) kept.intervals.incr(`serf.events.${index}`, 1);
    expect(kept.overflows).toBe(0);
    kept.intervals.incr("serf.events.more", 1);
    kept.intervals.sample("serf.events.0", 1);
    kept.intervals.gauge("gauge", 1);
    expect(kept.overflows).toBe(3);
    kept.intervals.incr("serf.events.0", 1);
    expect(kept.overflows).toBe(3);
    kept.now += intervalMs;
    expect(kept.lines).toHaveLength(namesMax);
    expect(kept.lines[0]).toContain("Count: 2");
    kept.intervals.incr("serf.events.more", 1);
    expect(kept.overflows).toBe(3);
  });

  test("have names of bounded length that cannot forge a line", () => {
    const kept = new Kept();
    kept.intervals.incr("agent.invoke.sh -c 'x'\n[2026] y\u0000", 1);
    kept.intervals.incr("x".repeat(100_000), 1);
    kept.now += intervalMs;
    expect(kept.lines).toEqual([
      "[C] 'serf-agent.agent.invoke.sh_-c_'x'_[2026]_y_': Count: 1 Sum: 1.000",
      `[C] 'serf-agent.${"x".repeat(nameLengthMax)}': Count: 1 Sum: 1.000`,
    ]);
  });

  test("that differ only by rounding have no NaN as their spread", () => {
    const kept = new Kept();
    for (let index = 0; index < 3; index++) kept.intervals.sample("same", 0.1);
    kept.now += intervalMs;
    expect(kept.lines[0]).not.toContain("NaN");
  });
});
