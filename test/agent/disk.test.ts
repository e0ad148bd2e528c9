/**
 * A disk that is full, or whose directory is gone, under the files of an agent: the agent logs it,
 * continues, loses nothing that was saved, and writes again when it can. The whole agent runs on a
 * simulated machine.
 */

// Modules that the program imports on demand are imported first, because virtual time does not wait
// for a disk.
import "../../src/agent/run.ts";
import "../../src/cli/commands/agent.ts";
import "../../src/shell/serf.ts";

import { describe, expect, test } from "vitest";
import type { Disk } from "../../runtimes/sim/files.ts";
import { World } from "../../runtimes/sim/mod.ts";
import { main } from "../../src/cli/main.ts";
import { RpcClient } from "../../src/rpc/client/client.ts";

const firstKey = "HvY8ubRZMgafUOWvrOadwOckVa1wN3QWAo46FVKbVN8=";
const secondKey = "T9jncgl9mbLus+baTTa7q7nPSUrXwbDi2dhbtqir37s=";

/** An agent that keeps files in /data, a client of it on another machine, and the world around them. */
class Subject {
  readonly world: World;
  readonly client: RpcClient;

  private constructor(world: World, client: RpcClient) {
    this.world = world;
    this.client = client;
  }

  static async start(): Promise<Subject> {
    const world = new World({ seed: 1 });
    const files = ["-tags-file=/data/tags", "-keyring-file=/data/keys", "-snapshot=/data/snapshot"];
    const args = ["agent", "-node=a", "-bind=10.0.0.1:7946", "-rpc-addr=10.0.0.1:7373", ...files];
    const runtime = world.addHost("a", "10.0.0.1", { args });
    const keys = new TextEncoder().encode(JSON.stringify([firstKey]));
    await world.settle(runtime.files.replace("/data/keys", keys, 0o600));
    void main(runtime);
    await world.run(100);
    const other = world.addHost("b", "10.0.0.2");
    const subject = new Subject(
      world,
      await world.settle(RpcClient.connect(other, { address: "10.0.0.1:7373" })),
    );
    await world.settle(subject.client.updateTags({ set: { version: "1" } }));
    await world.run(5_000);
    return subject;
  }

  get disk(): Disk {
    return this.world.disk("a");
  }

  /** Lines of the agent's log that are warnings or worse, without their time. */
  get complaints(): string[] {
    const { stdout } = this.world.output("a");
    return stdout.split("\n").flatMap((line) => line.match(/\[(?:WARN|ERR)\].*/)?.[0] ?? []);
  }

  /** The outcome of a call: its error's message, or nothing. */
  async refusal(call: Promise<unknown>): Promise<string | null> {
    return await this.world.settle(
      call.then(
        () => null,
        (error: Error) => error.message,
      ),
    );
  }

  async content(name: string): Promise<string> {
    const { files } = this.world.runtime("a");
    return new TextDecoder().decode(await this.world.settle(files.read(`/data/${name}`)));
  }
}

const faults: readonly {
  name: string;
  text: string;
  noted: string;
  strike(disk: Disk): void;
  mend(disk: Disk): void;
}[] = [
  {
    name: "a full disk",
    text: "no space left on device",
    noted: "write /data/snapshot: no space left on device",
    strike: (disk) => {
      disk.failure = "ENOSPC";
    },
    mend: (disk) => {
      disk.failure = undefined;
    },
  },
  {
    name: "a directory that is gone",
    text: "no such file or directory",
    noted: "stat /data/snapshot: no such file or directory",
    strike: (disk) => disk.removeDirectory("/data"),
    mend: (disk) => disk.makeDirectory("/data"),
  },
];

describe.each(faults)("$name below an agent", ({ text, noted, strike, mend }) => {
  test("is logged once for each file, and everything is written once the disk works again", async () => {
    const subject = await Subject.start();
    const { world, client, disk } = subject;
    strike(disk);
    expect(await subject.refusal(client.updateTags({ set: { version: "2" } }))).toBe(
      `Failed to write tags file: open /data/tags: ${text}`,
    );
    expect(await subject.refusal(client.keys.install(secondKey))).toBe("1/1 nodes reported failure");
    await world.settle(client.event("deploy", "v2"));
    await world.run(10 * 60_000);
    expect(subject.complaints).toEqual([
      `[ERR] agent: Failed to write tags file: open /data/tags: ${text}`,
      `[ERR] serf: Failed to write keyring file: open /data/keys: ${text}`,
      `[ERR] serf: Failed to update snapshot: ${noted}`,
      `[ERR] serf: Compaction failed, will reattempt after 30s: write /data/snapshot: ${text}`,
    ]);
    // The agent works, with the tags it had.
    const [self] = await world.settle(client.members());
    expect(self).toMatchObject({ name: "a", status: "alive", tags: { version: "1" } });

    mend(disk);
    await world.run(31_000);
    expect(await subject.refusal(client.updateTags({ set: { version: "3" } }))).toBe(null);
    expect(await subject.refusal(client.keys.use(secondKey))).toBe(null);
    await world.run(5_000);
    expect(JSON.parse(await subject.content("tags"))).toEqual({ version: "3" });
    expect(JSON.parse(await subject.content("keys"))).toEqual([secondKey, firstKey]);
    expect(await subject.content("snapshot")).toMatch(/^alive: a 10\.0\.0\.1:7946\n(.*\n)*event-clock: 1\n/);
    expect(subject.complaints).toHaveLength(4);
  });
});

test("a full disk loses no saved tags, even if the agent is killed meanwhile", async () => {
  const subject = await Subject.start();
  const { world, client, disk } = subject;
  await world.settle(client.event("deploy", "v1"));
  await world.run(5_000);
  const names = ["tags", "keys", "snapshot"];
  const before = await Promise.all(names.map((name) => subject.content(name)));
  disk.failure = "ENOSPC";
  await subject.refusal(client.updateTags({ set: { version: "2" } }));
  await subject.refusal(client.keys.install(secondKey));
  await subject.refusal(client.event("deploy", "v2"));
  await world.run(60_000);
  world.crash("a");
  world.restart("a");
  expect(await Promise.all(names.map((name) => subject.content(name)))).toEqual(before);
});
