/**
 * Runs the configured scripts for events. Each script takes its events one after another, as Serf does, whichever of its filters they
 * pass: it may change a file without a lock. Different scripts run beside each other: one that hangs holds up only itself. Nothing here
 * makes the agent wait.
 */

import type { Background } from "../../async/background.ts";
import type { Member, SerfEvent } from "../../core/serf/api.ts";
import { matchesFilter } from "../../rpc/filter.ts";
import type { Cancel } from "../../runtime.ts";
import type { AgentConfig } from "../config/settings.ts";
import { type AgentContext, backgroundOf } from "../context.ts";
import { type EventScript, listScripts, parseHandlers } from "./handlers.ts";
import { scriptEnvironment, scriptInput } from "./input.ts";
import { QueryTurn } from "./query_turn.ts";
import { runScript } from "./run.ts";

/** How many events wait for one script; beyond that the oldest are dropped. */
export const waitingEventsMax = 1024;

/** Scripts that run at once; further ones wait. */
export const runningScriptsMax = 32;

/** Dropped events are logged at most this often. */
const warningIntervalMs = 10_000;

/** What is used of the agent. */
export type ScriptContext = AgentContext<"clock" | "host" | "processes" | "signals">;

/**
 * An event for one script. `ended` takes what the script wrote; nothing if it failed or did not
 * run.
 */
interface Job {
  readonly event: SerfEvent;
  readonly ended: (output?: Uint8Array) => void;
}

/** A script, and the events that wait for it. */
class Queue {
  readonly script: string;
  readonly jobs: Job[] = [];
  busy = false;
  dropped = 0;
  /** Ends the time in which drops are only counted; `undefined` outside of it. */
  quiet: Cancel | undefined;

  constructor(script: string) {
    this.script = script;
  }
}

/** All event handlers of one agent. */
export class HandlerPool {
  readonly #context: ScriptContext;
  readonly #self: () => Member;
  readonly #timeoutMs: number;
  #handlers: readonly EventScript[];
  /** By script. */
  #queues: ReadonlyMap<string, Queue>;
  /** Queues with events, in the order they get their turn. A queue is here at most once. */
  readonly #ready: Queue[] = [];
  readonly #background: Background;
  #running = 0;
  #closed = false;

  /** `self` returns the local node as it is now. Throws StartFailure if a handler is malformed. */
  constructor(
    config: Pick<AgentConfig, "eventHandlers" | "handlerTimeout">,
    context: ScriptContext,
    self: () => Member,
  ) {
    this.#context = context;
    this.#background = backgroundOf(context.log, () => context.metrics);
    this.#self = self;
    this.#timeoutMs = Math.ceil(config.handlerTimeout);
    this.#handlers = parseHandlers(config.eventHandlers);
    this.#queues = queuesFor(this.#handlers, new Map());
  }

  /** Scripts by filter, for `stats`. */
  get listed(): ReadonlyMap<string, string> {
    return listScripts(this.#handlers);
  }

  /** Uses other handlers from the next event on; what waits for the old ones is still run. Throws StartFailure. */
  replace(handlers: readonly string[]): void {
    this.#handlers = parseHandlers(handlers);
    // A script that stays keeps its queue, and with it the order of its events.
    this.#queues = queuesFor(this.#handlers, this.#queues);
  }

  /** Starts, or queues, the scripts that an event matches. */
  event(event: SerfEvent): void {
    if (this.#closed) return;
    const matching = this.#handlers.filter(({ filter }) => matchesFilter(filter, event));
    if (matching.length === 0) return;
    const { clock } = this.#context.runtime;
    const turn =
      event.type === "query"
        ? new QueryTurn(event, matching.length, clock, (text) => this.#log("WARN", text))
        : undefined;
    for (const [index, { script }] of matching.entries()) {
      const queue = this.#queues.get(script)!;
      queue.jobs.push({ event, ended: (output) => turn?.ended(index, output) });
      if (queue.jobs.length > waitingEventsMax) this.#drop(queue);
      if (!queue.busy && queue.jobs.length === 1) this.#ready.push(queue);
    }
    this.#advance();
  }

  /** Starts no further script; those that run are left alone. */
  close(): void {
    this.#closed = true;
    this.#ready.length = 0;
    for (const queue of this.#queues.values()) {
      queue.jobs.length = 0;
      queue.quiet?.();
    }
  }

  #drop(queue: Queue): void {
    queue.jobs.shift()?.ended();
    queue.dropped += 1;
    if (queue.quiet === undefined) this.#warn(queue);
  }

  #warn(queue: Queue): void {
    queue.quiet = undefined;
    if (queue.dropped === 0 || this.#closed) return;
    this.#log("WARN", `Script '${queue.script}' does not keep up, dropped ${queue.dropped} events`);
    queue.dropped = 0;
    queue.quiet = this.#context.runtime.clock.after(warningIntervalMs, () => this.#warn(queue));
  }

  #advance(): void {
    while (this.#running < runningScriptsMax) {
      const queue = this.#ready.shift();
      const job = queue?.jobs.shift();
      if (queue === undefined || job === undefined) return;
      queue.busy = true;
      this.#running += 1;
      const run = async (): Promise<void> => {
        try {
          await this.#run(queue.script, job);
        } finally {
          queue.busy = false;
          this.#running -= 1;
          if (!this.#closed && queue.jobs.length > 0) this.#ready.push(queue);
          if (!this.#closed) this.#advance();
        }
      };
      this.#background.run("an event handler", run);
    }
  }

  async #run(script: string, { event, ended }: Job): Promise<void> {
    const { runtime, metrics } = this.#context;
    const startedAt = runtime.clock.now();
    const { output, fault } = await runScript(
      {
        script,
        env: scriptEnvironment(event, this.#self()),
        input: scriptInput(event),
        timeoutMs: this.#timeoutMs,
        slow: () => this.#log("WARN", `Script '${script}' slow, execution exceeding 1s`),
      },
      runtime,
    );
    metrics?.sample(`agent.invoke.${script}`, runtime.clock.now() - startedAt);
    const text = new TextDecoder().decode(output);
    this.#context.log.output("DEBUG", "agent", `Event '${event.type}' script output: ${text}`);
    if (fault === undefined) ended(output);
    else {
      this.#log("ERR", `Error invoking script '${script}': ${fault}`);
      ended();
    }
  }

  #log(level: "WARN" | "ERR", text: string): void {
    this.#context.log.write(level, "agent", text);
  }
}

/** A queue for each script; those that are there already are kept. */
function queuesFor(
  handlers: readonly EventScript[],
  before: ReadonlyMap<string, Queue>,
): ReadonlyMap<string, Queue> {
  const scripts = new Set(handlers.map(({ script }) => script));
  return new Map(Array.from(scripts, (script) => [script, before.get(script) ?? new Queue(script)]));
}
