/** Plots as SVG: lines over time and bars, with axes, marks and a legend. Colors come from the page's style. */

import { htmlOf, tenths } from "./markup.ts";

/** A point of a line: time, or whatever the horizontal axis shows, and a value. */
export type Point = readonly [x: number, y: number];

/** A line. `kind` chooses its color and dashes. */
export interface Line {
  readonly kind: "first" | "second";
  readonly label: string;
  readonly points: readonly Point[];
  /** Whether values hold until the next point, instead of changing evenly. */
  readonly stepped?: boolean;
}

/** Something that is marked on the horizontal axis: a moment, or a time between two. */
export interface Mark {
  readonly label: string;
  readonly from: number;
  readonly until?: number;
}

/** An axis from 0 on. */
export interface Axis {
  readonly title: string;
  readonly max: number;
  /** Returns the label of a value. */
  readonly label: (value: number) => string;
}

/** What a plot shows. */
export interface Plot {
  /** A word for the ids of this plot, unique in the page. */
  readonly id: string;
  readonly title: string;
  /** What can be seen, for those who do not see it. */
  readonly description: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly lines?: readonly Line[];
  /** Bars of equal width, from 0 on. */
  readonly bars?: { readonly width: number; readonly heights: readonly number[] };
  readonly marks?: readonly Mark[];
}

const size = { width: 640, height: 280 } as const;
const frame = { left: 56, right: 624, top: 34, bottom: 236 } as const;

/** Draws a plot. */
export function svg({ id, title, description, x, y, lines = [], bars, marks = [] }: Plot): string {
  const across = scale(x.max, frame.left, frame.right);
  const up = scale(y.max, frame.bottom, frame.top);
  return `<svg viewBox="0 0 ${size.width} ${size.height}" role="img" aria-labelledby="${id}-title ${id}-text">
<title id="${id}-title">${htmlOf(title)}</title>
<desc id="${id}-text">${htmlOf(description)}</desc>
${[
  ...marks.map((mark) => markSvg(mark, across)),
  ...steps(y.max, 4).map((value) => gridSvg(up(value), y.label(value))),
  ...steps(x.max, 8).map((value) => tickSvg(across(value), x.label(value))),
  ...(bars?.heights ?? []).map((height, index) =>
    height === 0 ? "" : barSvg(across(index * bars!.width), across((index + 1) * bars!.width), up(height)),
  ),
  ...lines.map((line) => lineSvg(line, (point) => [across(point[0]), up(point[1])])),
  `<text class="axis" x="${frame.left}" y="14">${htmlOf(y.title)}</text>`,
  `<text class="axis" x="${frame.right}" y="${size.height - 6}" text-anchor="end">${htmlOf(x.title)}</text>`,
  ...(lines.length > 1 ? [legendSvg(lines)] : []),
]
  .filter((part) => part !== "")
  .join("\n")}
</svg>`;
}

/** Returns a round number that is at least `value`: 1, 2 or 5 times a power of ten, or a few of them. */
export function roundUp(value: number, parts = 4): number {
  const step = stepOf(value, parts);
  return Math.max(step, Math.ceil(value / step) * step);
}

function scale(max: number, from: number, until: number): (value: number) => number {
  return (value) => from + ((until - from) * value) / max;
}

/** Returns the values of the marks of an axis. */
function steps(max: number, parts: number): number[] {
  const step = stepOf(max, parts);
  return Array.from({ length: Math.floor(max / step + 1e-9) + 1 }, (_, index) => index * step);
}

/** Returns the least round number that divides an axis into at most so many parts. */
function stepOf(max: number, parts: number): number {
  for (let power = 1; ; power *= 10) {
    for (const digit of [1, 2, 5]) if (digit * power * parts >= max) return digit * power;
  }
}

function gridSvg(y: number, label: string): string {
  return (
    `<line class="grid" x1="${frame.left}" x2="${frame.right}" y1="${tenths(y)}" y2="${tenths(y)}"/>` +
    `<text class="tick" x="${frame.left - 6}" y="${tenths(y + 4)}" text-anchor="end">${htmlOf(label)}</text>`
  );
}

function tickSvg(x: number, label: string): string {
  const anchor = x > frame.right - 10 ? "end" : "middle";
  return `<text class="tick" x="${tenths(x)}" y="${frame.bottom + 18}" text-anchor="${anchor}">${htmlOf(label)}</text>`;
}

function barSvg(left: number, right: number, top: number): string {
  const [x, width] = [tenths(left + 1), tenths(right - left - 2)];
  return `<rect class="bar" x="${x}" width="${width}" y="${tenths(top)}" height="${tenths(frame.bottom - top)}"/>`;
}

function lineSvg({ kind, points, stepped }: Line, place: (point: Point) => Point): string {
  if (points.length === 0) return "";
  let [path, lastY] = ["", ""];
  for (const point of points) {
    const [x, y] = place(point).map(tenths) as [string, string];
    if (path === "") path = `M${x} ${y}`;
    else path += stepped === true && y !== lastY ? `H${x}V${y}` : `L${x} ${y}`;
    lastY = y;
  }
  return `<path class="line ${kind}" d="${path}"/>`;
}

function markSvg({ label, from, until }: Mark, across: (value: number) => number): string {
  const x = across(from);
  const text = `<text class="mark" x="${tenths(x + 3)}" y="${frame.top - 4}">${htmlOf(label)}</text>`;
  if (until === undefined)
    return `<line class="moment" x1="${tenths(x)}" x2="${tenths(x)}" y1="${frame.top}" y2="${frame.bottom}"/>${text}`;
  const width = tenths(across(until) - x);
  const height = frame.bottom - frame.top;
  return `<rect class="span" x="${tenths(x)}" width="${width}" y="${frame.top}" height="${height}"/>${text}`;
}

/** The names of the lines, at the right above the plot, each behind a piece of its line. */
function legendSvg(lines: readonly Line[]): string {
  return lines
    .map(({ kind, label }, index) => {
      const x = frame.right - 150 * (lines.length - index);
      return (
        `<path class="line ${kind}" d="M${x} 10H${x + 24}"/>` +
        `<text class="legend" x="${x + 30}" y="14">${htmlOf(label)}</text>`
      );
    })
    .join("\n");
}
