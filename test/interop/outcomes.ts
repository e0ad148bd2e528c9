/** Parses what commands printed, and sorts what has no fixed order. */

import type { Outcome } from "./agents.ts";

/**
 * The events that a monitor printed, with their fields sorted: Serf prints them in random order.
 */
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

/** Replies, failures and keys are printed in any order; in JSON the last one has no comma. */
export function sorted({ stdout, stderr, code }: Outcome): Outcome {
  const lines = stdout.split("\n").map((line) => line.replace(/,$/, ""));
  return { stdout: lines.sort().join("\n"), stderr, code };
}
