/**
 * Runs the configured scripts for events. Each entry (one filter with its script) takes its events one after another, as Serf does,
 * but entries run beside each other: one that hangs holds up only itself. Nothing here makes the agent wait.
 */

import type { Metrics } from "../core/metrics.ts";
import type { Member, SerfEvent } from "../core/serf/member.ts";
import { toMilliseconds } from "../go/duration.ts";
import { matchesFilter } from "../rpc/filter.ts";
import type { Cancel, Runtime } from "../runtime.ts";
import type { AgentConfig } from "./config.ts";
import { type EventScript, listScripts, parseHandlers } from "./filter.ts";
import type { AgentLog } from "./logs.ts";
import { QueryTurn } from "./query_turn.ts";
import { runScript } from "./script.ts";
import { scriptEnvironment, scriptInput } from "./script_input.ts";

/** Events that wait for one entry; older ones give way. */
export const waitingEventsMax = 1024;

/** Scripts that run at once; further ones wait. */
export const runningScriptsMax = 32;

/** Dropped events are told of at most this often. */
const warningIntervalMs = 10_000;

/** What scripts need of their agent. */
export interface HandlerParts {
  readonly runtime: Pick<Runtime, "clock" | "host" | "processes">;
  readonly log: AgentLog;
  readonly metrics?: Metrics | undefined;
  /** The local node as it is now. */
  readonly self: () => Member;
}

/** An event for one entry. `ended` takes what the script wrote, or null when it failed or did not run. */
interface Job {
  readonly event: SerfEvent;
  readonly ended: (output: Uint8Array | null) => void;
}

/** One filter with its script, and the events that wait for it. */
class Entry {
  readonly handler: EventScript;
  readonly jobs: Job[] = [];
  busy = false;
  dropped = 0;
  /** Ends the time in which drops are only counted; null when there is none. */
  quiet: Cancel | null = null;

  constructor(handler: EventScript) {
    this.handler = handler;
  }
}

/** All event handlers of one agent. */
export class HandlerPool {
  readonly #parts: HandlerParts;
  readonly #timeoutMs: number;
  #entries: readonly Entry[];
  /** Entries with events, in the order they get their turn. An entry is here at most once. */
  readonly #ready: Entry[] = [];
  #running = 0;
  #closed = false;

  /** Throws StartFailure when a handler is malformed. */
  constructor(config: Pick<AgentConfig, "eventHandlers" | "handlerTimeout">, parts: HandlerParts) {
    this.#parts = parts;
    this.#timeoutMs = toMilliseconds(config.handlerTimeout);
    this.#entries = parseHandlers(config.eventHandlers).map((handler) => new Entry(handler));
  }

  /** Scripts by filter, for `stats`. */
  get listed(): ReadonlyMap<string, string> {
    return listScripts(this.#entries.map(({ handler }) => handler));
  }

  /** Uses other handlers from the next event on; what waits for the old ones is still run. Throws StartFailure. */
  replace(handlers: readonly string[]): void {
    const before = [...this.#entries];
    this.#entries = parseHandlers(handlers).map((handler) => {
      // An entry that stays keeps its queue, and with it the order of its events.
      const same = before.findIndex((entry) => isSame(entry.handler, handler));
      return same < 0 ? new Entry(handler) : before.splice(same, 1)[0]!;
    });
  }

  /** Starts, or queues, the scripts that an event matches. */
  event(event: SerfEvent): void {
    if (this.#closed) return;
    const matching = this.#entries.filter(({ handler }) => matchesFilter(handler.filter, event));
    if (matching.length === 0) return;
    const { clock } = this.#parts.runtime;
    const turn =
      event.type === "query"
        ? new QueryTurn(event, matching.length, clock, (text) => this.#log("WARN", text))
        : null;
    for (const [index, entry] of matching.entries()) {
      entry.jobs.push({ event, ended: (output) => turn?.ended(index, output) });
      if (entry.jobs.length > waitingEventsMax) this.#drop(entry);
      if (!entry.busy && entry.jobs.length === 1) this.#ready.push(entry);
    }
    this.#advance();
  }

  /** Starts no further script; those that run are left alone. */
  close(): void {
    this.#closed = true;
    this.#ready.length = 0;
    for (const entry of this.#entries) {
      entry.jobs.length = 0;
      entry.quiet?.();
    }
  }

  #drop(entry: Entry): void {
    entry.jobs.shift()?.ended(null);
    entry.dropped += 1;
    if (entry.quiet === null) this.#warn(entry);
  }

  #warn(entry: Entry): void {
    entry.quiet = null;
    if (entry.dropped === 0 || this.#closed) return;
    this.#log("WARN", `Script '${entry.handler.script}' does not keep up, dropped ${entry.dropped} events`);
    entry.dropped = 0;
    entry.quiet = this.#parts.runtime.clock.after(warningIntervalMs, () => this.#warn(entry));
  }

  #advance(): void {
    while (this.#running < runningScriptsMax) {
      const entry = this.#ready.shift();
      const job = entry?.jobs.shift();
      if (entry === undefined || job === undefined) return;
      entry.busy = true;
      this.#running += 1;
      void this.#run(entry.handler.script, job).finally(() => {
        entry.busy = false;
        this.#running -= 1;
        if (this.#closed) return;
        if (entry.jobs.length > 0) this.#ready.push(entry);
        this.#advance();
      });
    }
  }

  async #run(script: string, { event, ended }: Job): Promise<void> {
    const { runtime, self, metrics } = this.#parts;
    const startedAt = runtime.clock.now();
    const { output, fault } = await runScript(
      {
        script,
        env: scriptEnvironment(event, self()),
        input: scriptInput(event),
        timeoutMs: this.#timeoutMs,
        slow: () => this.#log("WARN", `Script '${script}' slow, execution exceeding 1s`),
      },
      runtime,
    );
    metrics?.sample(`agent.invoke.${script}`, runtime.clock.now() - startedAt);
    this.#log("DEBUG", `Event '${event.type}' script output: ${new TextDecoder().decode(output)}`);
    if (fault !== null) this.#log("ERR", `Error invoking script '${script}': ${fault}`);
    ended(fault === null ? output : null);
  }

  #log(level: "DEBUG" | "WARN" | "ERR", text: string): void {
    this.#parts.log.write(level, "agent", text);
  }
}

function isSame(left: EventScript, right: EventScript): boolean {
  const { filter } = left;
  return (
    left.script === right.script && filter.event === right.filter.event && filter.name === right.filter.name
  );
}
