/** The four figures of a report: members over time, detection, spread of events, and traffic. */

import type { Course } from "../course.ts";
import { predictedMs } from "../model.ts";
import type { Report } from "../report.ts";
import { htmlOf, table } from "./markup.ts";
import { type Mark, type Plot, type Point, roundUp, svg } from "./plot.ts";

/** A plot, what it means, and its numbers. */
interface Figure {
  readonly plot: Plot;
  readonly text: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Tables have at most so many rows. */
const rowsMax = 25;
/** A histogram has at most so many bars. */
const barsMax = 24;

/** Returns all figures as HTML. */
export function figures(report: Report, course: Course): string[] {
  return [
    members(report, course),
    spread(report, course),
    detection(report, course),
    traffic(report, course),
  ].map(figureHtml);
}

function figureHtml({ plot, text, columns, rows }: Figure): string {
  return `<figure>
<figcaption><h2>${htmlOf(plot.title)}</h2>
<p>${htmlOf(text)}</p></figcaption>
${svg(plot)}
<details><summary>Numbers</summary>
${table(plot.title, columns, rows)}
</details>
</figure>`;
}

function members({ scenario, endMs, joinedMs }: Report, course: Course): Figure {
  const points = course.samples.map(
    ({ atMs, running, seen }): Point => [atMs, running === 0 ? 0 : hundredths(seen / running)],
  );
  const runs = course.samples.map(({ atMs, running }): Point => [atMs, running]);
  return {
    plot: {
      id: "members",
      title: "Members seen over time",
      description:
        `How many members a running node believes to be alive, on average, up to ${scenario.nodes}. ` +
        (joinedMs === null ? "Not all joined." : `All had joined after ${seconds(joinedMs)}.`),
      x: timeAxis(endMs),
      y: { title: "members", max: roundUp(scenario.nodes), label: String },
      lines: [
        { kind: "first", label: "seen by a node", points },
        { kind: "second", label: "running", points: runs, stepped: true },
      ],
      marks: marks(course),
    },
    text: "Members that a running node believes to be alive, on average, beside the nodes that run.",
    columns: ["time", "seen", "running"],
    rows: thinned(points).map(([atMs, seen], index) => [
      seconds(atMs),
      seen.toFixed(2),
      String(thinned(runs)[index]![1]),
    ]),
  };
}

function spread(report: Report, course: Course): Figure {
  const { scenario, events, model } = report;
  const input = { ...scenario, failed: scenario.crashes };
  const measured = course.spread.map(({ share, ms }): Point => [ms, share]);
  const predicted = Array.from({ length: 99 }, (_, index): Point => {
    const share = index + 1;
    return [predictedMs(input, share / 100), share];
  });
  const most99 = course.spread.find(({ share }) => share === 99)?.ms ?? measured.at(-1)?.[0] ?? 0;
  const max = roundUp(Math.max(model.most99Ms, most99, 1), 8);
  const seen = (points: readonly Point[]): Point[] => points.filter(([ms]) => ms <= max);
  const median =
    events.halfMs === null
      ? "No event reached half of the nodes."
      : `Half of the nodes had an event after ${seconds(events.halfMs.median)} at the median.`;
  return {
    plot: {
      id: "spread",
      title: "How events spread",
      description: `${median} The model predicts ${seconds(model.halfMs)}.`,
      x: { title: "time since an event was sent", max, label: milliseconds },
      y: { title: "% of nodes that have it", max: 100, label: String },
      lines: [
        { kind: "first", label: "measured", points: seen(measured), stepped: true },
        { kind: "second", label: "model", points: seen(predicted) },
      ],
    },
    text:
      "The share of running nodes that have an event, over all events that no partition held up, beside " +
      "the closed-form model of an infection.",
    columns: ["share", "measured", "model"],
    rows: [1, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 99, 100].map((share) => [
      `${share} %`,
      milliseconds(course.spread.find((point) => point.share === share)?.ms),
      milliseconds(predicted[share - 1]?.[0]),
    ]),
  };
}

function detection({ detection: { crashes } }: Report, { detectionsMs, undetected }: Course): Figure {
  const last = detectionsMs.at(-1) ?? 0;
  const width = barWidth(last + 1);
  const heights = Array.from({ length: Math.floor(last / width) + 1 }, () => 0);
  for (const ms of detectionsMs) heights[Math.floor(ms / width)]! += 1;
  const most = Math.max(1, ...heights);
  const known = detectionsMs.length;
  return {
    plot: {
      id: "detection",
      title: "How late crashes are known",
      description:
        crashes === 0
          ? "Nothing crashed."
          : `${known} times a running node got to know of a crash, the last ${seconds(last)} after it; ${undetected} times it did not.`,
      x: timeAxis(heights.length * width, "time since a crash"),
      y: { title: "nodes that got to know, over all crashes", max: roundUp(most), label: String },
      bars: { width, heights: crashes === 0 ? [] : heights },
    },
    text:
      crashes === 0
        ? "Nothing crashed in this scenario."
        : "For each crash and each node that still runs: how long after the crash the node knew of it.",
    columns: ["time since a crash", "nodes"],
    rows:
      crashes === 0
        ? []
        : heights.map((count, index) => [
            `${seconds(index * width)} to ${seconds((index + 1) * width)}`,
            String(count),
          ]),
  };
}

function traffic({ endMs, traffic: mean }: Report, course: Course): Figure {
  const points: Point[] = [];
  course.samples.forEach((sample, index) => {
    const before = course.samples[index - 1];
    if (before === undefined || before.running === 0) return;
    const nodeSeconds = (before.running * (sample.atMs - before.atMs)) / 1000;
    points.push([sample.atMs, Math.round((sample.bytes - before.bytes) / nodeSeconds)]);
  });
  const shown = perSecond(points);
  const most = Math.max(1, ...shown.map(([, bytes]) => bytes));
  return {
    plot: {
      id: "traffic",
      title: "Bytes per second and node",
      description: `A node received ${mean.bytesPerSecond.toFixed(0)} bytes a second on average while events were sent, and at most ${most}.`,
      x: timeAxis(endMs),
      y: { title: "bytes received by a node in a second", max: roundUp(most), label: count },
      lines: [{ kind: "first", label: "bytes", points: shown, stepped: true }],
      marks: marks(course),
    },
    text: "What arrived at a running node, datagrams and pieces of streams, on average over the nodes.",
    columns: ["time", "bytes per second"],
    rows: thinned(shown).map(([atMs, bytes]) => [seconds(atMs), String(bytes)]),
  };
}

/** Joins rates so that each covers at least a second: shorter times show only when gossip ticks. */
function perSecond(points: readonly Point[]): Point[] {
  const joined: Point[] = [];
  let [begin, weight, sum] = [0, 0, 0];
  let last = 0;
  for (const [atMs, rate] of points) {
    sum += rate * (atMs - last);
    weight += atMs - last;
    last = atMs;
    if (atMs - begin < 1_000) continue;
    joined.push([atMs, Math.round(sum / weight)]);
    [begin, weight, sum] = [atMs, 0, 0];
  }
  return joined;
}

function marks({ crashesMs, partition }: Course): Mark[] {
  const first = crashesMs.length <= 12 ? crashesMs : [];
  return [
    ...(partition === undefined
      ? []
      : [{ label: "partition", from: partition.fromMs, until: partition.untilMs }]),
    ...first.map((from, index) => ({ label: index === 0 ? "crash" : "", from })),
  ];
}

function barWidth(last: number): number {
  for (let power = 100; ; power *= 10) {
    for (const digit of [1, 2, 5]) if (digit * power * barsMax >= last) return digit * power;
  }
}

/** At most so many points as a table has rows, in equal distances. */
function thinned(points: readonly Point[]): Point[] {
  const step = Math.ceil(points.length / rowsMax);
  return points.filter((_, index) => index % step === 0);
}

function timeAxis(max: number, title = "virtual time"): Plot["x"] {
  return { title, max: roundUp(max, 8), label: (ms) => `${String(ms / 1000)} s` };
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function milliseconds(ms: number | undefined): string {
  return ms === undefined ? "never" : `${ms} ms`;
}

function count(value: number): string {
  return value >= 1_000 ? `${value / 1000}k` : String(value);
}

function hundredths(value: number): number {
  return Math.round(value * 100) / 100;
}
