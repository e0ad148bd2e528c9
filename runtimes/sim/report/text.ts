/** A report for people: a heading for each subject, and one fact in a line. */

import type { Report } from "./report.ts";
import type { Summary } from "./statistics.ts";

/** One fact. */
export type Row = readonly [what: string, value: string];

/** Facts that belong together. */
export interface Group {
  readonly heading: string;
  readonly rows: readonly Row[];
}

/** Writes a report as text, without a final newline. */
export function reportText(report: Report): string {
  const groups = reportGroups(report).map(({ heading, rows }) => [
    heading,
    ...rows.map(([what, value]) => `  ${what.padEnd(22)} ${value}`),
  ]);
  return groups.map((lines) => lines.join("\n")).join("\n\n");
}

/** Returns the facts of a report, as people read them. */
export function reportGroups(report: Report): readonly Group[] {
  const { scenario, detection, falsePositives, events, traffic, model } = report;
  return [
    {
      heading: `${scenario.nodes} nodes, profile ${scenario.profile}, seed ${scenario.seed}`,
      rows: [
        ["packets lost", `${Math.round(scenario.loss * 10_000) / 100} %`],
        ["latency", `${scenario.latencyMs[0]} to ${scenario.latencyMs[1]} ms`],
        ["all joined after", seconds(report.joinedMs)],
      ],
    },
    {
      heading: "Failures",
      rows: [
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
      ],
    },
    {
      heading: "Events",
      rows: [
        ["sent", String(events.sent)],
        ["half had one after", times(events.halfMs)],
        ["99 % had one after", times(events.most99Ms)],
        ["all had one after", times(events.lastMs)],
        ["lost with their sender", String(events.lost)],
        ["deliveries missed", String(events.missed)],
      ],
    },
    {
      heading: `Model of an infection (${model.fanout} nodes told in each round of ${model.roundMs} ms)`,
      rows: [
        ["half have one after", seconds(model.halfMs)],
        ["99 % have one after", `${seconds(model.most99Ms)}, ${model.most99Rounds} rounds`],
      ],
    },
    {
      heading: "Traffic of a node in a second",
      rows: [
        ["packets", traffic.packetsPerSecond.toFixed(2)],
        ["bytes", traffic.bytesPerSecond.toFixed(2)],
      ],
    },
    {
      heading: "End",
      rows: [
        ["all agreed after", seconds(report.settledMs)],
        ["virtual time", seconds(report.endMs)],
        ["history", report.hash],
      ],
    },
  ];
}

function partitionRows({ partition, scenario }: Report): readonly Row[] {
  if (partition === null) return [];
  return [
    ["half cut off for", seconds(scenario.partitionMs)],
    ["its reports", String(partition.reports)],
    ["whole again after", seconds(partition.reunitedMs)],
  ];
}

function times(summary: Summary | null): string {
  if (summary === null) return "never";
  const { min, median, max } = summary;
  return `${seconds(median)} (${seconds(min)} to ${seconds(max)})`;
}

function seconds(ms: number | null): string {
  return ms === null ? "never" : `${(ms / 1000).toFixed(3)} s`;
}
