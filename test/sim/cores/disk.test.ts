/** The disk of a bare core: what is on it when it is full, and after a power cut. */

import { describe, expect, it } from "vitest";
import { CoreWorld } from "../../../runtimes/sim/mod.ts";
import { replay } from "../../../src/core/serf/snapshot/format.ts";

/** Three members that have written their snapshots. */
function settled(): CoreWorld {
  const world = new CoreWorld({ seed: 1, size: 3, snapshots: true });
  world.startJoined();
  world.run(2_000);
  return world;
}

function alive(file: string): string[] {
  return [...replay(new TextEncoder().encode(file), false).state.alive.keys()].sort();
}

describe("the disk of a bare core", () => {
  it("keeps what was recorded", () => {
    const { disk } = settled().nodes[0]!;
    expect(alive(disk.file)).toEqual(["n0", "n1", "n2"]);
    expect([disk.failures, disk.behind]).toEqual([0, false]);
  });

  it("takes a part of a line while it is full, and the whole file half a minute later", () => {
    const world = settled();
    const [n0, , n2] = world.nodes;
    const { disk } = n0!;
    const before = disk.file;
    disk.fill(7);
    world.crash(n2!);
    world.run(60_000);
    expect(disk.file).toBe(`${before}#failed`);
    // The line, then the whole file at once, and then every half minute.
    expect(disk.failures).toBeGreaterThanOrEqual(3);
    expect(disk.behind).toBe(true);
    disk.empty();
    world.run(30_000);
    expect(disk.behind).toBe(false);
    expect(disk.file).toContain("#failed: n2 10.0.0.2:7946\n");
    expect(alive(disk.file)).toEqual(["n0", "n1"]);
    const { length } = disk.file;
    world.start(n2!);
    world.join(n2!, n0!);
    world.run(2_000);
    expect(disk.file.slice(length)).toContain("alive: n2 10.0.0.2:7946\n");
  });

  it("stays full for a program that starts meanwhile", () => {
    const world = settled();
    const [n0, n1] = world.nodes;
    const { disk } = n0!;
    world.crash(n0!);
    disk.fill(0);
    world.start(n0!);
    const before = disk.file;
    world.join(n0!, n1!);
    world.run(10_000);
    expect([disk.file, disk.behind]).toEqual([before, true]);
    disk.empty();
    world.run(30_000);
    expect(alive(disk.file)).toEqual(["n0", "n1", "n2"]);
  });

  it("loses the end of what was appended in a power cut, and has a torn line cut off at the start", () => {
    const world = settled();
    const [n0] = world.nodes;
    const { disk } = n0!;
    const before = disk.file;
    world.crash(n0!, true);
    expect(disk.tear(3)).toBe(3);
    expect(disk.file).toBe(before.slice(0, -3));
    const whole = disk.file.slice(0, disk.file.lastIndexOf("\n") + 1);
    const kept = replay(new TextEncoder().encode(whole), false).state;
    world.start(n0!);
    expect(disk.file.endsWith("\n")).toBe(true);
    expect(replay(new TextEncoder().encode(disk.file), false).state.alive).toEqual(kept.alive);
  });

  it("loses nothing of what was read at a start", () => {
    const world = settled();
    const [n0] = world.nodes;
    world.crash(n0!);
    const { file } = n0!.disk;
    world.start(n0!);
    world.crash(n0!, true);
    n0!.disk.tear(10_000);
    expect(n0!.disk.file).toBe(file);
  });

  it("loses nothing of a file that was replaced as a whole", () => {
    const world = settled();
    const [n0] = world.nodes;
    const { disk } = n0!;
    disk.fill(0);
    world.crash(world.nodes[2]!);
    world.run(30_000);
    disk.empty();
    world.run(30_000);
    const replaced = disk.file;
    world.crash(n0!, true);
    expect(disk.tear(10_000)).toBe(0);
    expect(disk.file).toBe(replaced);
  });
});
