/** Reading what commands printed, in an order of its own. */

import type { Outcome } from "./agents.ts";

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

/** Replies, failures and keys come in any order. */
export function sorted({ stdout, stderr, code }: Outcome): Outcome {
  return { stdout: stdout.split("\n").sort().join("\n"), stderr, code };
}
