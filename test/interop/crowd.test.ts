/**
 * Two hundred clients stream events from one agent, and one of them stops reading: it loses events,
 * the agent does not grow, and the others miss nothing. The events for the stalled client are much
 * more than an agent may buffer.
 */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { nodeRuntime } from "../../runtimes/node/mod.ts";
import { RpcClient, type RpcClientOptions } from "../../src/rpc/client/client.ts";
import type { RpcEvent, RpcStream } from "../../src/rpc/client/streams.ts";
import { Agent, installed, ours, stopAll, until } from "./agents.ts";

const folder = mkdtempSync(join(tmpdir(), "tserf-crowd-"));
const subnet = `127.${60 + (process.pid % 100)}.20`;
const runtime = nodeRuntime();

const readerCount = 199;
/** Events that all streams want, and the ones for the stalled stream between two of them. */
const wantedCount = 600;
const noisePerWanted = 24;
const noiseSize = 8_000;
/**
 * The first part fills everything that may fill: the stalled client's queue, the system's buffers,
 * the engine's heap.
 */
const warmUpCount = 200;
/** Two thirds of the noise, which is 77 MB, come after the warm-up. */
const growthMax = 40_000_000;

const config = join(folder, "config.json");
writeFileSync(config, JSON.stringify({ user_event_size_limit: 9_000, log_level: "warn" }));

afterEach(stopAll);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Resident bytes of a process. */
function memoryOf(agent: Agent): number {
  const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${agent.pid}/status`, "utf8"));
  return Number(line![1]) * 1024;
}

/** Collects names of the user events in the order in which they arrive. */
async function collect(stream: RpcStream<RpcEvent>, into: string[]): Promise<void> {
  for await (const event of stream)
    if (event.type === "user") into.push(new TextDecoder().decode(event.payload));
}

/** A client that stops reading when `stall` is called. */
async function staller(options: RpcClientOptions): Promise<{ client: RpcClient; stall: () => void }> {
  let stalled = false;
  const client = await RpcClient.connect(
    {
      ...runtime,
      streams: {
        ...runtime.streams,
        connect: async (...where) => {
          const connection = await runtime.streams.connect(...where);
          const read = connection.read.bind(connection);
          connection.read = () => (stalled ? new Promise(() => {}) : read());
          return connection;
        },
      },
    },
    options,
  );
  return {
    client,
    stall: () => {
      stalled = true;
    },
  };
}

// Linux shows the memory of another process.
describe.skipIf(process.platform !== "linux").each(installed(ours))("streams of an agent on %s", (kind) => {
  it("continue beside one that is not read, and memory stays flat", { timeout: 120_000 }, async () => {
    const agent = await Agent.start(
      kind,
      "a",
      `${subnet}.${1 + ours.indexOf(kind)}`,
      `-config-file=${config}`,
    );
    const options: RpcClientOptions = { address: agent.rpcAddress };
    const clients: RpcClient[] = [];
    const received: string[][] = [];
    for (let index = 0; index < readerCount; index += 1) {
      const client = await RpcClient.connect(runtime, options);
      const names: string[] = [];
      clients.push(client);
      received.push(names);
      collect(await client.stream("user:wanted"), names).catch(() => {});
    }
    const { client: deaf, stall } = await staller(options);
    await deaf.stream("*");
    stall();
    const producer = await RpcClient.connect(runtime, options);
    const noise = new Uint8Array(noiseSize).fill(0x78);
    const sent: string[] = [];
    let before = 0;
    while (sent.length < wantedCount) {
      if (sent.length === warmUpCount) before = memoryOf(agent);
      for (let index = 0; index < noisePerWanted; index += 1) {
        await producer.event("noise", noise, { coalesce: false });
      }
      sent.push(String(sent.length));
      await producer.event("wanted", sent.at(-1)!, { coalesce: false });
    }
    const growth = memoryOf(agent) - before;
    await until(
      "all readers have the last event",
      () => received.every((names) => names.length === sent.length),
      30_000,
    );
    for (const names of received) expect(names).toEqual(sent);
    expect(agent.log).toMatch(/\[WARN\] agent\.ipc: Dropping event to ipc\.client: 127\.0\.0\.1:\d+/);
    expect(growth).toBeLessThan(growthMax);
    expect((await producer.members()).map(({ name }) => name)).toEqual(["a"]);
    for (const client of [...clients, deaf, producer]) client.close();
  });
});
