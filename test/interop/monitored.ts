/** Reading what `monitor` printed. */

/** The events that a monitor printed, their fields in order: the original prints them in random order. */
export function eventsIn(output: string): string[] {
  const blocks = output.split("Event Info:\n").slice(1);
  return blocks.map((block) =>
    block
      .split("\n")
      .filter((line) => line.startsWith("\t"))
      .sort()
      .join("\n"),
  );
}
