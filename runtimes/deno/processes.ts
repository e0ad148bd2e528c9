/** Child processes over `Deno.Command`. */
import {
  type ChildInput,
  type ChildProcess,
  type ProcessEnd,
  type Processes,
  type SpawnOptions,
  SystemError,
} from "../../src/runtime.ts";
import { systemError } from "../shared/errors.ts";
import { type DenoChild, denoApi } from "./api.ts";

/** Starts child processes through Deno. */
export const processes: Processes = {
  async spawn(program, options): Promise<ChildProcess> {
    const child = start(program, options);
    const { input, output } = options;
    const open: Promise<void>[] = [];
    if (output) {
      open.push(drain(child.stdout, (bytes) => output("stdout", bytes)));
      open.push(drain(child.stderr, (bytes) => output("stderr", bytes)));
    }
    if (input instanceof Uint8Array) void feed(child, input);
    return {
      pid: child.pid,
      ...(input === "open" ? { input: openInput(child) } : {}),
      kill: (signal) => {
        try {
          if (options.group === true && !isWindows()) denoApi().kill(-child.pid, signal);
          else child.kill(signal);
        } catch {
          // The child has ended.
        }
      },
      ended: end(child, open),
    };
  },
};

function start(program: string, { args, env, input, output, group, verbatim }: SpawnOptions): DenoChild {
  const { Command } = denoApi();
  try {
    const command = new Command(program, {
      args: [...args],
      env: env ?? {},
      detached: group === true && !isWindows(),
      windowsRawArguments: verbatim === true,
      stdin: input ? "piped" : "null",
      stdout: output ? "piped" : "null",
      stderr: output ? "piped" : "null",
    });
    return command.spawn();
  } catch (error) {
    throw systemError("spawn", program, error);
  }
}

function isWindows(): boolean {
  return denoApi().build.os === "windows";
}

async function end(child: DenoChild, open: readonly Promise<void>[]): Promise<ProcessEnd> {
  const { code, signal } = await child.status;
  await Promise.all(open);
  return { code: signal === null ? code : null, signal };
}

async function drain(stream: ReadableStream<Uint8Array>, take: (bytes: Uint8Array) => void): Promise<void> {
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    take(value);
  }
}

async function feed(child: DenoChild, input: Uint8Array): Promise<void> {
  const writer = child.stdin.getWriter();
  // It is no error if the child ends or closes its input without reading it.
  await writer.write(input).catch(() => {});
  await writer.close().catch(() => {});
}

function openInput(child: DenoChild): ChildInput {
  const writer = child.stdin.getWriter();
  let closed = false;
  return {
    async write(bytes): Promise<void> {
      if (closed) throw new SystemError("EPIPE", "write", "Cannot write standard input: it was closed");
      try {
        await writer.write(bytes);
      } catch (error) {
        throw systemError("write", "standard input", error);
      }
    },
    close(): void {
      closed = true;
      void writer.close().catch(() => {});
    },
  };
}
