/**
 * The result of a simulation as plain data: whole numbers and hundredths only, so that the same
 * scenario gives the same bytes on every engine. `null` stands for what did not happen.
 */

import type { CoreNode } from "../cores/node.ts";
import { type Beliefs, type Crash, unaware } from "./beliefs.ts";
import { type Prediction, predict } from "./model.ts";
import type { Scenario } from "./scenario.ts";
import type { Spread, SpreadTimes } from "./spread.ts";
import { hundredths, type Summary, summary } from "./statistics.ts";

/** What a simulation showed. All times are virtual. */
export interface Report {
  readonly scenario: Scenario;
  /** From the beginning until every node knew every other. */
  readonly joinedMs: number | null;
  readonly detection: {
    readonly crashes: number;
    /** From a crash to the first report of it, by crash. */
    readonly firstMs: Summary | null;
    /** From a crash until the last running node knew, by crash that all of them know. */
    readonly allMs: Summary | null;
    /** Running nodes that still believe that a crashed one is alive, summed over the crashes. */
    readonly unaware: number;
  };
  /** Reports that a node failed that runs and was not cut off, and how many were taken back. */
  readonly falsePositives: { readonly reports: number; readonly refuted: number };
  /** `null` without a partition. */
  readonly partition: {
    /**
     * Reports of failed members that run, from the beginning of the partition until the cluster was
     * one again and no suspicion from that time was left.
     */
    readonly reports: number;
    /** From the end of the partition until all running nodes knew each other again. */
    readonly reunitedMs: number | null;
  } | null;
  readonly events: SpreadTimes & {
    readonly sent: number;
    /** Events that no running node has, because their sender crashed before it passed them on. */
    readonly lost: number;
    /** Deliveries of the other events to running nodes that never happened. */
    readonly missed: number;
  };
  /** What arrived at each node in each second, after the joins and before the rest. */
  readonly traffic: { readonly packetsPerSecond: number; readonly bytesPerSecond: number };
  readonly model: Prediction;
  /** From the end of the script until all agreed and had all events. */
  readonly settledMs: number | null;
  readonly endMs: number;
  /** The hash of all packets: two runs with the same one had the same history. */
  readonly hash: string;
}

/** What the report is made of. `undefined` stands for what did not happen. */
export interface Findings {
  readonly scenario: Scenario;
  readonly nodes: readonly CoreNode[];
  readonly beliefs: Beliefs;
  readonly spread: Spread;
  readonly joinedMs: number | undefined;
  readonly reunitedMs: number | undefined;
  readonly settledMs: number | undefined;
  /** What arrived between two times. */
  readonly measured: {
    readonly fromMs: number;
    readonly untilMs: number;
    readonly packets: number;
    readonly bytes: number;
  };
  readonly endMs: number;
  readonly hash: string;
}

/** Puts the report of a simulation together. */
export function report({ scenario, nodes, beliefs, spread, ...found }: Findings): Report {
  const { nodes: size, profile, loss, crashes, partitionMs } = scenario;
  const seconds = nodeSeconds(found.measured, size, beliefs.crashes);
  return {
    scenario,
    joinedMs: found.joinedMs ?? null,
    detection: detection(beliefs.crashes, nodes),
    falsePositives: { reports: beliefs.falsePositives, refuted: beliefs.refuted },
    partition:
      partitionMs === 0 ? null : { reports: beliefs.splitReports, reunitedMs: found.reunitedMs ?? null },
    events: {
      sent: spread.count,
      lost: spread.lost(nodes),
      missed: spread.missing(nodes),
      ...spread.times(nodes),
    },
    traffic: {
      packetsPerSecond: hundredths(found.measured.packets / seconds),
      bytesPerSecond: hundredths(found.measured.bytes / seconds),
    },
    model: predict({ nodes: size, profile, loss, failed: crashes }),
    settledMs: found.settledMs ?? null,
    endMs: found.endMs,
    hash: found.hash,
  };
}

function detection(crashes: readonly Crash[], nodes: readonly CoreNode[]): Report["detection"] {
  const running = nodes.filter((node) => node.running);
  const detected = crashes.filter((crash) => unaware(crash, nodes) === 0);
  return {
    crashes: crashes.length,
    firstMs: summary(crashes.map(({ firstMs }) => firstMs).filter((ms) => ms !== undefined)),
    allMs: summary(detected.map(({ knownMs }) => Math.max(...running.map(({ index }) => knownMs[index]!)))),
    unaware: crashes.reduce((sum, crash) => sum + unaware(crash, nodes), 0),
  };
}

/** Returns how long nodes ran between two times, summed over the nodes, in seconds. */
function nodeSeconds(
  { fromMs, untilMs }: Findings["measured"],
  size: number,
  crashes: readonly Crash[],
): number {
  const lost = crashes.reduce((sum, { atMs }) => sum + Math.max(0, untilMs - atMs), 0);
  return (size * (untilMs - fromMs) - lost) / 1000;
}
