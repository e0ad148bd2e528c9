/** The style of a report: readable in light and dark, on a narrow screen and on paper. */

/** CSS for the page. */
export const style = `:root {
  color-scheme: light dark;
  --ground: #fcfcfb; --panel: #fff; --ink: #1b1b19; --muted: #5d5c57; --rule: #e4e3de;
  --first: #2a6fcb; --second: #d0581f; --span: #f3ead2;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #161615; --panel: #1f1f1d; --ink: #f2f1ec; --muted: #b1afa6; --rule: #393835;
    --first: #69a5f2; --second: #f0874f; --span: #3a331f;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 84rem; padding: 1.5rem 1rem 3rem; background: var(--ground); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif;
}
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0; }
h2 { font-size: 1.05rem; margin: 0 0 .5rem; }
p { margin: .25rem 0 0; color: var(--muted); max-width: 46rem; }
code { font-family: ui-monospace, monospace; font-size: .9em; }
code span { white-space: nowrap; }
.figures { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr)); margin: 1.5rem 0; }
.facts { display: grid; gap: 1rem 2rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 22rem), 1fr)); }
figure { margin: 0; padding: 1rem; border: 1px solid var(--rule); border-radius: .5rem; background: var(--panel); }
figcaption { margin-bottom: .5rem; }
figcaption p { font-size: .9rem; }
svg { display: block; width: 100%; height: auto; }
svg text { font: 12px system-ui, sans-serif; fill: var(--muted); }
svg .legend { fill: var(--ink); }
svg .mark { font-size: 11px; }
.grid { stroke: var(--rule); }
.moment { stroke: var(--muted); stroke-dasharray: 2 3; }
.span { fill: var(--span); }
.bar { fill: var(--first); }
.line { fill: none; stroke-width: 2; stroke-linejoin: round; }
.line.first { stroke: var(--first); }
.line.second { stroke: var(--second); stroke-dasharray: 6 4; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--muted); padding: .25rem 0; }
th, td { text-align: left; font-weight: inherit; padding: .2rem .5rem .2rem 0; border-bottom: 1px solid var(--rule); vertical-align: top; }
.facts thead { display: none; }
.facts caption { color: var(--ink); font-weight: 600; }
thead th { color: var(--muted); }
td { text-align: right; padding-right: 0; }
summary { cursor: pointer; color: var(--muted); font-size: .9rem; margin-top: .5rem; }
@media print {
  :root { --ground: #fff; --panel: #fff; --ink: #000; --muted: #444; --rule: #ccc; --first: #2a6fcb; --second: #d0581f; --span: #eee; }
  body { padding: 0; font-size: 10pt; }
  figure, section { break-inside: avoid; }
  .figures { grid-template-columns: 1fr 1fr; }
  details { display: none; }
}`;
