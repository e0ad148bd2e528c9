/** A program of one file with Bun in it, which the packages and images are made of, and how tests start agents with it. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { promisify } from "node:util";
import { until } from "../interop/agents.ts";
import { root } from "../tidy/sources.ts";

const execute = promisify(execFile);

/** Compiles it into a folder; returns its path. */
export async function compileBun(folder: string): Promise<string> {
  await execute("npm", ["run", "--silent", "compile", "--", "bun", `--out=${folder}`], { cwd: root });
  return join(folder, "serf-bun");
}

/** An agent that runs. */
export interface RunningAgent {
  readonly output: () => string;
  /** Sends a signal and returns the exit code. */
  stop(signal: NodeJS.Signals): Promise<number | null>;
  /** Ends it if it still runs. */
  kill(): void;
}

/** Starts an agent and waits until it runs. */
export async function startAgent(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<RunningAgent> {
  const child: ChildProcess = spawn(program, args, { env: { ...process.env, ...env } });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Uint8Array) => {
      text += new TextDecoder().decode(chunk);
    });
  }
  const ended = once(child, "close");
  const running = until("it runs", () => text.includes("Serf agent running!"));
  await Promise.race([running, ended.then(() => Promise.reject(new Error(text)))]);
  return {
    output: () => text,
    stop: async (signal) => {
      // On Deno a child that got its signal by `child.kill` has no exit code.
      process.kill(child.pid!, signal);
      return (await ended)[0] as number | null;
    },
    kill: () => void child.kill("SIGKILL"),
  };
}
