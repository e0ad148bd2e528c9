/**
 * An eventful history of twelve nodes, as a hash. Run as a program it prints the hash for the seed
 * in its argument, so that runtimes can be compared.
 */

import { Cluster } from "./cluster.ts";

const minute = 60_000;

/** Runs it: loss, duplicates, a power cut, a partition, and their ends. */
export async function life(seed: number): Promise<string> {
  const network = { latencyMs: [1, 20], loss: 0.05, duplication: 0.02 } as const;
  const cluster = new Cluster({ size: 12, seed, network });
  await cluster.join();
  await cluster.world.run(minute);
  cluster.world.powerOff("n3");
  cluster.world.network.partition([["n0", "n1", "n2", "n4"]]);
  await cluster.world.run(2 * minute);
  cluster.world.network.heal();
  cluster.world.restart("n3");
  await cluster.world.run(2 * minute);
  return cluster.world.traceHash;
}

const asked = process.argv[2];
if (process.argv[1]?.endsWith("life.ts") && asked !== undefined) console.log(await life(Number(asked)));
