/** Compares what a program left behind with the transcript, line by line. */

import type { Observed } from "./transcript.ts";

/** Lines that only one side has, each behind the name of its stream. */
export interface Difference {
  /** Only in the transcript. */
  readonly original: readonly string[];
  /** Only in our output. */
  readonly ours: readonly string[];
}

/** The differences of both sides in normal form; streams and the exit count. */
export function compare(original: Observed, ours: Observed): Difference {
  const parts = (["stdout", "stderr", "end"] as const).map((stream) =>
    changedLines(lines(stream, original[stream]), lines(stream, ours[stream])),
  );
  return {
    original: parts.flatMap((part) => part.original),
    ours: parts.flatMap((part) => part.ours),
  };
}

/** Whether nothing differs. */
export function same({ original, ours }: Difference): boolean {
  return original.length === 0 && ours.length === 0;
}

function lines(stream: string, text: string): string[] {
  if (text === "") return [];
  const all = text.split("\n");
  const unfinished = all.at(-1) !== "";
  if (!unfinished) all.pop();
  return all.map(
    (line, index) =>
      `${stream}: ${line}${unfinished && stream !== "end" && index === all.length - 1 ? " (no newline)" : ""}`,
  );
}

/** Both lists without their longest common subsequence. */
function changedLines(first: readonly string[], second: readonly string[]): Difference {
  const width = second.length + 1;
  const lengths = new Uint32Array((first.length + 1) * width);
  for (let i = first.length - 1; i >= 0; i -= 1) {
    for (let j = second.length - 1; j >= 0; j -= 1) {
      lengths[i * width + j] =
        first[i] === second[j]
          ? lengths[(i + 1) * width + j + 1]! + 1
          : Math.max(lengths[(i + 1) * width + j]!, lengths[i * width + j + 1]!);
    }
  }
  const original: string[] = [];
  const ours: string[] = [];
  let i = 0;
  let j = 0;
  while (i < first.length || j < second.length) {
    if (i < first.length && j < second.length && first[i] === second[j]) {
      i += 1;
      j += 1;
    } else if (
      j === second.length ||
      (i < first.length && lengths[(i + 1) * width + j]! >= lengths[i * width + j + 1]!)
    ) {
      original.push(first[i++]!);
    } else {
      ours.push(second[j++]!);
    }
  }
  return { original, ours };
}
