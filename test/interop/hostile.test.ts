/**
 * Agents on every runtime under strangers that hold connections, do not read, or use up what the
 * system gives.
 */

import { connect, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { nodeRuntime } from "../../runtimes/node/runtime.ts";
import { RpcClient } from "../../src/rpc/client/client.ts";
import { RpcCodec } from "../../src/rpc/codec.ts";
import { Agent, installed, ours, stopAll, until } from "./agents.ts";

const block = 100 + (process.pid % 100);
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await stopAll();
});

/** Opens connections that say nothing, fewer at once than the system queues for a listener. */
async function hold(agent: Agent, count: number): Promise<void> {
  const [host, port] = agent.rpcAddress.split(":");
  const open = async (): Promise<void> => {
    const socket = connect(Number(port), host);
    sockets.push(socket);
    socket.on("error", () => undefined).resume();
    await new Promise((resolve) => socket.once("connect", resolve).once("close", resolve));
  };
  for (let batch = 0; batch < count; batch += 100) await Promise.all(Array.from({ length: 100 }, open));
}

describe.each(installed(ours))("an agent on %s", (kind) => {
  const host = `127.${block}.${60 + ours.indexOf(kind)}.1`;

  it("goes on when connections use up its file descriptors", { timeout: 90_000 }, async () => {
    const inside = ["/bin/sh", "-c", 'ulimit -n 128; exec "$@"', "sh"];
    const agent = await Agent.startInside(inside, kind, "n", host, "-profile=local");
    const port = agent.address.split(":")[1];
    for (let count = 0; count < 400; count++) {
      const socket = connect(Number(port), host);
      socket.on("error", () => undefined).resume();
      sockets.push(socket);
    }
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    for (const socket of sockets) socket.destroy();
    await until("commands", async () => (await agent.cli("node", "members")).stdout.includes("alive"));
    expect(agent.log.match(/Failure in a timer/g)?.length ?? 0).toBeLessThan(2);
    expect(await agent.kill("SIGINT")).toBe(0);
  });

  it("serves commands beside 2,000 silent connections", { timeout: 60_000 }, async () => {
    const agent = await Agent.start(kind, "n", host, "-profile=local");
    const watch = agent.watch("node", "monitor");
    await until("the monitor", () => watch.output.includes("Accepted client"));
    await hold(agent, 2_000);
    const { stdout, code } = await agent.cli("node", "members");
    expect({ stdout, code }).toEqual({ stdout: expect.stringContaining("alive"), code: 0 });
    await until("the end of the silent", () => sockets.every(({ destroyed }) => destroyed));
    expect((await agent.cli("node", "event", "still-there")).code).toBe(0);
    await until("the event", () => watch.output.includes("still-there"));
    expect(agent.log.split("\n").length).toBeLessThan(200);
    await watch.interrupt();
  });

  // Deno and Bun have no such limit that a variable could set.
  it.runIf(kind === "node")(
    "works within a heap of 96 MB while 60 streams are not read",
    {
      timeout: 90_000,
    },
    async () => {
      const inside = ["/usr/bin/env", "NODE_OPTIONS=--max-old-space-size=96"];
      const agent = await Agent.startInside(inside, kind, "n", host, "-profile=local");
      const [at, port] = agent.rpcAddress.split(":");
      for (let count = 0; count < 60; count++) {
        const socket = connect(Number(port), at);
        sockets.push(socket.on("error", () => undefined).pause());
        const codec = new RpcCodec();
        socket.write(codec.encode({ Command: "handshake", Seq: 0 }, { Version: 1 }));
        socket.write(codec.encode({ Command: "stream", Seq: 1 }, { Type: "*" }));
      }
      const client = await RpcClient.connect(nodeRuntime(), { address: agent.rpcAddress });
      const payload = "x".repeat(400);
      for (let batch = 0; batch < 200; batch++) {
        const events = Array.from({ length: 100 }, (_, index) => `event ${100 * batch + index}`);
        await Promise.all(events.map((name) => client.event(name, payload, { coalesce: false })));
      }
      expect(await client.members()).toHaveLength(1);
      await client.close();
      expect(await agent.kill("SIGINT")).toBe(0);
      expect(agent.log).not.toMatch(/unhandled|uncaught|heap/i);
    },
  );
});
