/** The clock of all real runtimes: `performance`, `setTimeout` and `setImmediate`. */
import type { Cancel, Clock } from "../../src/runtime.ts";

/** The maximum delay of `setTimeout`; a longer one would fire at once. */
const timeoutMaxMs = 2 ** 31 - 1;

/**
 * All of them have it as a global. An import of `node:timers` would load all of Node on Deno, where even the first use of
 * the global takes four milliseconds and four megabytes.
 */
const timers = globalThis as { setImmediate?: (callback: () => void) => unknown };

/** Real time. */
export const clock: Clock = {
  now,
  wallTime: () => Date.now(),
  after(delayMs, callback): Cancel {
    const due = now() + Math.max(0, delayMs);
    // A negative delay would print a warning to standard error.
    let timer = setTimeout(check, Math.min(Math.max(0, Math.ceil(due - now())), timeoutMaxMs));
    // A long delay takes several timers, and runtimes may fire a timer a fraction of a millisecond
    // early: then wait for the rest.
    function check(): void {
      const left = due - now();
      if (left <= 0) callback();
      else timer = setTimeout(check, Math.min(Math.ceil(left), timeoutMaxMs));
    }
    return () => clearTimeout(timer);
  },
  ...("setImmediate" in timers && { soon: (callback) => void timers.setImmediate?.(callback) }),
};

function now(): number {
  return performance.now();
}
