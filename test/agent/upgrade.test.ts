/** An agent that is started with the files of an older one, of Serf or of this package, goes on where that one stopped. */
import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RunningAgent, startAgent } from "../deploy/compiled.ts";
import { until } from "../interop/agents.ts";
import { command, lacks } from "../machine/here.ts";
import { root } from "../tidy/sources.ts";

const execute = promisify(execFile);
const golden = join(root, "test/golden/upgrade");
/** Where the recorded agents were. */
const host = "127.0.0.93";
/** The keys of the recorded ring, the one that encrypts first. */
const keys = ["HvY8ubRZMgafUOWvrOadwOckVa1wN3QWAo46FVKbVN8=", "T9jncgl9mbLus+baTTa7q7nPSUrXwbDi2dhbtqir37s="];

describe.skipIf(lacks("loopback"))("an upgrade", { timeout: 60_000 }, () => {
  let folder: string;
  const agents: RunningAgent[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "tserf-upgrade-"));
  });

  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  const { program, args } = command("node", "runtimes/node/cli.ts");
  const run = async (...rest: readonly string[]): Promise<string> =>
    (await execute(program, [...args, ...rest])).stdout;
  const start = async (name: string, number: number, ...flags: readonly string[]): Promise<RunningAgent> => {
    const place = [`-node=${name}`, `-bind=${host}:1794${number}`, `-rpc-addr=${host}:1737${number}`];
    const agent = await startAgent(program, [...args, "agent", ...place, ...flags]);
    agents.push(agent);
    return agent;
  };

  it.each(["serf-0.10.2", "tserf-0.1"])("from %s keeps cluster, clocks, keys and tags", async (version) => {
    const files = join(folder, version);
    await cp(join(golden, version), files, { recursive: true });
    const ring = join(files, "ring.json");
    await writeFile(ring, JSON.stringify(keys), { mode: 0o600 });
    const rpc = `-rpc-addr=${host}:17371`;
    try {
      // The member that the snapshot has alive.
      await start("other", 2, `-keyring-file=${ring}`);
      const [keyring, snapshot, tags] = ["keyring.json", "snapshot", "tags.json"].map((name) =>
        join(files, name),
      );
      const kept = await start(
        "kept",
        1,
        `-keyring-file=${keyring}`,
        `-snapshot=${snapshot}`,
        `-tags-file=${tags}`,
      );
      await until("it is back in its cluster", async () =>
        /^other .* alive/m.test(await run("members", rpc)),
      );
      const members = JSON.parse(await run("members", "-format=json", rpc)) as {
        members: { name: string; status: string; tags: Record<string, string> }[];
      };
      expect(members.members.map(({ name, status }) => `${name} ${status}`).sort()).toEqual([
        "kept alive",
        "other alive",
      ]);
      expect(members.members.find(({ name }) => name === "kept")?.tags).toEqual({
        role: "db",
        zone: "Zürich 1",
      });
      const info = await run("info", rpc);
      // The times after those of the snapshot.
      expect(info).toMatch(/event_time = 3\b/);
      expect(info).toMatch(/query_time = 4\b/);
      const listed = await run("keys", "-list", rpc);
      for (const key of keys) expect(listed).toContain(key);
      await run("event", rpc, "deploy", "v3");
      await until("the event is kept", async () =>
        /^event-clock: 3$/m.test(await readFile(snapshot!, "utf8")),
      );
      expect(await kept.stop("SIGINT")).toBe(0);
      expect(JSON.parse(await readFile(keyring!, "utf8"))).toEqual(keys);
    } finally {
      for (const agent of agents.splice(0)) agent.kill();
    }
  });
});
