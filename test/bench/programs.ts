/**
 * How fast a cluster of whole programs is simulated: every node with its promises, sockets and
 * timers. `npm run bench:sim -- --programs` runs it.
 */

import { simulateCluster } from "../../runtimes/sim/mod.ts";

/** What to measure. */
export interface ProgramsBench {
  readonly size: number;
  /** Whether the nodes are born joined. */
  readonly joined: boolean;
  /** Virtual time of the calm and of the lossy phase. */
  readonly phaseMs: number;
}

/** Virtual time that runs before the measurement, in which the engine compiles. */
const warmUpMs = 60_000;

/** Measures a cluster of programs and prints the figures of each phase. */
export async function measurePrograms({ size, joined, phaseMs }: ProgramsBench): Promise<void> {
  const began = cpuSeconds();
  const cluster = await simulateCluster(size, {
    joined,
    network: { latencyMs: [1, 5] },
    options: { tags: { role: "web" }, compression: false, coalesceMs: 0 },
  });
  const { world } = cluster;
  print(joined ? "born" : "join", world.now, cpuSeconds() - began);
  const phase = async (name: string, ms: number): Promise<void> => {
    const start = cpuSeconds();
    await cluster.run(ms);
    print(name, ms, cpuSeconds() - start);
  };
  await phase("warm-up", warmUpMs);
  await phase("calm", phaseMs);
  world.network.shape({ loss: 0.05 });
  await phase("loss 5 %", phaseMs);
  console.log(`history ${world.traceHash}`);

  function print(name: string, ms: number, cpu: number): void {
    const seconds = ms / 1_000;
    const memory = Math.round(process.memoryUsage.rss() / 1_048_576);
    console.log(
      name.padEnd(9),
      `${seconds.toFixed(1).padStart(8)} s ${cpu.toFixed(2).padStart(8)} s CPU`,
      `${Math.round((size * seconds) / cpu)}`.padStart(8),
      `node s / CPU s ${memory} MiB`,
    );
  }
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000_000;
}
