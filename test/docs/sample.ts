/** Samples of output in documents: lines that a command prints, among others. */

/** Stands for anything within a line; alone in a line, for any lines. */
const anything = "…";

/** What differs from run to run and needs no mark: the time of a line in a log. */
const times = /\b\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d\b/g;

/**
 * Returns whether `output` has a line of its own for each line of a sample. The order does not matter, because agents list members in none,
 * and columns may be wider or narrower.
 */
export function isShown(sample: string, output: string): boolean {
  const found = lines(output);
  return lines(sample).every((line) => {
    const pattern = new RegExp(`^${line.split(anything).map(literal).join(".*")}$`, "u");
    const index = found.findIndex((each) => pattern.test(each));
    if (index !== -1) found.splice(index, 1);
    return index !== -1;
  });
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
