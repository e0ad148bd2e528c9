import { describe, expect, it } from "vitest";
import { SwimLimits } from "../../../../src/core/swim/config.ts";
import { RoundTrips } from "../../../../src/core/swim/detection/round_trips.ts";
import type { Identity } from "../../../../src/core/swim/identity.ts";

/** A member as it announces itself. */
function member(name: string, host = "10.0.0.1", port = 7946): Identity {
  const address = Uint8Array.from(host.split("."), Number);
  return { name, address, endpoint: { host, port }, meta: null, versions: new Uint8Array(6) };
}

describe("the round trips of members", () => {
  it("are unknown before the first, then smoothed, with four deviations on top (RFC 6298)", () => {
    const trips = new RoundTrips();
    expect(trips.longest(member("a"))).toBeUndefined();
    trips.add(member("a"), 8);
    expect(trips.longest(member("a"))).toBe(8 + 4 * 4);
    trips.add(member("a"), 16);
    // The deviation moves by a quarter of its error, the mean by an eighth.
    expect(trips.longest(member("a"))).toBe(9 + 4 * (4 + (8 - 4) / 4));
    expect(trips.longest(member("b"))).toBeUndefined();
  });

  it("of a link without length are not 0", () => {
    const trips = new RoundTrips();
    for (let ack = 0; ack < 3; ack++) trips.add(member("a"), 0);
    expect(trips.longest(member("a"))).toBeGreaterThan(0);
  });

  it.each([
    ["host", member("a", "10.0.0.2")],
    ["port", member("a", "10.0.0.1", 7947)],
  ])("do not outlive the %s that they were measured with", (_what, moved) => {
    const trips = new RoundTrips();
    trips.add(member("a"), 900);
    expect(trips.longest(moved)).toBeUndefined();
    trips.add(moved, 2);
    expect(trips.longest(moved)).toBe(6);
  });

  it("stay with new tags", () => {
    const trips = new RoundTrips();
    trips.add(member("a"), 2);
    expect(trips.longest({ ...member("a"), meta: Uint8Array.of(255) })).toBe(6);
  });

  it("are kept for a bounded number of members, the ones measured last", () => {
    const trips = new RoundTrips();
    for (let number = 0; number < SwimLimits.roundTrips; number++) trips.add(member(`m${number}`), 2);
    trips.add(member("m0"), 2);
    trips.add(member("one more"), 2);
    expect(trips.longest(member("m1"))).toBeUndefined();
    expect(["m0", "m2", "one more"].map((name) => trips.longest(member(name)))).not.toContain(undefined);
  });
});
