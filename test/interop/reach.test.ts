/**
 * User events in a cluster of eight agents on the three runtimes: each arrives everywhere soon, and in
 * the order of its sender.
 */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nodeRuntime } from "../../runtimes/node/runtime.ts";
import { RpcClient } from "../../src/rpc/client/client.ts";
import { lacks } from "../machine/here.ts";
import { Agent, converged, installed, type Kind, ours, serfs, stopAll, until } from "./agents.ts";

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

describe.skipIf(lacks("loopback")).each(installed(serfs))("a user event between ours and %s", (kind) => {
  afterAll(stopAll);

  it("arrives in the order of its sender, ten in a row", { timeout: 120_000 }, async () => {
    const host = (index: number): string => `127.${block}.${91 + serfs.indexOf(kind)}.${index}`;
    const theirs = await Agent.start(kind, "theirs", host(1), "-log-level=debug");
    const mine = await Agent.start("node", "mine", host(2), "-log-level=debug", `-join=${theirs.address}`);
    await converged([theirs, mine], { theirs: "alive", mine: "alive" });
    const disordered: Record<string, number> = {};
    for (const [sender, receiver] of [
      [theirs, mine],
      [mine, theirs],
    ] as const) {
      const client = await RpcClient.connect(nodeRuntime(), { address: sender.rpcAddress });
      const faults = await inRows(client, receiver);
      disordered[`${sender.name} to ${receiver.name}`] = faults;
      await client.close();
    }
    if (process.env["TSERF_EVENTS"] !== undefined) console.log(kind, disordered);
    expect(disordered["theirs to mine"]).toBe(0);
    // Go's receiver may begin with a packet before it has taken in the whole of it.
    expect(disordered["mine to theirs"]).toBeLessThan(20);
  });
});

/** Sends ten events in a row, ten times. Returns how many of the 90 neighbours arrive in the wrong order. */
async function inRows(client: RpcClient, receiver: Agent): Promise<number> {
  let wrong = 0;
  for (let row = 0; row < 10; row++) {
    const names = Array.from({ length: 10 }, (_, index) => `row-${row}-${index}.`);
    for (const name of names) await client.event(name, "", { coalesce: false });
    const at = (name: string): number => receiver.log.indexOf(`Received event: user-event: ${name}\n`);
    await until(`row ${row}`, () => names.every((name) => at(name) >= 0));
    wrong += names.filter((name, index) => index > 0 && at(name) < at(names[index - 1]!)).length;
  }
  return wrong;
}
