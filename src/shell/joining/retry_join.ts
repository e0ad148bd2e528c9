/**
 * Joining in the background: tries again and again until it works or the attempts are used up.
 */

import type { LogLevel } from "../../core/effects.ts";
import { messageOf } from "../../errors.ts";
import { formatDuration, fromMilliseconds } from "../../go/duration.ts";
import type { Clock, Signal } from "../../runtime.ts";

/** The node that joins. */
export interface RetryingNode {
  /** Returns how many addresses could be joined; rejects if none could. */
  join(seeds: readonly string[], replay: boolean, signal: Signal): Promise<number>;
  log(level: LogLevel, text: string): void;
}

/** What to join, and how often to try. */
export interface RetriedJoin {
  readonly seeds: readonly string[];
  /** Whether to deliver user events that were sent before the join. */
  readonly replay: boolean;
  /** The time between two attempts. */
  readonly intervalMs: number;
  /** How many attempts there are; `Infinity` for no end. */
  readonly attemptsMax: number;
}

/**
 * Tries until one address works, logs every attempt as Serf's agent does, and never rejects.
 * Returns whether it worked; `undefined` if `signal` was aborted.
 */
export async function retryJoin(
  node: RetryingNode,
  { seeds, replay, intervalMs, attemptsMax }: RetriedJoin,
  clock: Clock,
  signal: Signal,
): Promise<boolean | undefined> {
  for (let attempts = 1; !signal.aborted; attempts++) {
    node.log("INFO", `Joining cluster...(replay: ${replay})`);
    const joined = await node.join(seeds, replay, signal).then(
      (count) => ({ count, error: undefined }),
      (error: unknown) => ({ count: 0, error: messageOf(error) }),
    );
    if (signal.aborted) break;
    if (joined.error === undefined) {
      node.log("INFO", `Join completed. Synced with ${joined.count} initial agents`);
      return true;
    }
    if (attempts >= attemptsMax) return false;
    const pauseText = formatDuration(fromMilliseconds(intervalMs));
    node.log("WARN", `Join failed: ${joined.error}, retrying in ${pauseText}`);
    await pause(clock, Math.ceil(intervalMs), signal);
  }
  return undefined;
}

/** Waits for a time, or until `signal` is aborted. */
async function pause(clock: Clock, delayMs: number, signal: Signal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const end = (): void => {
      cancel();
      signal.removeEventListener("abort", end);
      resolve();
    };
    const cancel = clock.after(delayMs, end);
    signal.addEventListener("abort", end, { once: true });
  });
}
