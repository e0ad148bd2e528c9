import { describe, expect, it } from "vitest";
import { leaveAndReturn, randomLives } from "./lives.ts";

/** How many seeds of each kind; a longer band is `TSERF_SEEDS=500 npx vitest run test/simulation/lives.test.ts`. */
const count = Number(process.env["TSERF_SEEDS"] ?? 10);
const seeds = Array.from({ length: count }, (_, index) => index + 1);

describe("after a while of quiet, all live nodes agree with the truth", { timeout: 3_600_000 }, () => {
  it("about members that left, returned, crashed and restarted at random", async () => {
    for (const seed of seeds) expect(await randomLives(seed)).toEqual([]);
  });

  it.each([
    false,
    true,
  ])("about a member that left, returned and crashed (new process: %s)", async (restart) => {
    for (const seed of seeds) expect(await leaveAndReturn(seed, 0.05, restart)).toEqual([]);
  });
});
