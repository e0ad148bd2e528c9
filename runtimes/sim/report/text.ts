/** A report for people: a heading for each subject, and one fact in a line. */

import type { Report } from "./report.ts";
import type { Summary } from "./statistics.ts";

type Row = readonly [what: string, value: string];

/** Writes a report as text, without a final newline. */
export function reportText(report: Report): string {
  const { scenario, detection, falsePositives, events, traffic, model } = report;
  const rows: readonly (Row | string)[] = [
    `${scenario.nodes} nodes, profile ${scenario.profile}, seed ${scenario.seed}`,
    ["packets lost", `${Math.round(scenario.loss * 10_000) / 100} %`],
    ["latency", `${scenario.latencyMs[0]} to ${scenario.latencyMs[1]} ms`],
    ["all joined after", seconds(report.joinedMs)],
    "Failures",
    ["crashes", String(detection.crashes)],
    ...(detection.crashes === 0
      ? []
      : ([
          ["first report after", times(detection.firstMs)],
          ["all knew after", times(detection.allMs)],
          ["nodes that never knew", String(detection.unaware)],
        ] as const)),
    ["false reports", `${falsePositives.reports}, of which ${falsePositives.refuted} were refuted`],
    ...partitionRows(report),
    "Events",
    ["sent", String(events.sent)],
    ["half had one after", times(events.halfMs)],
    ["99 % had one after", times(events.most99Ms)],
    ["all had one after", times(events.lastMs)],
    ["lost with their sender", String(events.lost)],
    ["deliveries missed", String(events.missed)],
    `Model of an infection (${model.fanout} nodes told in each round of ${model.roundMs} ms)`,
    ["half have one after", seconds(model.halfMs)],
    ["99 % have one after", `${seconds(model.most99Ms)}, ${model.most99Rounds} rounds`],
    "Traffic of a node in a second",
    ["packets", traffic.packetsPerSecond.toFixed(2)],
    ["bytes", traffic.bytesPerSecond.toFixed(2)],
    "End",
    ["all agreed after", seconds(report.settledMs)],
    ["virtual time", seconds(report.endMs)],
    ["history", report.hash],
  ];
  return rows.map(line).join("\n");
}

function partitionRows({ partition, scenario }: Report): readonly Row[] {
  if (partition === null) return [];
  return [
    ["half cut off for", seconds(scenario.partitionMs)],
    ["its reports", String(partition.reports)],
    ["whole again after", seconds(partition.reunitedMs)],
  ];
}

/** A heading, with a blank line before all but the first, or a fact below it. */
function line(row: Row | string, index: number): string {
  if (typeof row === "string") return index === 0 ? row : `\n${row}`;
  return `  ${row[0].padEnd(22)} ${row[1]}`;
}

function times(summary: Summary | null): string {
  if (summary === null) return "never";
  const { min, median, max } = summary;
  return `${seconds(median)} (${seconds(min)} to ${seconds(max)})`;
}

function seconds(ms: number | null): string {
  return ms === null ? "never" : `${(ms / 1000).toFixed(3)} s`;
}
