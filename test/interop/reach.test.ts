/**
 * User events in a cluster of eight agents on the three runtimes: each arrives everywhere soon, and in
 * the order of its sender.
 */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nodeRuntime } from "../../runtimes/node/runtime.ts";
import { RpcClient } from "../../src/rpc/client/client.ts";
import { lacks } from "../machine/here.ts";
import { Agent, converged, installed, type Kind, ours, stopAll, until } from "./agents.ts";

/** A longer run is `TSERF_EVENTS=300 npx vitest run test/interop/reach.test.ts`. */
const count = Number(process.env["TSERF_EVENTS"] ?? 40);
const lateMs = 3_000;
const block = 100 + (process.pid % 100);

describe.skipIf(lacks("loopback"))("a user event among eight agents", () => {
  const agents: Agent[] = [];
  const clients: RpcClient[] = [];

  beforeAll(async () => {
    const kinds: Kind[] = installed(ours);
    const flags = ["-log-level=debug"];
    for (let index = 0; index < 8; index++) {
      const join = index === 0 ? [] : [`-join=${agents[0]!.address}`];
      const host = `127.${block}.90.${index + 1}`;
      agents.push(await Agent.start(kinds[index % kinds.length]!, `n${index}`, host, ...flags, ...join));
    }
    await converged(agents, Object.fromEntries(agents.map(({ name }) => [name, "alive"])), 30_000);
    for (const { rpcAddress } of agents)
      clients.push(await RpcClient.connect(nodeRuntime(), { address: rpcAddress }));
  }, 120_000);
  afterAll(async () => {
    for (const client of clients) await client.close();
    await stopAll();
  });

  const delivered = ({ log }: Agent, name: string): boolean =>
    log.includes(`Received event: user-event: ${name}\n`);

  it("arrives everywhere within three seconds, one after the other", { timeout: 600_000 }, async () => {
    const late: string[] = [];
    for (let index = 0; index < count; index++) {
      const name = `single-${index}.`;
      await clients[index % 8]!.event(name, "", { coalesce: false });
      const all = (): boolean => agents.every((agent) => delivered(agent, name));
      await until(name, all, lateMs).catch(() => {
        late.push(
          `${name} not at ${agents.filter((agent) => !delivered(agent, name)).map((agent) => agent.name)}`,
        );
      });
    }
    expect(late).toEqual([]);
  });

  it.each([
    ["ten in a row", 0],
    ["20 ms apart", 20],
  ])("arrives in the order of its sender, %s", { timeout: 120_000 }, async (_title, pauseMs) => {
    for (const [sender, client] of clients.entries()) {
      const names = Array.from({ length: 10 }, (_, index) => `row-${pauseMs}-${sender}-${index}.`);
      for (const name of names) {
        await client.event(name, "", { coalesce: false });
        if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
      for (const agent of agents) {
        await until(`all at ${agent.name}`, () => names.every((name) => delivered(agent, name)));
        const order = [...names].sort(
          (a, b) => agent.log.indexOf(`user-event: ${a}\n`) - agent.log.indexOf(`user-event: ${b}\n`),
        );
        expect({ agent: agent.name, order }).toEqual({ agent: agent.name, order: names });
      }
    }
  });
});
