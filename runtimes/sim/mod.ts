/**
 * The simulator: hosts, a network and virtual time in one process, for tests of whole clusters.
 * {@link simulateCluster} starts one; or pass the runtime of {@link World.addHost} to `Serf.start`.
 * Needs no runtime of the system: it works in a browser too.
 *
 * ```ts
 * import { simulateCluster } from "tserf/sim";
 *
 * await using cluster = await simulateCluster(3, { seed: 7 });
 * cluster.world.crash("n1");
 * await cluster.run(60_000);
 * console.log(cluster.node("n0").members().map(({ name, status }) => `${name} ${status}`));
 * ```
 *
 * @module
 */
export * from "../../src/mod.ts";
export { Serf } from "../../src/shell/serf.ts";
export { Checkers, type CheckersOptions } from "./checkers/checkers.ts";
export { type Change, type Finding, Rule, type Scene } from "./checkers/rule.ts";
export { type Severity, Truth } from "./checkers/truth.ts";
export {
  SimulatedCluster,
  type SimulatedClusterOptions,
  type SimulatedNodeOptions,
  simulateCluster,
} from "./cluster.ts";
export type { Consumers } from "./consumers.ts";
export { type LinkCounts, type LinkOptions, Links } from "./cores/links.ts";
export { CoreNode, type Port } from "./cores/node.ts";
export type { CoreQueryEvent, CoreWorldOptions } from "./cores/options.ts";
export type { MessagePath, StructuralOptions } from "./cores/path.ts";
export type { Watcher } from "./cores/watcher.ts";
export { CoreWorld } from "./cores/world.ts";
export type { Disk } from "./files.ts";
export type { LinkConditions, Network } from "./network.ts";
export { type DrawOptions, drawScenario } from "./scenarios/draw.ts";
export { describeScenario, type Scenario, type StepKind, stepKinds } from "./scenarios/scenario.ts";
export { type ShrinkOptions, shrink } from "./scenarios/shrink.ts";
export { type Outcome, runTrial } from "./scenarios/trial.ts";
export { describeStep, playScript, randomScript, type ScriptOptions, type Step } from "./script.ts";
export { type HostOptions, World, type WorldOptions } from "./world.ts";
