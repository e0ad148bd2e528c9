/** The clock that all real runtimes have in common: `performance` and `setTimeout`. */
import type { Cancel, Clock } from "../../src/runtime.ts";

/** Longest delay `setTimeout` takes; a longer one would fire at once. */
const timeoutMaxMs = 2 ** 31 - 1;

/** Real time. */
export const clock: Clock = {
  now,
  wallTime: () => Date.now(),
  after(delayMs, callback): Cancel {
    const due = now() + Math.max(0, delayMs);
    // A past time would come with a warning on standard error.
    let timer = setTimeout(check, Math.min(Math.max(0, Math.ceil(due - now())), timeoutMaxMs));
    // Long delays are slept in pieces, and a timer that the runtime fires a fraction early sleeps on.
    function check(): void {
      const left = due - now();
      if (left <= 0) callback();
      else timer = setTimeout(check, Math.min(Math.ceil(left), timeoutMaxMs));
    }
    return () => clearTimeout(timer);
  },
};

function now(): number {
  return performance.now();
}
