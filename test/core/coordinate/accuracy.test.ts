/**
 * Compares estimates with known round-trip times: in every cycle each node observes one other node.
 * The limits are those that Serf's own simulator asserts for one seed. Seeds differ by up to a
 * factor of two, so the median of three seeds must be within the limit plus some slack.
 */

import { describe, expect, it } from "vitest";
import { CoordinateClient } from "../../../src/core/coordinate/client.ts";
import { distanceSeconds } from "../../../src/core/coordinate/coordinate.ts";
import { seeded } from "../swim/machine.ts";

/** Round-trip times in seconds. */
type Truth = (a: number, b: number) => number;

const cycles = 1_000;
const slack = 1.5;
const seeds = [1, 2, 3];

function simulate(seed: number, count: number, truth: Truth, dimensions = 8): CoordinateClient[] {
  const random = seeded(seed);
  const clients = Array.from(
    { length: count },
    () => new CoordinateClient({ dimensions, random: () => random.unit() }),
  );
  for (let cycle = 0; cycle < cycles; cycle++) {
    for (const [index, client] of clients.entries()) {
      const other = random.below(count);
      if (other === index) continue;
      const refusal = client.update(`node_${other}`, clients[other]!.coordinate, truth(index, other));
      expect(refusal).toBe(undefined);
    }
  }
  return clients;
}

function errors(clients: readonly CoordinateClient[], truth: Truth): { average: number; worst: number } {
  let sum = 0;
  let worst = 0;
  let pairs = 0;
  for (let a = 0; a < clients.length; a++) {
    for (let b = a + 1; b < clients.length; b++) {
      const real = truth(a, b);
      const error = Math.abs(distanceSeconds(clients[a]!.coordinate, clients[b]!.coordinate) - real) / real;
      sum += error;
      worst = Math.max(worst, error);
      pairs += 1;
    }
  }
  return { average: sum / pairs, worst };
}

function middle(values: number[]): number {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

/** Round-trip times that are drawn once per pair. */
function drawn(count: number, draw: () => number): Truth {
  const table = Array.from({ length: count }, (_, row) => Array.from({ length: row }, draw));
  return (a, b) => table[Math.max(a, b)]![Math.min(a, b)]!;
}

function normal(mean: number, deviation: number): () => number {
  const random = seeded(2);
  return () => {
    const radius = Math.sqrt(-2 * Math.log(1 - random.unit()));
    return Math.max(0.001, mean + deviation * radius * Math.cos(2 * Math.PI * random.unit()));
  };
}

const grid: Truth = (a, b) => 0.01 * Math.hypot((a % 5) - (b % 5), Math.floor(a / 5) - Math.floor(b / 5));
const halves: Truth = (a, b) => (a < 12 === b < 12 ? 0.001 : 0.011);
const circle: Truth = (a, b) => {
  if (a === 0 || b === 0) return 0.2;
  const angle = (node: number): number => (2 * Math.PI * node) / 25;
  return 0.1 * Math.hypot(Math.cos(angle(a)) - Math.cos(angle(b)), Math.sin(angle(a)) - Math.sin(angle(b)));
};

describe("coordinates", () => {
  it.each([
    ["on a line", 10, ((a, b) => 0.01 * Math.abs(a - b)) as Truth, 8, 0.0031, 0.013],
    ["on a square grid", 25, grid, 8, 0.0016, 0.023],
    ["in two halves", 25, halves, 8, 0.00006, 0.00048],
    ["on a circle with one node above it", 25, circle, 2, 0.0028, 0.064],
    ["with times from a normal distribution", 25, drawn(25, normal(0.1, 0.01)), 8, 0.075, 0.33],
  ])("%s match the known round-trip times", (_, count, truth, dimensions, average, worst) => {
    const found = seeds.map((seed) => errors(simulate(seed, count, truth, dimensions), truth));
    expect(middle(found.map((one) => one.average))).toBeLessThanOrEqual(average * slack);
    expect(middle(found.map((one) => one.worst))).toBeLessThanOrEqual(worst * slack);
  });

  it("give the node above the circle a height, and the others none", () => {
    const [above, ...others] = simulate(1, 25, circle, 2);
    expect(above!.coordinate.height).toBeGreaterThanOrEqual(0.095);
    for (const other of others) expect(other.coordinate.height).toBeLessThanOrEqual(0.1 * 0.05);
  });
});
