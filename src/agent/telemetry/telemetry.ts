/**
 * An agent's measurements: kept for a minute in memory, printed at SIGUSR1, and sent to statsd and statsite servers if the settings
 * name some, under names that begin with `serf-agent`.
 */

import type { Metrics } from "../../core/metrics.ts";
import { messageOf } from "../../errors.ts";
import type { Cancel, Runtime } from "../../runtime.ts";
import type { AgentConfig } from "../config/settings.ts";
import type { AgentLog } from "../log/log.ts";
import { Courier } from "./courier.ts";
import { Intervals, intervalMs, namesMax } from "./intervals.ts";
import { boundedName, sentName } from "./names.ts";
import { checkServer, connectServer, type ServerKind } from "./servers.ts";

/** What all names begin with. */
const prefix = "serf-agent.";
/**
 * The memory of the process is measured after this time, and so often if a server gets every value. Else
 * only the last value of each interval counts, and an idle agent need not wake for the others.
 */
const memoryIntervalMs = 1_000;
/** Names whose sent form is remembered at most. */
const rememberedMax = 1024;

/** Settings of telemetry. */
export type TelemetryConfig = Pick<AgentConfig, "statsdAddr" | "statsiteAddr">;

/** The measurements of one agent. */
export class Telemetry implements Metrics {
  readonly #runtime: Runtime;
  readonly #intervals: Intervals;
  readonly #couriers: readonly Courier[];
  /** Goes before the names of gauges: with servers that know many hosts it names this one. */
  readonly #gaugePrefix: string;
  readonly #sentNames = new Map<string, string>();
  #unlisten: Cancel = () => undefined;
  #unmeasure: Cancel = () => undefined;

  private constructor(config: TelemetryConfig, runtime: Runtime, log: Pick<AgentLog, "write">) {
    this.#runtime = runtime;
    let overflowed = false;
    this.#intervals = new Intervals(runtime.clock, prefix, () => {
      if (!overflowed) log.write("WARN", "agent", `Telemetry keeps ${namesMax} names, further ones are lost`);
      overflowed = true;
    });
    const addresses = { statsite: config.statsiteAddr, statsd: config.statsdAddr };
    this.#couriers = Object.entries(addresses).flatMap(([name, address]) => {
      if (address === "") return [];
      const kind = name as ServerKind;
      checkServer(kind, address);
      const report = (failure: unknown): void => {
        if (failure === undefined) log.write("INFO", "agent", `Connected to ${kind} again`);
        else log.write("ERR", "agent", messageOf(failure));
      };
      const connect = async () => await connectServer(kind, address, runtime);
      return [new Courier(runtime.clock, connect, report)];
    });
    this.#gaugePrefix = this.#couriers.length === 0 ? "" : `${runtime.host.hostname()}.`;
  }

  /** Begins to measure, and to listen to SIGUSR1. Throws StartFailure when an address can never be one. */
  static start(config: TelemetryConfig, runtime: Runtime, log: Pick<AgentLog, "write">): Telemetry {
    const telemetry = new Telemetry(config, runtime, log);
    const { signals, terminal } = runtime;
    telemetry.#unlisten = signals.on("SIGUSR1", () => void terminal.writeError(telemetry.#intervals.text()));
    telemetry.#measureMemory();
    return telemetry;
  }

  incr(name: string, value: number): void {
    this.#intervals.incr(name, value);
    this.#send(name, value, "c");
  }

  sample(name: string, value: number): void {
    this.#intervals.sample(name, value);
    this.#send(name, value, "ms");
  }

  gauge(name: string, value: number): void {
    const full = this.#gaugePrefix + name;
    this.#intervals.gauge(full, value);
    this.#send(full, value, "g");
  }

  /** Sends the last measurements, for a moment. Never rejects. */
  async close(): Promise<void> {
    this.#unlisten();
    this.#unmeasure();
    await Promise.all(this.#couriers.map((courier) => courier.close()));
  }

  #send(name: string, value: number, kind: "c" | "ms" | "g"): void {
    if (this.#couriers.length === 0) return;
    const line = `${this.#sentName(name)}:${Math.fround(value).toFixed(6)}|${kind}\n`;
    for (const courier of this.#couriers) courier.push(line);
  }

  #sentName(name: string): string {
    const key = boundedName(name);
    let sent = this.#sentNames.get(key);
    if (sent === undefined) {
      sent = prefix + sentName(key);
      if (this.#sentNames.size >= rememberedMax) this.#sentNames.clear();
      this.#sentNames.set(key, sent);
    }
    return sent;
  }

  #measureMemory(delayMs: number = memoryIntervalMs): void {
    const { clock, host } = this.#runtime;
    this.#unmeasure = clock.after(delayMs, () => {
      this.#measureMemory(this.#couriers.length > 0 ? memoryIntervalMs : lateInNext(clock.wallTime()));
      // On Node this opens a file, which fails if the process has no file descriptor left.
      const { used, resident } = host.memory();
      this.gauge("runtime.alloc_bytes", used);
      this.gauge("runtime.sys_bytes", resident);
    });
  }
}

/** Returns the time from `now` until shortly before the end of the next interval, in ms. */
function lateInNext(now: number): number {
  const nextEndsAt = (Math.floor(now / intervalMs) + 2) * intervalMs;
  return nextEndsAt - memoryIntervalMs - now;
}
