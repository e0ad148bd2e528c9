/**
 * The terminal of Bun: Node's, but for what is written. `process.stdout` loads Bun's copy of Node's
 * streams, three megabytes, so texts are written to the descriptors themselves. What a command prints goes there by
 * `Bun.write`, for which not even `node:fs` is loaded.
 */
import type { Terminal } from "../../src/runtime.ts";
import { builtin } from "../node/builtin.ts";
import { nodeTerminal } from "../node/host.ts";
import { systemError } from "../shared/errors.ts";
import { orderedWriter, type WriteAll, type WriteSome, wholeWriter } from "../shared/ordered_writer.ts";
import { bunApi } from "./api.ts";

const standardOutput = 1;
const standardError = 2;
/**
 * Bytes that a pipe on every system takes as a whole or not at all (`_POSIX_PIPE_BUF`). Where a pipe does not wait and takes a
 * part, `Bun.write` writes that part twice.
 */
const wholeSize = 512;
/** Longer texts are written through `node:fs`, at once. */
const shortSize = 4_096;

/** Returns the arguments, environment and standard streams of this process. */
export function bunTerminal(): Terminal {
  const writeError = orderedWriter(wholeWriter(writerTo(standardError)));
  return Object.assign(nodeTerminal(), {
    write: orderedWriter(wholeWriter(writerTo(standardOutput))),
    writeError: async (text: string): Promise<void> => void (await writeError(text)),
    ...(process.platform !== "win32" && { print: orderedWriter(printer(standardOutput)) }),
  });
}

/** Returns a function that writes to a descriptor by `Bun.write`, if there is little to write. */
function printer(descriptor: number): WriteAll {
  const writeLong = wholeWriter(writerTo(descriptor));
  return async (bytes) => {
    if (bytes.length > shortSize) return await writeLong(bytes);
    const { stdout, write } = bunApi();
    try {
      for (let rest = bytes; rest.length > 0; )
        rest = rest.subarray(await write(stdout, rest.subarray(0, wholeSize)));
      return true;
    } catch (error) {
      return systemError("write", "", error).code !== "EPIPE";
    }
  };
}

/** Returns a function that writes to a descriptor. */
function writerTo(descriptor: number): WriteSome {
  return (bytes) =>
    new Promise((resolve, reject) => {
      builtin("fs").write(descriptor, bytes, 0, bytes.length, null, (error, count) =>
        error ? reject(error) : resolve(count),
      );
    });
}
