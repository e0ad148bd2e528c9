import { describe, expect, it } from "vitest";
import { World } from "../../runtimes/sim/mod.ts";
import { type AppendFile, type Files, type Runtime, SystemError } from "../../src/runtime.ts";
import { SnapshotFile } from "../../src/shell/snapshot_file.ts";

const path = "/data/snapshot";

interface Subject {
  readonly world: World;
  readonly runtime: Runtime;
  readonly log: string[];
  /** Calls of `write` that reached the disk. */
  readonly writes: string[];
  /** While true the disk does not complete writes. */
  hanging: boolean;
  release: () => void;
  readonly files: Files;
}

/** A simulated disk that can be made to hang. */
function subject(): Subject {
  const world = new World({ seed: 1 });
  const runtime = world.addHost("a", "10.0.0.1");
  const made: Subject = {
    world,
    runtime,
    log: [],
    writes: [],
    hanging: false,
    release: () => undefined,
    files: {
      ...runtime.files,
      append: async (where, mode): Promise<AppendFile> => {
        const file = await runtime.files.append(where, mode);
        return {
          ...file,
          write: async (bytes) => {
            if (made.hanging) {
              await new Promise<void>((resolve) => {
                made.release = resolve;
              });
            }
            made.writes.push(new TextDecoder().decode(bytes));
            await file.write(bytes);
          },
        };
      },
    },
  };
  return made;
}

async function open({ world, runtime, files, log }: Subject): Promise<SnapshotFile> {
  const parts = {
    path,
    files,
    clock: runtime.clock,
    log: (level: string, text: string) => log.push(`${level} ${text}`),
  };
  return (await world.settle(SnapshotFile.open(parts, false))).file;
}

async function content({ world, runtime }: Subject): Promise<string> {
  return new TextDecoder().decode(await world.settle(runtime.files.read(path)));
}

describe("a snapshot file", () => {
  it("is created with mode 0600, and an existing one keeps its mode, even if it is replaced", async () => {
    const fresh = subject();
    (await open(fresh)).start(() => "clock: 1\n");
    expect((await fresh.world.settle(fresh.runtime.files.status(path))).mode).toBe(0o600);
    const taken = subject();
    await taken.world.settle(
      taken.runtime.files.replace(path, new TextEncoder().encode("clock: 1\n"), 0o644),
    );
    const file = await open(taken);
    file.start(() => "clock: 2\n");
    file.compact();
    await taken.world.run(100);
    expect(await content(taken)).toBe("clock: 2\n");
    expect((await taken.world.settle(taken.runtime.files.status(path))).mode).toBe(0o644);
  });

  it("appends lines that arrive while the disk is busy together, in order", async () => {
    const made = subject();
    const file = await open(made);
    file.start(() => "");
    for (let index = 0; index < 100; index += 1) file.append(`clock: ${index}\n`);
    await made.world.run(100);
    expect(made.writes).toHaveLength(2);
    expect(await content(made)).toBe(Array.from({ length: 100 }, (_, index) => `clock: ${index}\n`).join(""));
  });

  it("bounds the lines that wait for a disk that hangs, and has all of them when it recovers", async () => {
    const made = subject();
    const file = await open(made);
    let clock = 0;
    let asked = 0;
    file.start(() => {
      asked += 1;
      return `clock: ${clock}\n`;
    });
    made.hanging = true;
    for (; clock < 200_000; clock += 1) file.append(`clock: ${clock}\n`);
    await made.world.run(1_000);
    expect(asked).toBe(0);
    made.hanging = false;
    made.release();
    await made.world.run(1_000);
    expect(made.writes).toEqual(["clock: 0\n"]);
    expect(asked).toBe(1);
    expect(await content(made)).toBe("clock: 200000\n");
    expect(made.log).toEqual([]);
  });

  it("has the lines that arrived while it was replaced", async () => {
    const made = subject();
    const file = await open(made);
    file.start(() => "clock: 1\n");
    file.compact();
    file.append("clock: 2\n");
    file.append("clock: 3\n");
    await made.world.settle(file.close());
    expect(await content(made)).toBe("clock: 1\nclock: 2\nclock: 3\n");
  });

  it("is replaced after a write failed halfway, because the last line may be torn", async () => {
    const made = subject();
    const { files } = made;
    let fail = true;
    const torn: Files = {
      ...files,
      append: async (where, mode) => {
        const file = await files.append(where, mode);
        return {
          ...file,
          write: async (bytes) => {
            if (!fail) return await file.write(bytes);
            fail = false;
            await file.write(bytes.subarray(0, 5));
            throw new SystemError("ENOSPC", "write", "full");
          },
        };
      },
    };
    const file = await open({ ...made, files: torn });
    file.start(() => "clock: 1\n");
    file.append("clock: 1\n");
    await made.world.run(100);
    file.append("clock: 2\n");
    await made.world.run(100);
    expect(await content(made)).toBe("clock: 1\nclock: 2\n");
    expect(made.log).toEqual([
      "ERR Failed to update snapshot: write /data/snapshot: no space left on device",
      "INFO Attempting compaction to recover from error...",
      "INFO Finished compaction, successfully recovered from error state",
    ]);
  });

  it("is closed in bounded time, whatever the disk does", async () => {
    const made = subject();
    const file = await open(made);
    file.start(() => "");
    made.hanging = true;
    file.append("clock: 1\n");
    const begin = made.world.now;
    await made.world.settle(file.close());
    expect(made.world.now - begin).toBe(10_000);
    expect(made.log).toEqual(["ERR failed to flush snapshot: timeout"]);
  });

  it("of a node that failed to start is left unchanged", async () => {
    const made = subject();
    const before = new TextEncoder().encode("clock: 1\nclock: 2");
    await made.world.settle(made.runtime.files.replace(path, before, 0o600));
    await made.world.settle((await open(made)).close());
    expect(await content(made)).toBe("clock: 1\nclock: 2");
  });
});
