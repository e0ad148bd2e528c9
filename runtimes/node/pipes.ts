/**
 * Pipes for the standard streams of programs. `node:child_process` makes sockets, here and in Bun,
 * and a socket cannot be opened by name: `cat /dev/stdin` and `echo x > /dev/stdout` fail. A shell
 * makes pipes for us; named ones would not do, as opening one for reading waits for a writer.
 */
import { spawn } from "node:child_process";
import { closeSync, constants, openSync } from "node:fs";
import { Socket } from "node:net";
import type { Readable } from "node:stream";

/** An open pipe: one descriptor for the program, and one of ours, which never blocks. */
export interface Pipe {
  readonly theirs: number;
  readonly ours: number;
}

/** Which side of a pipe is ours. */
export type Side = "read" | "write";

/** How a runtime uses our side of a pipe; it closes the descriptor in the end. */
export interface PipeAccess {
  /** Reads until every writer is gone. */
  read(descriptor: number, take: (bytes: Uint8Array) => void): Promise<void>;
  /** Writes all, unless the program ends or closes its side. */
  write(descriptor: number, bytes: Uint8Array): Promise<void>;
}

/** Opens pipes, three at most; `undefined` if this system has no `/proc` to open them by. */
export async function openPipes(sides: readonly Side[]): Promise<Pipe[] | undefined> {
  if (process.platform !== "linux") return undefined;
  const maker = spawn("/bin/sh", ["-c", makerScript], { stdio: ["pipe", "pipe", "ignore"] });
  // Without a process or a descriptor to spare there is no maker; starting the program says so.
  maker.on("error", () => {});
  const opened: number[] = [];
  const open = (path: string, flags: number): number => {
    const descriptor = openSync(path, flags);
    opened.push(descriptor);
    return descriptor;
  };
  try {
    const folder = `/proc/${await firstLine(maker.stdout)}/fd`;
    return sides.map((side, index) => {
      const path = `${folder}/${makerDescriptors[index]}`;
      const [theirs, ours] = side === "read" ? [O_WRONLY, O_RDONLY] : [O_RDONLY, O_WRONLY];
      return { ours: open(path, ours | O_NONBLOCK), theirs: open(path, theirs) };
    });
  } catch {
    for (const descriptor of opened) closeSync(descriptor);
    return undefined;
  } finally {
    maker.stdin?.on("error", () => {}).end();
  }
}

const { O_RDONLY, O_WRONLY, O_NONBLOCK } = constants;

/**
 * A shell that makes three pipes, prints its number and waits. Linux lets us open both ends of them
 * by the names of its descriptors.
 */
const makerScript =
  'exec 3<&0; : | { exec 4<&0; : | { exec 5<&0; : | { exec 6<&0; exec /bin/sh -c "echo \\$\\$; read -r end <&3"; }; }; }';

/** The descriptors of its pipes. */
const makerDescriptors: readonly number[] = [4, 5, 6];

/** Pipes by Node's sockets, which take the descriptors of pipes too. */
export const socketAccess: PipeAccess = {
  read(descriptor, take) {
    const socket = new Socket({ fd: descriptor, readable: true, writable: false });
    socket.on("data", (chunk: Uint8Array) =>
      take(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length)),
    );
    return closed(socket);
  },
  write(descriptor, bytes) {
    const socket = new Socket({ fd: descriptor, readable: false, writable: true });
    const end = closed(socket);
    socket.end(bytes);
    return end;
  },
};

function closed(socket: Socket): Promise<void> {
  // A program that ends or closes its input without reading it is no error.
  socket.on("error", () => {});
  return new Promise((resolve) => {
    socket.once("close", () => resolve());
  });
}

/** The first line of a stream; rejects if there is none. */
function firstLine(stream: Readable): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    stream.on("data", (chunk: Uint8Array) => {
      text += new TextDecoder().decode(chunk);
      const [line, rest] = text.split("\n");
      if (rest !== undefined) resolve(line!);
    });
    stream.once("close", () => reject(new Error("No pipes were made")));
  });
}
