/**
 * How fast a cluster is simulated: prints for each phase the virtual time, the CPU time, how many
 * seconds of nodes were simulated in a second of CPU time, and the memory of the process.
 *
 *     npm run bench:sim
 *     npm run bench:sim -- --nodes=1000 --path=plain --no-checkers
 *     npm run bench:sim -- --nodes=3000 --joined --limit=600
 *     npm run bench:sim -- --programs
 */

import { parseArgs } from "node:util";
import {
  Checkers,
  type CoreNode,
  CoreWorld,
  type MessagePath,
  type SerfOptions,
  type Watcher,
} from "../../runtimes/sim/mod.ts";
import { measurePrograms } from "./programs.ts";
import { Results } from "./results.ts";

const { values } = parseArgs({
  options: {
    nodes: { type: "string", default: "100" },
    path: { type: "string", default: "structural" },
    /** Virtual seconds of the calm and of the lossy phase. */
    seconds: { type: "string", default: "300" },
    /** Virtual seconds after joining at least: gossip goes on, and engines compile what is used. */
    rest: { type: "string", default: "60" },
    joined: { type: "boolean", default: false },
    /** Whole programs instead of bare cores. */
    programs: { type: "boolean", default: false },
    checkers: { type: "boolean", default: true },
    /** Seconds after which no further phase begins, and a running one ends. */
    limit: { type: "string", default: "300" },
    /** A file for the figures. */
    json: { type: "string" },
  },
  allowNegative: true,
});
const size = Number(values.nodes);
const path = values.path as MessagePath;
const phaseMs = 1_000 * Number(values.seconds);
const restMs = 1_000 * Number(values.rest);

if (values.programs) {
  await measurePrograms({ size, joined: values.joined, phaseMs });
  process.exit();
}
const results: Results = new Results();
const endsAt = performance.now() + 1_000 * Number(values.limit);

/** Names that the nodes of a world go through when they join. */
const seedsMax = 100;
const crashes = Math.min(10, Math.floor(size / 10));

const options: SerfOptions = {
  tags: { role: "web" },
  compression: false,
  coalesceMs: 0,
  ...(path === "sealed" && { encryptKey: "cg8StVXbQJ0gPvMd9o7yrg==" }),
};

/** Counts what nodes report. */
const reports = { joined: 0, failed: 0, event: 0 };
const counter: Watcher = {
  effect(_now, _node, effect) {
    if (effect.kind !== "emit") return;
    const { event } = effect;
    if (event.type === "member-join") reports.joined += event.members.length;
    else if (event.type === "member-failed") reports.failed += event.members.length;
    else if (event.type === "user") reports.event += 1;
  },
};

const checkers = values.checkers ? new Checkers({ seed: 1, size, options }) : undefined;
const world = new CoreWorld({
  seed: 1,
  size,
  network: { latencyMs: [1, 5] },
  options,
  path,
  watchers: checkers === undefined ? [counter] : [checkers, counter],
});

/** Runs one phase and prints its figures. */
function phase(name: string, run: () => boolean): void {
  if (performance.now() > endsAt) {
    console.log(`${name.padEnd(9)} not begun: the time is over`);
    return;
  }
  const began = { cpu: cpuSeconds(), now: world.now, packets: world.history.datagrams };
  const isDone = run();
  const cpu = cpuSeconds() - began.cpu;
  const virtual = (world.now - began.now) / 1_000;
  const figures = [
    `${virtual.toFixed(1).padStart(8)} s`,
    `${cpu.toFixed(2).padStart(8)} s CPU`,
    `${Math.round((size * virtual) / cpu)}`.padStart(8),
    "node s / CPU s",
    `${world.history.datagrams - began.packets}`.padStart(10),
    "packets",
    `${Math.round(process.memoryUsage.rss() / 1_048_576)}`.padStart(6),
    `MiB${isDone ? "" : ", not done"}`,
  ];
  console.log(name.padEnd(9), figures.join(" "));
  results.set(`${name}: node seconds in a second`, path, (size * virtual) / cpu);
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000_000;
}

/** Lets so much virtual time pass. Returns false if the time of this program is over before. */
function pass(ms: number): boolean {
  const until = world.now + ms;
  return passUntil(() => world.now >= until);
}

/** Lets virtual time pass until something holds. Returns false if the time of this program is over before. */
function passUntil(isDone: () => boolean): boolean {
  while (!isDone()) {
    if (performance.now() > endsAt) return false;
    world.run(100);
  }
  return true;
}

function startAll(): void {
  for (const node of world.nodes) world.at((node.index * 997) % 1_000, () => world.start(node));
  world.run(1_000);
  const join = (node: CoreNode): void =>
    world.join(node, world.nodes[node.index < seedsMax ? 0 : (node.index * 7_919) % seedsMax]!, (error) => {
      if (error !== undefined) world.at(1_000, () => join(node));
    });
  for (const node of world.nodes) if (node.index > 0) world.at(node.index * 10, () => join(node));
}

console.log(
  `${size} nodes, ${path}, ${checkers === undefined ? "no checkers" : `${checkers.rules.length} checkers`}, ${engine()}`,
);
if (values.joined) {
  phase("born", () => {
    world.startJoined();
    return reports.joined === size * size;
  });
} else {
  phase("join", () => {
    startAll();
    return passUntil(() => reports.joined >= size * size);
  });
}
phase("rest", () => pass(Math.max(restMs, phaseMs)));
phase("calm", () => pass(phaseMs));
phase("event", () => {
  world.command(world.nodes[0]!, (core, now) => core.userEvent(now, "deploy", new Uint8Array(32), false));
  return passUntil(() => reports.event >= size);
});
phase("loss 5 %", () => {
  world.links.shape({ loss: 0.05 });
  checkers?.truth.disturb("failure");
  return pass(phaseMs);
});
world.links.shape({ loss: 0 });
checkers?.truth.calm(world.now, "failure");
phase("crashes", () => {
  reports.failed = 0;
  for (const node of world.nodes.slice(-crashes)) world.crash(node);
  return passUntil(() => reports.failed >= crashes * (size - crashes));
});
console.log(`history ${world.history.hash}, ${world.compared} messages compared with the real codec`);
for (const line of checkers?.report() ?? []) console.log(line);
results.save(values.json);

function engine(): string {
  const { bun, deno, node } = process.versions;
  return bun === undefined ? (deno === undefined ? `Node ${node}` : `Deno ${deno}`) : `Bun ${bun}`;
}
