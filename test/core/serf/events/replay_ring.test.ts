import { describe, expect, it } from "vitest";
import { SerfLimits } from "../../../../src/core/serf/config.ts";
import { ReplayRing } from "../../../../src/core/serf/events/replay_ring.ts";

/** A ring of 4 times for texts, whose lengths may add up to 10. */
function ring(): ReplayRing<string> {
  return new ReplayRing(4, (a, b) => a === b, { sizeOf: (entry) => entry.length, max: 10 });
}

const content = (subject: ReplayRing<string>): string[] =>
  subject.slots().map(({ lamportTime, entries }) => `${lamportTime} ${entries.join()}`);

describe("a replay ring", () => {
  it("takes each entry of a time once, and those that are too old never", () => {
    const subject = ring();
    expect(subject.add(1n, 2n, "a")).toBe("new");
    expect(subject.add(1n, 2n, "b")).toBe("new");
    expect(subject.add(1n, 2n, "a")).toBe("duplicate");
    expect(subject.add(1n, 6n, "c")).toBe("old");
    expect(subject.add(5n, 6n, "a")).toBe("new");
    expect(content(subject)).toEqual(["5 a"]);
  });

  it("takes a bounded number of entries of one time", () => {
    const subject = new ReplayRing<number>(4, (a, b) => a === b);
    for (let entry = 0; entry < SerfLimits.entriesPerTime; entry++)
      expect(subject.add(1n, 2n, entry)).toBe("new");
    expect(subject.add(1n, 2n, -1)).toBe("old");
  });

  it("takes a time that is exactly as old as the ring is long, and none before it", () => {
    const subject = ring();
    expect(subject.add(2n, 6n, "a")).toBe("new");
    expect(subject.add(1n, 6n, "a")).toBe("old");
  });

  it("ignores what came before a time, and never goes back behind it", () => {
    const subject = ring();
    subject.ignoreBefore(3n);
    subject.ignoreBefore(1n);
    expect(subject.add(2n, 3n, "a")).toBe("duplicate");
    expect(subject.add(3n, 4n, "a")).toBe("new");
  });

  it("forgets the oldest times for the sake of new ones, and does not take them again", () => {
    const subject = ring();
    for (const time of [1n, 2n, 3n]) subject.add(time, time + 1n, "aaa");
    expect(subject.add(4n, 5n, "bb")).toBe("new");
    expect(content(subject)).toEqual(["4 bb", "2 aaa", "3 aaa"]);
    expect(subject.add(1n, 5n, "aaa")).toBe("duplicate");
    expect(subject.add(4n, 5n, "0123456")).toBe("new");
    expect(content(subject)).toEqual(["4 bb,0123456"]);
    expect(subject.add(2n, 5n, "aaa")).toBe("duplicate");
  });

  it("does not take an entry of the oldest time if there is no room for it", () => {
    const subject = ring();
    subject.add(3n, 4n, "0123456789");
    expect(subject.add(2n, 4n, "a")).toBe("old");
    expect(content(subject)).toEqual(["3 0123456789"]);
  });

  it("counts the room of a time again that a later one took the place of", () => {
    const subject = ring();
    subject.add(1n, 2n, "aaaaaaaa");
    subject.add(5n, 6n, "bb");
    expect(subject.add(6n, 7n, "cccccccc")).toBe("new");
    expect(content(subject)).toEqual(["5 bb", "6 cccccccc"]);
  });
});
