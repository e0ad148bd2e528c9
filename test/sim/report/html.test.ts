/** The report as a page: its bytes, its form as XML would have it, and text that is no markup. */

import { describe, expect, it } from "vitest";
import type { Course } from "../../../runtimes/sim/report/course.ts";
import { reportHtml } from "../../../runtimes/sim/report/html/page.ts";
import { roundUp } from "../../../runtimes/sim/report/html/plot.ts";
import type { Report } from "../../../runtimes/sim/report/report.ts";
import type { Scenario } from "../../../runtimes/sim/report/scenario.ts";
import { simulate, simulateCourse } from "../../../runtimes/sim/report/simulation.ts";
import { reportGroups } from "../../../runtimes/sim/report/text.ts";

const eventful: Scenario = {
  nodes: 8,
  seed: 7,
  profile: "lan",
  loss: 0.1,
  latencyMs: [1, 20],
  crashes: 2,
  partitionMs: 8_000,
  durationMs: 20_000,
};
const calm: Scenario = { ...eventful, nodes: 2, loss: 0, crashes: 0, partitionMs: 0, durationMs: 1_000 };

function ended<Result>(run: Generator<unknown, Result>): Result {
  for (;;) {
    const { done, value } = run.next();
    if (done) return value;
  }
}

function play(scenario: Scenario): { readonly report: Report; readonly course: Course } {
  return ended(simulateCourse(scenario));
}

/** Elements that have no end in HTML. */
const empty = /^(meta|!DOCTYPE)$/i;

/** Returns what is wrong with the nesting of a page's elements, and with characters outside of them. */
function faults(page: string): string[] {
  const open: string[] = [];
  const found: string[] = [];
  const parts = page.matchAll(
    /<style>[\s\S]*?<\/style>|<(\/?)([\w!]+)((?:\s+[\w-]+="[^"<>]*"|\s+\w+)*)\s*(\/?)>|[<>]/g,
  );
  for (const [part, end, name = "", , closed] of parts) {
    if (part.startsWith("<style>")) continue;
    if (name === "") found.push(`stray ${part}`);
    else if (end === "/") {
      const last = open.pop();
      if (last !== name) found.push(`</${name}> ends <${last}>`);
    } else if (closed !== "/" && !empty.test(name)) open.push(name);
  }
  return [...found, ...open.map((name) => `<${name}> has no end`)];
}

describe("the page of a report", () => {
  it("has the same bytes on every engine", async () => {
    const { report, course } = play(eventful);
    await expect(`${reportHtml(report, course)}\n`).toMatchFileSnapshot("./expected.html");
  });

  it("has every fact of the text, of the same run", () => {
    const { report, course } = play(eventful);
    expect(ended(simulate(eventful))).toEqual(report);
    const page = reportHtml(report, course);
    for (const { rows } of reportGroups(report).slice(1)) {
      for (const [what, value] of rows)
        expect(page).toContain(`<th scope="row">${what}</th><td>${value}</td>`);
    }
  });

  it.each([
    ["an eventful run", eventful],
    ["a calm one", calm],
  ])("of %s is well-formed, and each plot has a title, a description and a table", (_what, scenario) => {
    const { report, course } = play(scenario);
    const page = reportHtml(report, course);
    expect(faults(page)).toEqual([]);
    expect(faults("<p><b>a</p>")).not.toEqual([]);
    const figures = page.split("<figure>").slice(1);
    expect(figures).toHaveLength(4);
    for (const figure of figures)
      expect(figure).toMatch(/role="img"[\s\S]*<title [\s\S]*<desc [\s\S]*<table>/);
    const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(page).not.toMatch(/NaN|Infinity|undefined/);
  });

  it("needs nothing else: no script, no address", () => {
    const { report, course } = play(eventful);
    const page = reportHtml(report, course);
    expect(page).not.toMatch(/<script|<link|src=|href=|url\(|@import|https?:/);
  });

  it("shows hostile text as text", () => {
    const { report, course } = play(calm);
    const hostile = `</title><script>alert("1")</script>&amp;'`;
    const scenario = { ...report.scenario, seed: hostile as unknown as number };
    const page = reportHtml({ ...report, scenario, hash: hostile }, course);
    expect(page).not.toContain("<script");
    expect(page).toContain("&lt;/title&gt;&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;amp;&#39;");
    expect(faults(page)).toEqual([]);
  });
});

describe("the course of a simulation", () => {
  it("begins and ends with the simulation, and has what happened", () => {
    const { report, course } = play(eventful);
    expect(course.samples[0]).toMatchObject({ running: 8 });
    expect(course.samples.at(-1)).toMatchObject({ atMs: report.endMs, running: 6, seen: 36 });
    expect(course.crashesMs).toHaveLength(2);
    expect(course.partition!.untilMs - course.partition!.fromMs).toBe(8_000);
    expect(course.detectionsMs).toHaveLength(12);
    expect(course.detectionsMs.at(-1)).toBe(report.detection.allMs!.max);
    expect(course.spread.at(-1)!.ms).toBeGreaterThanOrEqual(report.events.halfMs!.median);
  });

  it("stays small in a long simulation, with samples in equal distances", () => {
    const { course } = play({ ...calm, durationMs: 300_000 });
    expect(course.samples.length).toBeLessThanOrEqual(601);
    expect(course.samples.length).toBeGreaterThan(300);
    const times = course.samples.map(({ atMs }) => atMs);
    const distances = times.slice(1, -1).map((time, index) => time - times[index]!);
    expect(new Set(distances).size).toBe(1);
  });
});

describe("the end of an axis", () => {
  it("is a round number at or above the greatest value", () => {
    expect([1, 7, 100, 1436, 15_600].map((value) => roundUp(value))).toEqual([1, 8, 100, 1500, 20_000]);
  });
});
