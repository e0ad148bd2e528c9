/**
 * A report as one HTML page: the facts of the text, and plots of what happened when. The page needs
 * no script, no network and no other file.
 */

import type { Course } from "../course.ts";
import type { Report } from "../report.ts";
import { type Group, reportGroups } from "../text.ts";
import { figures } from "./figures.ts";
import { htmlOf, table } from "./markup.ts";
import { style } from "./style.ts";

/** Writes a report as a page, without a final newline. */
export function reportHtml(report: Report, course: Course): string {
  const [{ heading, rows } = { heading: "", rows: [] }, ...groups] = reportGroups(report);
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${htmlOf(`Simulated cluster: ${heading}`)}</title>
<style>
${style}
</style>
</head>
<body>
<header>
<h1>${htmlOf(heading)}</h1>
<p>${htmlOf(rows.map(([what, value]) => `${what}: ${value}`).join(" · "))}</p>
<p>A cluster in virtual time. The same scenario gives the same page: ${command(report)}</p>
</header>
<main>
<div class="figures">
${figures(report, course).join("\n")}
</div>
<div class="facts">
${groups.map(groupHtml).join("\n")}
</div>
</main>
</body>
</html>`;
}

function groupHtml({ heading, rows }: Group): string {
  return `<section>
${table(heading, ["", ""], rows)}
</section>`;
}

/** The command that plays the scenario again, as HTML that breaks lines between flags only. */
function command({ scenario }: Report): string {
  const { nodes, seed, profile, loss, latencyMs, crashes, partitionMs, durationMs } = scenario;
  const [least, most] = latencyMs;
  const words = [
    "tserf simulate",
    `-nodes=${nodes}`,
    `-seed=${seed}`,
    `-profile=${profile}`,
    `-loss=${loss}`,
    `-latency=${least}ms-${most}ms`,
    `-crash=${crashes}`,
    `-partition=${partitionMs}ms`,
    `-duration=${durationMs}ms`,
    "-format=html",
  ];
  return `<code>${words.map((word) => `<span>${htmlOf(word)}</span>`).join(" ")}</code>`;
}
