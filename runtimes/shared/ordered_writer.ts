/** Writing texts to a stream that takes a part at a time, one after the other. */
import { systemError } from "./errors.ts";

/** The longest pause before a pipe that is full is tried again; the first one is a millisecond. */
const pauseMaxMs = 20;

/** Writes some bytes, at least one. Returns how many. */
export type WriteSome = (bytes: Uint8Array) => Promise<number>;

/** Writes all bytes. Returns `false` if nobody reads them; what else is wrong with the stream does not matter. */
export type WriteAll = (bytes: Uint8Array) => Promise<boolean>;

/** Returns a function that writes one text after the other; it resolves with what `writeAll` returns. */
export function orderedWriter(writeAll: WriteAll): (text: string | Uint8Array) => Promise<boolean> {
  const encoder = new TextEncoder();
  let last: Promise<unknown> = Promise.resolve();
  return (text) => {
    const bytes = typeof text === "string" ? encoder.encode(text) : text;
    const written = last.then(() => writeAll(bytes));
    last = written;
    return written;
  };
}

/** Returns a function that writes all bytes, and waits while a pipe is full. */
export function wholeWriter(writeSome: WriteSome): WriteAll {
  return async (bytes) => {
    let pauseMs = 1;
    for (let rest = bytes; rest.length > 0; ) {
      try {
        rest = rest.subarray(await writeSome(rest));
        pauseMs = 1;
      } catch (error) {
        // Another program that has the pipe may have made it one that does not wait.
        if ((error as { code?: string }).code !== "EAGAIN")
          return systemError("write", "", error).code !== "EPIPE";
        const pause = pauseMs;
        await new Promise<void>((resolve) => void setTimeout(resolve, pause));
        pauseMs = Math.min(pauseMaxMs, 2 * pauseMs);
      }
    }
    return true;
  };
}
