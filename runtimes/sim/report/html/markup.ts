/**
 * Text as HTML, and numbers as text. Everything is spelled out with integers, so that a page has the
 * same bytes on every engine.
 */

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Returns text as HTML, for elements and for quoted attributes. */
export function htmlOf(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => entities[character]!);
}

/** Returns a number with at most one digit after the point, as coordinates need it. */
export function tenths(value: number): string {
  return String(Math.round(value * 10) / 10);
}

/** Returns a table. The first cell of each row is its heading. */
export function table(
  caption: string,
  columns: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const head = columns.map((text) => `<th scope="col">${htmlOf(text)}</th>`).join("");
  const body = rows.map(
    ([first = "", ...rest]) =>
      `<tr><th scope="row">${htmlOf(first)}</th>${rest.map((text) => `<td>${htmlOf(text)}</td>`).join("")}</tr>`,
  );
  return `<table>
<caption>${htmlOf(caption)}</caption>
<thead><tr>${head}</tr></thead>
<tbody>
${body.join("\n")}
</tbody>
</table>`;
}
