/** Processes that end when the test says so, and the rest that a handler pool needs. */

import { AgentLog } from "../../../src/agent/log/log.ts";
import { HandlerPool } from "../../../src/agent/scripts/pool.ts";
import type { Host, ProcessEnd, Processes, Signals, SpawnOptions } from "../../../src/runtime.ts";
import { FakeClock, member, settle } from "../fakes.ts";

/** One program that was started. */
export class FakeChild {
  readonly script: string;
  readonly options: SpawnOptions;
  readonly signals: string[] = [];
  #settle: (end: ProcessEnd) => void = () => undefined;
  readonly ended: Promise<ProcessEnd> = new Promise((resolve) => {
    this.#settle = resolve;
  });

  constructor(options: SpawnOptions) {
    this.script = options.args.at(-1) ?? "";
    this.options = options;
  }

  /** Writes to standard output. */
  print(text: string): void {
    this.options.output?.("stdout", new TextEncoder().encode(text));
  }

  /** Ends after printing. */
  async exit(code: number | null = 0, text = "", signal: string | null = null): Promise<void> {
    if (text !== "") this.print(text);
    this.#settle({ code, signal });
    await settle();
  }
}

/** A pool with its clock, its log and the programs it started. */
export class FakePool {
  readonly clock: FakeClock = new FakeClock();
  readonly children: FakeChild[] = [];
  readonly log: AgentLog = new AgentLog(this.clock);
  readonly pool: HandlerPool;
  failure: Error | null = null;
  /** Who listens for Ctrl-C. */
  readonly interrupts: Set<() => void> = new Set();

  constructor(eventHandlers: readonly string[], handlerTimeout = 0) {
    const processes: Processes = {
      spawn: async (_program, options) => {
        if (this.failure !== null) throw this.failure;
        const child = new FakeChild(options);
        this.children.push(child);
        return {
          pid: 1,
          ended: child.ended,
          kill: (signal) => {
            child.signals.push(signal);
          },
        };
      },
    };
    const signals: Signals = {
      on: (_name, callback) => {
        this.interrupts.add(callback);
        return () => this.interrupts.delete(callback);
      },
    };
    const runtime = { clock: this.clock, processes, signals, host: { os: "linux" } as Host };
    const self = member("n", "127.0.0.1", { role: "web" });
    this.pool = new HandlerPool({ eventHandlers, handlerTimeout }, { runtime, log: this.log }, () => self);
  }

  /** Log lines without their time. */
  get lines(): string[] {
    return this.log.recent().map(({ text }) => text.slice("2026/11/23 10:34:05 ".length));
  }

  /** Scripts that were started, in order. */
  get started(): string[] {
    return this.children.map(({ script }) => script);
  }

  /** A user event. */
  async user(name: string, payload = ""): Promise<void> {
    const bytes = new TextEncoder().encode(payload);
    this.pool.event({ type: "user", name, payload: bytes, lamportTime: 7n, coalesce: false });
    await settle();
  }
}
