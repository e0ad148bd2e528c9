import { describe, expect, it } from "vitest";
import { CoordinateClient } from "../../../src/core/coordinate/client.ts";
import { type Coordinate, distanceNs, freshCoordinate } from "../../../src/core/coordinate/coordinate.ts";

const pad = (vec: number[]): number[] => [...vec, ...new Array<number>(8 - vec.length).fill(0)];
const peers: Record<string, Coordinate> = {
  o: { vec: pad([0, 0.02]), error: 0.5, adjustment: 0.001, height: 2e-4 },
  p: { vec: pad([0.03, 0, -0.01]), error: 0.25, adjustment: -0.002, height: 1e-3 },
};

/** Produced by the coordinate package of serf 0.9.4 and 0.10.2 on amd64. */
const steps: [string, number, number[], number, number, number, number, number][] = [
  [
    "o",
    50000000,
    [0.012216158185066498, -0.004432329063562577, 0],
    1.31785995375,
    0.0005606820763199354,
    0.00005653944247397747,
    29133392,
    20495692,
  ],
  [
    "o",
    10000000,
    [0.013907426915342662, -0.007814884537862407, 0],
    1.1546502529457907,
    0.0010259309133962078,
    0.00009205625694037817,
    33415966,
    20612945,
  ],
  [
    "p",
    1234567,
    [0.01703434188978918, -0.006296377633300244, -0.0019430870692946757],
    1.5,
    0.0006187299321704098,
    0.00001,
    33220510,
    16141346,
  ],
  [
    "o",
    12000000,
    [0.014875262561240438, -0.0029633620662471, -0.00169680346456092],
    1.5,
    0.00022815656640766288,
    0.00001,
    28851083,
    16744791,
  ],
  [
    "p",
    0,
    [0.017746666604247563, -0.0024007684352070906, -0.0032731554835138984],
    1.5,
    -0.00012080464859919935,
    0.00001,
    29854663,
    13072224,
  ],
  [
    "p",
    9999999999,
    [0.019938163027611883, -0.001971388238492288, -0.004476250580540014],
    1.5,
    -0.0004063501735987831,
    0.00001,
    30808800,
    10250054,
  ],
];

describe("coordinate client", () => {
  it("moves exactly as Serf's client does", () => {
    const client = new CoordinateClient({ random: () => 0.5 });
    client.set({ vec: pad([0.01]), error: 1.5, adjustment: 0, height: 1e-5 });
    for (const [peer, ns, vec, error, adjustment, height, toO, toP] of steps) {
      expect(client.update(peer, peers[peer]!, ns / 1e9)).toBeUndefined();
      const { coordinate } = client;
      expect(coordinate).toEqual({ vec: pad(vec), error, adjustment, height });
      expect(distanceNs(coordinate, peers["o"]!)).toBe(toO);
      expect(distanceNs(coordinate, peers["p"]!)).toBe(toP);
    }
  });

  it("rejects incompatible, non-finite and out-of-range samples, and does not move", () => {
    const client = new CoordinateClient({ random: () => 0.25 });
    const fresh = freshCoordinate();
    expect(client.update("a", { ...fresh, vec: [0] }, 0.1)).toBe("dimensions aren't compatible");
    expect(client.update("a", { ...fresh, height: Number.NaN }, 0.1)).toBe("coordinate is invalid");
    expect(client.update("a", fresh, 10.000001)).toBe("round trip time not in valid range");
    expect(client.update("a", fresh, -1)).toBe("round trip time not in valid range");
    expect(client.update("a", fresh, Number.NaN)).toBe("round trip time not in valid range");
    expect(client.coordinate).toEqual(fresh);
  });

  it("leaves the origin in a random direction if two nodes are at one place", () => {
    const draws = [0.1, 0.9, 0.3, 0.5, 0.7, 0.2, 0.8, 0.6];
    const client = new CoordinateClient({ random: () => draws.shift() ?? 0.4 });
    client.update("a", freshCoordinate(), 0.1);
    expect(Math.hypot(...client.coordinate.vec)).toBeGreaterThan(0.01);
  });

  it("follows a path that has become longer, and ignores a single late reply", () => {
    const client = new CoordinateClient({ random: () => 0.4 });
    const far = (): number => distanceNs(client.coordinate, peers["p"]!) / 1e6;
    for (let round = 0; round < 100; round++) client.update("p", peers["p"]!, 0.05);
    const before = far();
    expect(before).toBeCloseTo(50, -1);
    client.update("p", peers["p"]!, 5);
    expect(Math.abs(far() - before)).toBeLessThan(1);
    for (let round = 0; round < 100; round++) client.update("p", peers["p"]!, 0.5);
    expect(far()).toBeCloseTo(500, -2);
  });

  it("returns to the origin from a place that is no place", () => {
    const client = new CoordinateClient({ random: () => 0.4 });
    client.update("a", { ...freshCoordinate(), vec: pad([1e308, -1e308]) }, 1);
    expect([client.resets, client.coordinate]).toEqual([1, freshCoordinate()]);
    client.update("p", peers["p"]!, 0.05);
    expect(client.coordinate.vec.every(Number.isFinite)).toBe(true);
  });
});
