/**
 * Pipes on Bun, whose sockets do not take the descriptors of pipes: reads and writes that would wait
 * are tried again a little later.
 */
import { close, read, write } from "node:fs";
import type { PipeAccess } from "../node/pipes.ts";

/** Bytes of one read. */
const readSize = 64 * 1024;
/** The longest pause between two tries; the first one is a millisecond. */
const pauseMaxMs = 20;

/** Pipes by tries. */
export const polledAccess: PipeAccess = {
  async read(descriptor, take) {
    const buffer = new Uint8Array(readSize);
    for (;;) {
      const count = await tried((done) => read(descriptor, buffer, 0, readSize, null, done));
      if (count === 0) break;
      take(buffer.slice(0, count));
    }
    close(descriptor, () => {});
  },
  async write(descriptor, bytes) {
    for (let rest = bytes; rest.length > 0; ) {
      const count = await tried((done) => write(descriptor, rest, 0, rest.length, null, done));
      // A program that ends or closes its input without reading it is no error.
      if (count === 0) break;
      rest = rest.subarray(count);
    }
    close(descriptor, () => {});
  },
};

/** Tries until the pipe has something to give or room; 0 at its end. */
async function tried(
  attempt: (done: (error: NodeJS.ErrnoException | null, count: number) => void) => void,
): Promise<number> {
  for (let pauseMs = 1; ; pauseMs = Math.min(pauseMaxMs, 2 * pauseMs)) {
    const result = await new Promise<number | NodeJS.ErrnoException>((resolve) => {
      attempt((error, count) => resolve(error ?? count));
    });
    if (typeof result === "number") return result;
    if (result.code !== "EAGAIN") return 0;
    await new Promise<void>((resolve) => setTimeout(resolve, pauseMs));
  }
}
