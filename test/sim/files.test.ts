import { describe, expect, it } from "vitest";
import { World } from "../../runtimes/sim/mod.ts";

describe("a simulated disk", () => {
  it("keeps what was synced, and tears off some of the rest when the power fails", async () => {
    const sizes = new Set<number>();
    for (let seed = 0; seed < 30; seed += 1) {
      const world = new World({ seed });
      const { files } = world.addHost("a", "10.0.0.1");
      const log = await world.settle(files.append("/data/log", 0o600));
      await world.settle(log.write(new Uint8Array(10).fill(1)));
      await world.settle(log.sync());
      await world.settle(log.write(new Uint8Array(10).fill(2)));
      world.powerOff("a");
      const again = world.restart("a").files;
      const bytes = await world.settle(again.read("/data/log"));
      expect([...bytes.subarray(0, 10)]).toEqual(new Array(10).fill(1));
      expect(bytes.subarray(10).every((byte) => byte === 2)).toBe(true);
      sizes.add(bytes.length);
    }
    expect(Math.min(...sizes)).toBeLessThan(13);
    expect(Math.max(...sizes)).toBeGreaterThan(17);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(20);
  });

  it("loses nothing when only the program crashes", async () => {
    const world = new World({ seed: 1 });
    const { files } = world.addHost("a", "10.0.0.1");
    const log = await world.settle(files.append("/data/log", 0o600));
    await world.settle(log.write(new Uint8Array(10)));
    world.crash("a");
    expect((await world.settle(world.restart("a").files.read("/data/log"))).length).toBe(10);
  });

  it("replaces a file whole or not at all, whenever the power fails", async () => {
    const world = new World({ seed: 1 });
    const { files } = world.addHost("a", "10.0.0.1");
    await world.settle(files.replace("/data/keys", Uint8Array.of(1), 0o600));
    void files.replace("/data/keys", Uint8Array.of(2, 2), 0o600);
    world.powerOff("a");
    expect(await world.settle(world.restart("a").files.read("/data/keys"))).toEqual(Uint8Array.of(1));
  });

  it("can be made to fail, and to work again", async () => {
    const world = new World({ seed: 1 });
    const { files } = world.addHost("a", "10.0.0.1");
    const log = await world.settle(files.append("/data/log", 0o600));
    world.disk("a").failure = "ENOSPC";
    const attempts: (() => Promise<unknown>)[] = [
      () => log.write(Uint8Array.of(1)),
      () => files.replace("/data/keys", Uint8Array.of(1), 0o600),
      () => files.append("/data/other", 0o600),
    ];
    for (const attempt of attempts) {
      await expect(world.settle(attempt())).rejects.toMatchObject({ code: "ENOSPC" });
    }
    world.disk("a").failure = undefined;
    await world.settle(log.write(Uint8Array.of(2)));
    expect(await world.settle(files.read("/data/log"))).toEqual(Uint8Array.of(2));
  });
});
