/**
 * Child processes over `node:child_process`, which Bun implements too. The module is loaded at the
 * first spawn.
 */
import type { Writable } from "node:stream";
import type { ChildInput, ChildProcess, ProcessEnd, Processes } from "../../src/runtime.ts";
import { systemError } from "../shared/errors.ts";

/** Starts child processes through `node:child_process`. */
export const processes: Processes = {
  async spawn(program, options): Promise<ChildProcess> {
    const { spawn } = await import("node:child_process");
    const { args, env, input, output } = options;
    return await new Promise((resolve, reject) => {
      const child = spawn(program, [...args], {
        env: { ...process.env, ...env },
        stdio: [input ? "pipe" : "ignore", output ? "pipe" : "ignore", output ? "pipe" : "ignore"],
        windowsHide: true,
      });
      child.on("error", (error) => reject(systemError("spawn", program, error)));
      if (child.pid === undefined) return;
      const ended = new Promise<ProcessEnd>((settle) => {
        child.once("close", (code, signal) => settle({ code: signal === null ? code : null, signal }));
      });
      for (const stream of ["stdout", "stderr"] as const) {
        child[stream]?.on("data", (chunk: Uint8Array) => {
          output?.(stream, new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length));
        });
      }
      // It is no error if the child ends or closes its input without reading it.
      child.stdin?.on("error", () => {});
      if (input !== "open") child.stdin?.end(input);
      resolve({
        pid: child.pid,
        ...(input === "open" && child.stdin !== null ? { input: openInput(child.stdin) } : {}),
        kill: (signal) => {
          child.kill(signal);
        },
        ended,
      });
    });
  },
};

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
