/**
 * A copy of the agent's log for the system's log, with Serf's priorities. No runtime has datagram
 * sockets of the local kind that the system's log listens on, so the system's own program for it,
 * `logger`, is kept running and fed with lines.
 */

import { withTimeLimit } from "../../async/time_limit.ts";
import { systemText } from "../../go/system_errors.ts";
import type { Cancel, ChildInput, ChildProcess, Runtime } from "../../runtime.ts";
import type { LogLine } from "../../shell/options/log.ts";
import { StartFailure } from "../start_failure.ts";
import { facilityCode, syslogLines } from "./syslog_lines.ts";

/** Where the system's log listens, on one system or the other. */
export const syslogPaths: readonly string[] = ["/dev/log", "/var/run/syslog", "/var/run/log"];
/** How many lines wait for a slow or absent log; beyond that the oldest are dropped. */
export const waitingMax = 1024;
/** A program that ended is started again after this. */
export const restartMs = 1_000;
/** A program that ran for this long worked, so its end is worth a line. */
const provenMs = 60_000;
/** The last lines may take this long. */
const closeTimeoutMs = 1_000;
/** Bytes of a line; what is longer is cut there by `logger`. */
const lineSizeMax = 65_536;

/**
 * Terminals and service managers send the agent's signals to its children, too: without this the log would miss the agent's end. The program
 * ends with its input.
 */
const launch = 'trap "" HUP INT TERM; exec logger "$@"';
/** What a shell ends with when there is no such program. */
const notFoundCode = 127;

/** What is used of the runtime. */
export type SyslogRuntime = Pick<Runtime, "clock" | "host" | "processes">;

/** The system's log. */
export class Syslog {
  readonly #facility: number;
  readonly #path: string;
  readonly #runtime: SyslogRuntime;
  readonly #warn: (text: string) => void;
  #child: ChildProcess | undefined;
  #waiting: string[] = [];
  #lost = 0;
  #working: Promise<void> | undefined;
  #restart: Cancel | undefined;
  #startedAt = 0;
  #warned = false;
  #closed = false;

  private constructor(facility: number, path: string, runtime: SyslogRuntime, warn: (text: string) => void) {
    this.#facility = facility;
    this.#path = path;
    this.#runtime = runtime;
    this.#warn = warn;
  }

  /**
   * Finds the system's log. `warn` is called when lines no longer get there. Rejects with
   * {@link StartFailure} if there is none.
   */
  static async open(facility: string, runtime: SyslogRuntime, warn: (text: string) => void): Promise<Syslog> {
    if (runtime.host.os !== "linux") throw setupFailed("Platform does not support syslog");
    const code = facilityCode(facility);
    if (code === undefined) throw setupFailed(`invalid syslog facility: ${facility}`);
    for (const path of syslogPaths) {
      const found = await answers(path, runtime).catch((error: unknown) => {
        throw error instanceof StartFailure ? error : setupFailed(systemText(error));
      });
      if (found) return new Syslog(code, path, runtime, warn);
    }
    throw setupFailed("Unix syslog delivery error");
  }

  /** Takes one line of the log. */
  line(line: LogLine): void {
    if (this.#closed) return;
    this.#waiting.push(...syslogLines(line, this.#facility));
    const surplus = this.#waiting.length - waitingMax;
    if (surplus > 0) {
      this.#waiting.splice(0, surplus);
      this.#lost += surplus;
    }
    this.#work();
  }

  /** Hands over what waits, for a moment. Never rejects. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#restart?.();
    const end = await withTimeLimit(this.#runtime.clock, closeTimeoutMs, this.#finish());
    if (end === "late") this.#child?.kill("SIGKILL");
  }

  async #finish(): Promise<void> {
    await this.#working;
    if (this.#waiting.length > 0) await this.#deliver();
    this.#child?.input?.close();
    await this.#child?.ended;
  }

  #work(): void {
    if (this.#working !== undefined || this.#restart !== undefined) return;
    this.#working = this.#deliver().finally(() => {
      this.#working = undefined;
    });
  }

  async #deliver(): Promise<void> {
    try {
      const input = await this.#input();
      while (this.#waiting.length > 0) {
        const text = `${this.#waiting.splice(0).join("\n")}\n`;
        await input.write(new TextEncoder().encode(text));
        this.#confess();
      }
    } catch (error) {
      this.#ended(systemText(error));
    }
  }

  /** Says how much was lost: in the log, which leads here again. */
  #confess(): void {
    const lost = this.#lost;
    this.#lost = 0;
    if (lost > 0) this.#warn(`Dropped ${lost} lines on their way to syslog`);
  }

  async #input(): Promise<ChildInput> {
    if (this.#child?.input !== undefined) return this.#child.input;
    const runtime = this.#runtime;
    this.#startedAt = runtime.clock.now();
    const child = await start(this.#path, runtime, "open");
    this.#child = child;
    void child.ended.then(({ code }) => {
      if (this.#child === child) this.#ended(`logger ended with code ${code}`);
    });
    return child.input!;
  }

  /** The program is gone, as it is when the system's log is restarted; lines wait for the next. */
  #ended(why: string): void {
    const { clock } = this.#runtime;
    this.#child?.input?.close();
    this.#child = undefined;
    if (this.#closed || this.#restart !== undefined) return;
    if (clock.now() - this.#startedAt >= provenMs) this.#warned = false;
    this.#await();
    if (this.#warned) return;
    this.#warned = true;
    this.#warn(`Lines do not get to syslog, trying again: ${why}`);
  }

  /** Waits until there are lines and somebody who takes them. */
  #await(): void {
    const runtime = this.#runtime;
    this.#restart = runtime.clock.after(restartMs, async () => {
      const ready = this.#waiting.length === 0 || (await answers(this.#path, runtime).catch(() => false));
      if (this.#closed) return;
      this.#restart = undefined;
      if (!ready) this.#await();
      else if (this.#waiting.length > 0) this.#work();
    });
  }
}

/** Whether somebody listens at a path: a program with nothing to say tells by its end. */
async function answers(path: string, runtime: SyslogRuntime): Promise<boolean> {
  const child = await start(path, runtime, new Uint8Array());
  const { code } = await child.ended;
  if (code === notFoundCode) throw setupFailed('cannot find the program "logger"');
  return code === 0;
}

async function start(
  path: string,
  { processes, host }: SyslogRuntime,
  input: Uint8Array | "open",
): Promise<ChildProcess> {
  const args = ["--socket", path, "--socket-errors=on", "--tag", "serf", `--id=${host.pid}`];
  return await processes.spawn("/bin/sh", {
    args: ["-c", launch, "sh", ...args, "--prio-prefix", "--size", String(lineSizeMax)],
    input,
  });
}

function setupFailed(why: string): StartFailure {
  return new StartFailure(`Syslog setup failed: ${why}`);
}
