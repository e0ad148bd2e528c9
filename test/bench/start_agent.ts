/** A whole agent as a process that is measured: its start, and its memory when it has been idle. Linux only. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { Command } from "../runtimes/binaries.ts";
import { cpuMs, type Memory, memory } from "./process_cost.ts";

const startLimitMs = 20_000;

/** What the start of an agent took, in milliseconds. */
export interface Start {
  /** From the call that starts the program until it says that it runs. */
  readonly wallMs: number;
  /** Processor time of all threads until then. */
  readonly cpuMs: number;
}

/** A running agent. */
export class MeasuredAgent {
  readonly start: Start;
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;

  private constructor(child: ChildProcess, start: Start) {
    this.#child = child;
    this.#ended = once(child, "close");
    this.start = start;
  }

  /** Starts an agent on a host. Rejects if it ends, or does not run within twenty seconds. */
  static async run({ program, args }: Command, host: string): Promise<MeasuredAgent> {
    const place = ["-node=measured", `-bind=${host}:17946`, `-rpc-addr=${host}:17373`];
    const began = performance.now();
    const child = spawn(program, [...args, "agent", ...place], { stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    const start = await new Promise<Start>((resolve, reject) => {
      const giveUp = (): void => {
        child.kill("SIGKILL");
        reject(new Error(`${program} ${args.join(" ")} does not run: ${output}`));
      };
      const timer = setTimeout(giveUp, startLimitMs);
      child.once("error", reject);
      child.once("exit", giveUp);
      for (const stream of [child.stdout, child.stderr]) {
        stream.on("data", (chunk: Uint8Array) => {
          output += new TextDecoder().decode(chunk);
          if (!output.includes("Serf agent running!")) return;
          clearTimeout(timer);
          child.off("exit", giveUp);
          stream.removeAllListeners("data").resume();
          resolve({ wallMs: performance.now() - began, cpuMs: cpuMs(child.pid!) });
        });
      }
    });
    return new MeasuredAgent(child, start);
  }

  /** Returns the memory it has now. */
  memory(): Memory {
    return memory(this.#child.pid!);
  }

  /** Ends it. */
  async stop(): Promise<void> {
    this.#child.kill("SIGINT");
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), 5_000);
    await this.#ended;
    clearTimeout(timer);
  }
}
