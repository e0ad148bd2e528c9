/**
 * Runs one script for one event: by the system's shell, with the end of its output kept. The run
 * always ends with a result, whatever happens to the script.
 */

import { withTimeLimit } from "../../async/time_limit.ts";
import { systemText } from "../../go/system_errors.ts";
import type { Cancel, Runtime } from "../../runtime.ts";
import { type ProcessEnd, SystemError } from "../../runtime.ts";

/** Bytes of output that are kept: the last ones. */
export const outputSizeMax = 8192;

/** A script that runs longer is warned about. */
const slowMs = 1000;

/** How a script is run. */
export interface ScriptRun {
  readonly script: string;
  readonly env: Readonly<Record<string, string>>;
  readonly input: Uint8Array;
  /** After this it is killed; 0 is never. */
  readonly timeoutMs: number;
  /** Called once when it takes longer than a second. */
  readonly slow: () => void;
}

/** What the script wrote. `fault` says why it failed; `undefined` if it exited with 0. */
export interface ScriptResult {
  readonly output: Uint8Array;
  readonly fault: string | undefined;
}

/** Runs a script until it has ended and its output is closed, or its time is over. */
export async function runScript(
  run: ScriptRun,
  runtime: Pick<Runtime, "clock" | "host" | "processes" | "signals">,
): Promise<ScriptResult> {
  const tail = new Tail(outputSizeMax);
  const { clock, host, processes, signals } = runtime;
  const { timeoutMs } = run;
  // A script that may be killed has a group of its own, so that its children end with it. Ctrl-C
  // does not reach that group by itself.
  const grouped = timeoutMs > 0;
  let stopListening: Cancel = () => undefined;
  const cancelSlow = clock.after(slowMs, run.slow);
  try {
    if (Object.values(run.env).some((value) => value.includes("\0")))
      return { output: tail.bytes, fault: "exec: environment variable contains NUL" };
    const { program, ...started } = shell(run.script, host.os);
    const child = await processes.spawn(program, {
      ...started,
      env: run.env,
      input: run.input,
      group: grouped,
      output: (_stream, bytes) => tail.add(bytes),
    });
    if (grouped) stopListening = signals.on("SIGINT", () => child.kill("SIGINT"));
    const end = timeoutMs > 0 ? await withTimeLimit(clock, timeoutMs, child.ended) : await child.ended;
    if (end === "late") child.kill("SIGKILL");
    return {
      output: tail.bytes,
      fault: end === "late" ? `killed after ${timeoutMs / 1000}s` : faultOf(end),
    };
  } catch (error) {
    const fault = error instanceof SystemError ? `fork/exec: ${systemText(error)}` : String(error);
    return { output: tail.bytes, fault };
  } finally {
    cancelSlow();
    stopListening();
  }
}

/**
 * The command that runs a script. On Unix a first shell joins the two outputs into one pipe, so that they arrive in the order they were
 * written, and is then replaced by the script's own, which sees nothing of it. On Windows `cmd /s` takes off the outer quotes and runs the
 * rest as it is written; with the quotes and backslashes that programs expect elsewhere, it would fail for a script that has quotes.
 */
export function shell(
  script: string,
  os: string,
): { readonly program: string; readonly args: readonly string[]; readonly verbatim?: true } {
  if (os === "windows") return { program: "cmd", args: ["/d", "/s", "/c", `"${script}"`], verbatim: true };
  return { program: "/bin/sh", args: ["-c", 'exec /bin/sh -c "$1" 2>&1', "/bin/sh", script] };
}

const signalTexts: Readonly<Record<string, string>> = {
  SIGABRT: "aborted",
  SIGALRM: "alarm clock",
  SIGBUS: "bus error",
  SIGFPE: "floating point exception",
  SIGHUP: "hangup",
  SIGILL: "illegal instruction",
  SIGINT: "interrupt",
  SIGKILL: "killed",
  SIGPIPE: "broken pipe",
  SIGQUIT: "quit",
  SIGSEGV: "segmentation fault",
  SIGTERM: "terminated",
  SIGUSR1: "user defined signal 1",
  SIGUSR2: "user defined signal 2",
};

function faultOf({ code, signal }: ProcessEnd): string | undefined {
  if (signal !== null) return `signal: ${signalTexts[signal] ?? signal}`;
  return code === 0 ? undefined : `exit status ${code}`;
}

/** The last bytes of a stream. */
class Tail {
  readonly #size: number;
  #bytes: Uint8Array = new Uint8Array();

  constructor(size: number) {
    this.#size = size;
  }

  get bytes(): Uint8Array {
    return this.#bytes;
  }

  add(bytes: Uint8Array): void {
    const added = bytes.subarray(Math.max(0, bytes.length - this.#size));
    const kept = this.#bytes.subarray(Math.max(0, this.#bytes.length + added.length - this.#size));
    const joined = new Uint8Array(kept.length + added.length);
    joined.set(kept);
    joined.set(added, kept.length);
    this.#bytes = joined;
  }
}
