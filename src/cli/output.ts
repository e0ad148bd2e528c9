/**
 * Columns of text as Serf prints them. A `|` inside a field starts another column, as in Serf.
 * Fields come from members of the cluster: what would move the cursor is quoted.
 */

import { printable } from "../go/printable.ts";

/** Lays out rows: fields trimmed, columns padded to their widest field but for a row's last, two blanks between them. */
export function columns(rows: readonly (readonly string[])[]): string {
  const fields = rows.map((row) =>
    row
      .join("|")
      .split("|")
      .map((field) => printable(trim(field))),
  );
  const widths: number[] = [];
  for (const row of fields) {
    row.forEach((field, index) => {
      widths[index] = Math.max(widths[index] ?? 0, width(field));
    });
  }
  const lines = fields.map((row) =>
    row.map((field, index) => (index === row.length - 1 ? field : pad(field, widths[index]!))).join("  "),
  );
  return lines.join("\n");
}

/** Cuts white space as Go's `strings.TrimSpace` does. */
export function trim(text: string): string {
  return text.replace(/^[\s\u0085]+|[\s\u0085]+$/gu, "");
}

/** Length in code points. */
function width(text: string): number {
  return [...text].length;
}

function pad(text: string, size: number): string {
  return text + " ".repeat(size - width(text));
}
