/**
 * Lives of a small cluster whose members leave, return, crash, restart and change their tags on a lossy network. Afterwards, when it has been
 * quiet for a while, every live node has to agree with the truth.
 */

import type { MemberStatus } from "../../src/core/serf/api.ts";
import type { Serf } from "../../src/shell/serf.ts";
import { seeded } from "../core/swim/machine.ts";
import { disagreements, type View } from "./checkers.ts";
import { Cluster } from "./cluster.ts";

const quietMs = 300_000;
const seed0 = ["10.0.0.1:7946"];

/** Returns what live nodes believe wrongly after random lives of six members. */
export async function randomLives(seed: number, operations = 25): Promise<string[]> {
  const chance = seeded(seed * 977);
  const cluster = new Cluster({
    size: 6,
    seed,
    network: { latencyMs: [1, 20], loss: 0.05, duplication: 0.02 },
    options: { reconnectIntervalMs: 10_000 },
  });
  await joinAll(cluster);
  await cluster.world.run(20_000);
  const truth = new Map<string, MemberStatus>(cluster.names.map((name) => [name, "alive"]));
  const tags = new Map<string, string>();
  for (let operation = 0; operation < operations; operation++) {
    const name = cluster.names[1 + chance.below(cluster.names.length - 1)]!;
    await live(cluster, name, chance.below(5), { truth, tags, value: String(operation) });
    await cluster.world.run(chance.below(12_000));
  }
  await cluster.world.run(quietMs);
  const running = cluster.names.filter((name) => truth.get(name) === "alive");
  const views = new Map(running.map((name) => [name, viewOf(cluster.node(name))]));
  return disagreements(views, truth, tags).map((wrong) => `seed ${seed}: ${wrong}`);
}

/**
 * Returns what is wrong after a member has left, returned in the same process (or, with `restart`, in a new one) and then crashed: others
 * that do not see it alive before the crash, and others that do not report the crash as a failure.
 */
export async function leaveAndReturn(seed: number, loss: number, restart = false): Promise<string[]> {
  const cluster = new Cluster({ size: 6, seed, network: { latencyMs: [1, 20], loss } });
  const { world } = cluster;
  await joinAll(cluster);
  await world.run(60_000);
  await world.settle(cluster.node("n2").leave());
  if (restart) await world.settle(cluster.node("n2").shutdown());
  await world.run(60_000);
  if (restart) {
    world.restart("n2");
    await world.run(100);
  }
  await joinAgain(cluster, "n2");
  await world.run(quietMs);
  const others = cluster.names.filter((name) => name !== "n2");
  const wrong = others
    .filter((name) => cluster.view(name)["n2"] !== "alive")
    .map((name) => `seed ${seed}: ${name} sees n2 ${cluster.view(name)["n2"]} although it returned`);
  const crashedAt = world.now;
  world.powerOff("n2");
  await world.run(120_000);
  for (const name of others) {
    const failed = cluster.reports.some(
      ({ at, observer, event }) => at >= crashedAt && observer === name && event.type === "member-failed",
    );
    if (!failed) wrong.push(`seed ${seed}: ${name} does not report that n2 failed`);
  }
  return wrong;
}

interface Life {
  readonly truth: Map<string, MemberStatus>;
  readonly tags: Map<string, string>;
  readonly value: string;
}

async function live(
  cluster: Cluster,
  name: string,
  kind: number,
  { truth, tags, value }: Life,
): Promise<void> {
  const status = truth.get(name);
  const { world } = cluster;
  if (kind === 0 && status === "alive") {
    truth.set(name, "left");
    await world.settle(cluster.node(name).leave());
  } else if (kind <= 1 && status === "left") {
    truth.set(name, "alive");
    await joinAgain(cluster, name);
  } else if (kind === 2 && status === "alive") {
    truth.set(name, "failed");
    world.powerOff(name);
  } else if (kind === 3 && status === "failed") {
    truth.set(name, "alive");
    tags.delete(name);
    world.restart(name);
    await world.run(50);
    await joinAgain(cluster, name);
  } else if (kind === 4 && status === "alive") {
    tags.set(name, value);
    void cluster
      .node(name)
      .setTags({ x: value })
      .catch(() => undefined);
  }
}

/** Lets every node join; a join may fail on a lossy network. */
async function joinAll(cluster: Cluster): Promise<void> {
  await cluster.join();
  for (const name of cluster.names.slice(1)) {
    if (cluster.node(name).members().length < 2) await joinAgain(cluster, name);
  }
}

async function joinAgain(cluster: Cluster, name: string): Promise<void> {
  for (let attempt = 0; attempt < 4; attempt++) {
    const joined = cluster.node(name).join(seed0);
    if (await cluster.world.settle(joined.catch(() => false))) return;
  }
}

/** What a node believes of every member. */
function viewOf(node: Serf): View {
  return new Map(node.members().map(({ name, status, tags }) => [name, { status, tag: tags["x"] }]));
}
