import { describe, expect, it } from "vitest";
import { reach } from "./reach.ts";

/** A longer run is `TSERF_EVENTS=10000 npx vitest run test/simulation/reach.test.ts`. */
const events = Number(process.env["TSERF_EVENTS"] ?? 200);

describe("without loss on the network a user event", { timeout: 3_600_000 }, () => {
  it.each([
    { size: 8, title: "8" },
    { size: 30, title: "30" },
  ])("reaches each of $title nodes within two seconds", async ({ size }) => {
    const { late, disordered } = await reach({
      seed: size,
      size,
      events,
      senders: size,
      burst: 1,
      pauseMs: 2_000,
      lateMs: 2_000,
    });
    expect({ late, disordered }).toEqual({ late: [], disordered: [] });
  });

  it.each([
    { size: 8, burst: 10, pauseMs: 2_000, title: "ten at once, 8 nodes" },
    { size: 30, burst: 10, pauseMs: 2_000, title: "ten at once, 30 nodes" },
    { size: 8, burst: 1, pauseMs: 20, title: "20 ms apart, 8 nodes" },
    { size: 30, burst: 1, pauseMs: 20, title: "20 ms apart, 30 nodes" },
  ])("arrives in the order of its sender: $title", async ({ size, burst, pauseMs }) => {
    const { late, disordered } = await reach({
      seed: size,
      size,
      events,
      senders: burst === 1 ? 1 : size,
      burst,
      pauseMs,
      lateMs: 2_000,
    });
    expect({ late, disordered }).toEqual({ late: [], disordered: [] });
  });
});
