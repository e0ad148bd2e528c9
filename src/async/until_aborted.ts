/**
 * Waiting for something, but not longer than until a signal is aborted.
 */

import type { Signal } from "../runtime.ts";

/**
 * Resolves or rejects with `work`, or rejects with the signal's reason as soon as it is aborted.
 * Whatever comes of `work` later is dropped, a rejection too.
 */
export async function untilAborted<Result>(
  signal: Signal | undefined,
  work: Promise<Result>,
): Promise<Result> {
  if (signal === undefined) return await work;
  let abort = (): void => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    abort = () => reject(signal.reason);
  });
  if (signal.aborted) abort();
  else signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([aborted, work]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
