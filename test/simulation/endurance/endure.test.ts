import { describe, expect, it } from "vitest";
import { endure } from "./endure.ts";

describe("a simulated cluster of 100 nodes under 10 % loss", () => {
  it("detects 10 crashes, and declares no other node dead for an hour", { timeout: 300_000 }, () => {
    const { findings, mistaken, judged } = endure({ seed: 7, size: 100, loss: 0.1, hours: 1, crashes: 10 });
    expect({ findings, mistaken }).toEqual({ findings: [], mistaken: [] });
    expect(judged).toBe(10 * 90);
  });
});
