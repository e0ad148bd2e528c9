/** Samples of output in documents: lines that a command prints in this order, among others. */

/** Stands for anything within a line; alone in a line, for any lines. */
const anything = "…";

/** What differs from run to run and needs no mark: the time of a line in a log. */
const times = /\b\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d\b/g;

/** Returns whether `output` has all lines of a sample, in its order. Columns may be wider or narrower. */
export function isShown(sample: string, output: string): boolean {
  const wanted = lines(sample).map(
    (line) => new RegExp(`^${line.split(anything).map(literal).join(".*")}$`, "u"),
  );
  const found = lines(output);
  let from = 0;
  for (const pattern of wanted) {
    const index = found.findIndex((line, at) => at >= from && pattern.test(line));
    if (index === -1) return false;
    from = index + 1;
  }
  return true;
}

function lines(text: string): string[] {
  return text
    .replaceAll(times, "TIME")
    .split("\n")
    .map((line) => line.replaceAll(/\s+/g, " ").trim())
    .filter((line) => line !== "" && line !== anything);
}

function literal(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/]/g, "\\$&");
}
