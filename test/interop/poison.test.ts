/**
 * Everything hostile that one stranger can send to an agent without a key, in a cluster of our agents
 * and Go's: some time later it is as without it, also after each of ours has restarted.
 */

import { createSocket } from "node:dgram";
import { connect } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { type Poison, poisons } from "../../runtimes/sim/scenarios/poison.ts";
import { lacks } from "../machine/here.ts";
import { Agent, converged, installed, ours, serfs, stopAll, until } from "./agents.ts";

/** A longer run is `TSERF_MINUTES=60 npx vitest run test/interop/poison.test.ts`. */
const minutes = Number(process.env["TSERF_MINUTES"] ?? 0.2);
const block = 100 + (process.pid % 100);

afterEach(stopAll);

/** Sends one hostile input to an agent. */
async function send(agent: Agent, { packets, stream }: Poison): Promise<void> {
  const [host, port] = agent.address.split(":");
  if (packets !== undefined) {
    const socket = createSocket("udp4");
    for (const bytes of packets)
      await new Promise((resolve) => socket.send(bytes, Number(port), host, resolve));
    socket.close();
  }
  if (stream !== undefined) {
    const connection = connect(Number(port), host);
    connection.on("error", () => undefined).resume();
    await new Promise((resolve) => connection.write(stream, resolve));
    await new Promise((resolve) => setTimeout(resolve, 100));
    connection.destroy();
  }
}

describe.skipIf(lacks("loopback"))("in a cluster of all kinds of agents", () => {
  const kinds = [...installed(ours), ...installed(serfs)];
  const at = (index: number): string => `127.${block}.78.${1 + index}`;
  const start = (index: number): Promise<Agent> =>
    Agent.start(
      kinds[index]!,
      `n${index}`,
      at(index),
      "-profile=local",
      "-log-level=debug",
      ...(index === 0 ? [] : [`-join=${at(0)}:17946`]),
    );

  it("hostile packets change nothing for long", { timeout: 120_000 + 2 * minutes * 60_000 }, async () => {
    const agents: Agent[] = [];
    for (const index of kinds.keys()) agents.push(await start(index));
    const alive = Object.fromEntries(agents.map(({ name }) => [name, "alive"]));
    await converged(agents, alive, 30_000);
    const victim = { name: "n1", address: Uint8Array.of(127, block, 78, 2), port: 17946 };
    // Go's agents believe such packets; what they believe must not harm ours.
    for (const agent of agents.slice(0, installed(ours).length)) {
      for (const poison of poisons(victim)) await send(agent, poison);
    }
    await new Promise((resolve) => setTimeout(resolve, minutes * 60_000));
    const expectSound = async (round: string): Promise<void> => {
      await converged(agents, alive, 30_000);
      for (const agent of agents) {
        for (const count of [1, 2, 3]) {
          const name = `${round}-${agent.name}-${count}`;
          expect((await agent.cli("node", "event", "-coalesce=false", name)).code).toBe(0);
          await until(
            `${name} everywhere`,
            () => agents.every(({ log }) => log.includes(name)),
            20_000,
          ).catch((error: Error) => {
            throw new Error(
              `${error.message}: not at ${agents.filter(({ log }) => !log.includes(name)).map((other) => other.name)}`,
            );
          });
        }
        expect((await agent.cli("node", "reachability")).stdout).toContain("Successfully contacted all");
      }
    };
    await expectSound("after");
    for (const index of installed(ours).keys()) {
      await agents[index]!.kill("SIGKILL");
      agents[index] = await start(index);
      if (index === 0) expect((await agents[0]!.cli("node", "join", `${at(1)}:17946`)).code).toBe(0);
    }
    await expectSound("restarted");
  });
});
