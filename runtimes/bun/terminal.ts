/**
 * The terminal of Bun: Node's, but for what is written. `process.stdout` loads Bun's copy of Node's
 * streams, three megabytes, so texts are written to the descriptors themselves. What a command prints goes there by
 * `Bun.write`, for which not even `node:fs` is loaded.
 */
import type { Terminal } from "../../src/runtime.ts";
import { builtin } from "../node/builtin.ts";
import { nodeTerminal } from "../node/host.ts";
import { systemError } from "../shared/errors.ts";
import { bunApi } from "./api.ts";

const standardOutput = 1;
const standardError = 2;
/** The longest pause before a pipe that is full is tried again; the first one is a millisecond. */
const pauseMaxMs = 20;
/**
 * Bytes that a pipe on every system takes as a whole or not at all (`_POSIX_PIPE_BUF`). Where a pipe does not wait and takes a
 * part, `Bun.write` writes that part twice.
 */
const wholeSize = 512;
/** Longer texts are written through `node:fs`, at once. */
const shortSize = 4_096;

/** Returns the arguments, environment and standard streams of this process. */
export function bunTerminal(): Terminal {
  const writeError = orderedWriter(standardError);
  return Object.assign(nodeTerminal(), {
    write: orderedWriter(standardOutput),
    writeError: async (text: string): Promise<void> => void (await writeError(text)),
    ...(process.platform !== "win32" && { print: orderedWriter(standardOutput, printAll) }),
  });
}

/**
 * Returns a function that writes to a descriptor, one text after the other; it resolves with `false`
 * if that is a pipe that nobody reads.
 */
function orderedWriter(
  descriptor: number,
  writeAll: (descriptor: number, bytes: Uint8Array) => Promise<boolean> = waitAndWrite,
): (text: string | Uint8Array) => Promise<boolean> {
  const encoder = new TextEncoder();
  let last: Promise<unknown> = Promise.resolve();
  return (text) => {
    const bytes = typeof text === "string" ? encoder.encode(text) : text;
    const written = last.then(() => writeAll(descriptor, bytes));
    last = written;
    return written;
  };
}

async function printAll(descriptor: number, bytes: Uint8Array): Promise<boolean> {
  if (bytes.length > shortSize) return await waitAndWrite(descriptor, bytes);
  const { stdout, write } = bunApi();
  try {
    for (let rest = bytes; rest.length > 0; )
      rest = rest.subarray(await write(stdout, rest.subarray(0, wholeSize)));
    return true;
  } catch (error) {
    return systemError("write", "", error).code !== "EPIPE";
  }
}

async function waitAndWrite(descriptor: number, bytes: Uint8Array): Promise<boolean> {
  let pauseMs = 1;
  for (let rest = bytes; rest.length > 0; ) {
    const result = await writeSome(descriptor, rest);
    if (typeof result === "number") {
      rest = rest.subarray(result);
      pauseMs = 1;
      continue;
    }
    // Another program that has the pipe may have made it one that does not wait.
    if (result.code !== "EAGAIN") return systemError("write", "", result).code !== "EPIPE";
    const pause = pauseMs;
    await new Promise<void>((resolve) => setTimeout(resolve, pause));
    pauseMs = Math.min(pauseMaxMs, 2 * pauseMs);
  }
  return true;
}

/** Returns how many bytes were written, or the error. */
function writeSome(descriptor: number, bytes: Uint8Array): Promise<number | NodeJS.ErrnoException> {
  return new Promise((resolve) => {
    builtin("fs").write(descriptor, bytes, 0, bytes.length, null, (error, count) => resolve(error ?? count));
  });
}
