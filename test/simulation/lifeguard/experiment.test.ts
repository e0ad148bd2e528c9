import { expect, test } from "vitest";
import {
  type Configuration,
  type Counts,
  configurationsOfPaper,
  countAll,
  detect,
  ownConfigurations,
} from "./experiment.ts";

/** Cells of the grid in which much goes wrong. */
const cells = (
  [
    [2_048, 1],
    [16_384, 16],
    [32_768, 1],
  ] as const
).map(([blockedMs, intervalMs]) => ({
  size: 48,
  seed: 1,
  concurrent: 16,
  blockedMs,
  intervalMs,
  durationMs: 120_000,
}));

const count = ({ swim }: Configuration): Counts => countAll(swim, cells);

test("Lifeguard and its parts prevent false positives in the measure of the paper", () => {
  const counts = configurationsOfPaper.map(count);
  const [swim, probe, suspicion, buddy, lifeguard] = counts as [Counts, Counts, Counts, Counts, Counts];
  expect(swim.falsePositives).toBeGreaterThan(1_000);
  expect(suspicion.falsePositives).toBeLessThan(0.1 * swim.falsePositives);
  expect(probe.falsePositives).toBeGreaterThan(4 * suspicion.falsePositives);
  expect(probe.falsePositives).toBeLessThan(0.7 * swim.falsePositives);
  // What a buddy changes is less than what chance does: docs/lifeguard.md.
  expect(Math.abs(buddy.falsePositives / swim.falsePositives - 1)).toBeLessThan(0.1);
  expect(lifeguard.falsePositives).toBeLessThan(0.03 * swim.falsePositives);
  expect(lifeguard.atHealthy).toBeLessThanOrEqual(0.04 * swim.atHealthy);
  expect(lifeguard.messages).toBeLessThan(1.15 * swim.messages);
  expect(lifeguard.bytes).toBeLessThan(1.05 * swim.bytes);
}, 120_000);

test("none of our own rules brings false positives back", () => {
  for (const configuration of ownConfigurations.filter(({ name }) => name.startsWith("tserf"))) {
    expect(count(configuration).falsePositives, configuration.name).toBeLessThan(10);
  }
}, 120_000);

test("crashes are reported as soon as with SWIM, and sooner with a smaller α", () => {
  const crashes = { size: 32, seed: 1, crashes: 4 };
  const medianMs = (name: string): number => {
    const { swim } = [...configurationsOfPaper, ...ownConfigurations].find((each) => each.name === name)!;
    return detect(swim, crashes)
      .map(({ lastMs }) => lastMs)
      .sort((a, b) => a - b)[2]!;
  };
  const plain = medianMs("SWIM");
  expect(medianMs("Lifeguard") / plain).toBeLessThan(1.1);
  expect(medianMs("Lifeguard, α = 4")).toBeLessThan(medianMs("Lifeguard"));
  expect(medianMs("Lifeguard, α = 2")).toBeLessThan(medianMs("Lifeguard, α = 4"));
}, 120_000);
