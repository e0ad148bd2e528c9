/**
 * Child processes over `node:child_process`, which Bun implements too. The module is loaded at the
 * first spawn.
 */
import type { ChildProcess as NodeChild, StdioOptions } from "node:child_process";
import type { Writable } from "node:stream";
import type { ChildInput, ChildProcess, ProcessEnd, Processes, SpawnOptions } from "../../src/runtime.ts";
import { systemError } from "../shared/errors.ts";
import type { Pipe, PipeAccess } from "./pipes.ts";

const isWindows = process.platform === "win32";

/**
 * Starts child processes through `node:child_process`. `pipeAccess` loads the way to read and write
 * pipes.
 */
export function nodeProcesses(pipeAccess: () => Promise<PipeAccess>): Processes {
  return {
    async spawn(program, options): Promise<ChildProcess> {
      const pipes = await openPipesFor(options);
      if (pipes === undefined) return await start(program, options);
      const access = await pipeAccess();
      return await startWithPipes(program, options, pipes, access);
    },
  };
}

/** Opens the pipes of a program whose output is wanted: output, error, and input if there is one. */
async function openPipesFor({ input, output }: SpawnOptions): Promise<Pipe[] | undefined> {
  if (output === undefined || input === "open") return undefined;
  const { openPipes } = await import("./pipes.ts");
  return await openPipes(input === undefined ? ["read", "read"] : ["read", "read", "write"]);
}

async function startWithPipes(
  program: string,
  options: SpawnOptions,
  [out, err, input]: readonly Pipe[],
  access: PipeAccess,
): Promise<ChildProcess> {
  const { closeSync } = await import("node:fs");
  const close = (end: number | undefined): void => {
    if (end !== undefined) closeSync(end);
  };
  let child: NodeChild;
  try {
    child = await launch(program, options, [input?.theirs ?? "ignore", out!.theirs, err!.theirs]);
  } catch (error) {
    for (const pipe of [out, err, input]) close(pipe?.ours);
    throw error;
  } finally {
    for (const pipe of [out, err, input]) close(pipe?.theirs);
  }
  const { output = () => {} } = options;
  const read = [
    access.read(out!.ours, (bytes) => output("stdout", bytes)),
    access.read(err!.ours, (bytes) => output("stderr", bytes)),
  ];
  if (input !== undefined) void access.write(input.ours, options.input as Uint8Array);
  const ended = endOf(child).then(async (end) => {
    await Promise.all(read);
    return end;
  });
  return running(child, options, ended);
}

async function start(program: string, options: SpawnOptions): Promise<ChildProcess> {
  const { input, output } = options;
  const out = output ? "pipe" : "ignore";
  const child = await launch(program, options, [input ? "pipe" : "ignore", out, out]);
  const ended = endOf(child);
  for (const stream of ["stdout", "stderr"] as const) {
    child[stream]?.on("data", (chunk: Uint8Array) => {
      output?.(stream, new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length));
    });
  }
  // It is no error if the child ends or closes its input without reading it.
  child.stdin?.on("error", () => {});
  if (input !== "open") child.stdin?.end(input);
  return running(child, options, ended);
}

async function launch(
  program: string,
  { args, env, group, verbatim }: SpawnOptions,
  stdio: StdioOptions,
): Promise<NodeChild> {
  const { spawn } = await import("node:child_process");
  return await new Promise((resolve, reject) => {
    const child = spawn(program, [...args], {
      env: { ...process.env, ...env },
      stdio,
      detached: group === true && !isWindows,
      windowsHide: true,
      windowsVerbatimArguments: verbatim === true,
    });
    child.on("error", (error) => reject(systemError("spawn", program, error)));
    if (child.pid !== undefined) resolve(child);
  });
}

/** Settles when the program has ended and the streams that Node made for it are closed. */
function endOf(child: NodeChild): Promise<ProcessEnd> {
  return new Promise((settle) => {
    child.once("close", (code, signal) => settle({ code: signal === null ? code : null, signal }));
  });
}

function running(child: NodeChild, { input, group }: SpawnOptions, ended: Promise<ProcessEnd>): ChildProcess {
  const pid = child.pid!;
  return {
    pid,
    ...(input === "open" && child.stdin !== null ? { input: openInput(child.stdin) } : {}),
    kill: (signal) => {
      if (group !== true || isWindows) {
        child.kill(signal);
        return;
      }
      try {
        process.kill(-pid, signal);
      } catch {
        // The whole group has ended.
      }
    },
    ended,
  };
}

function openInput(stdin: Writable): ChildInput {
  return {
    write: (bytes) =>
      new Promise((resolve, reject) => {
        stdin.write(bytes, (error) => {
          if (error) reject(systemError("write", "standard input", error));
          else resolve();
        });
      }),
    close: () => void stdin.end(),
  };
}
