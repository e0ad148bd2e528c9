/**
 * Runs a cluster on a lossy network for long, and prints after each virtual hour the CPU time and the
 * memory that it took. Exits with 1 if a checker found something.
 *
 *     npm run endurance
 *     npm run endurance -- --nodes=100 --hours=2 --loss=0.1 --seed=3
 */

import { parseArgs } from "node:util";
import { endure } from "./endure.ts";

const { values } = parseArgs({
  options: {
    nodes: { type: "string", default: "500" },
    hours: { type: "string", default: "24" },
    loss: { type: "string", default: "0.05" },
    crashes: { type: "string", default: "10" },
    seed: { type: "string", default: "1" },
  },
});

const { findings, mistaken, judged } = endure({
  seed: Number(values.seed),
  size: Number(values.nodes),
  loss: Number(values.loss),
  hours: Number(values.hours),
  crashes: Number(values.crashes),
  onHour: (hour, broken) => {
    const { rss, heapUsed } = process.memoryUsage();
    const [cpu, resident, heap] = [process.cpuUsage().user / 1e6, rss / 2 ** 20, heapUsed / 2 ** 20];
    const memory = `${resident.toFixed(0)} MiB, heap ${heap.toFixed(0)} MiB`;
    console.log(`hour ${hour}: ${cpu.toFixed(0)} s CPU, ${memory}, ${broken} findings`);
  },
});
for (const line of findings) console.log(line);
console.log(`${judged} deaths judged, ${findings.length} findings, ${mistaken.length} nodes mistaken`);
if (findings.length + mistaken.length > 0) process.exitCode = 1;
