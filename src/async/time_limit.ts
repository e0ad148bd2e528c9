/**
 * Waiting for something, but not for longer than a time.
 */

import type { Cancel, Clock } from "../runtime.ts";

/**
 * Resolves or rejects with `work`, or resolves with `"late"` if that takes longer than `limitMs`.
 * Whatever comes of `work` later is dropped, a rejection too.
 */
export async function withTimeLimit<Result>(
  clock: Clock,
  limitMs: number,
  work: Promise<Result>,
): Promise<Result | "late"> {
  let cancel: Cancel = () => undefined;
  const late = new Promise<"late">((resolve) => {
    cancel = clock.after(limitMs, () => resolve("late"));
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    cancel();
  }
}
