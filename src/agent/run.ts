/**
 * Runs an agent in the foreground: checks in Serf's order, banner, joins, signals, exit code.
 */

import { withTimeLimit } from "../async/time_limit.ts";
import type { LogLevel } from "../core/effects.ts";
import { logLevels, parseLogLevel, passesLevel } from "../core/log_levels.ts";
import { messageOf, SerfError } from "../errors.ts";
import { decodeKey } from "../go/parse_key.ts";
import type { Runtime, SignalName } from "../runtime.ts";
import type { SerfStart } from "./agent.ts";
import { Agent } from "./agent.ts";
import { type AgentConfig, reloaded } from "./config/settings.ts";
import { backgroundOf } from "./context.ts";
import type { Endpoints } from "./endpoints.ts";
import { checkDiscovery, checkInterface, checkSeeds, endpointText, findEndpoints } from "./endpoints.ts";
import { AgentConsole } from "./log/console.ts";
import { AgentLog, formatJsonLine } from "./log/log.ts";
import type { Syslog } from "./log/syslog.ts";
import { parseHandlers } from "./scripts/handlers.ts";
import { SignalQueue } from "./signals.ts";
import { isAddressInUse, StartFailure } from "./start_failure.ts";
import { Telemetry } from "./telemetry/telemetry.ts";

/** A graceful leave that takes longer is given up. */
const gracefulTimeoutMs = 3000;

/** The shortest retry interval and broadcast timeout; shorter ones are raised with a warning. */
const durationMinMs = 1000;

/** An agent that ends waits so long for its last lines to be written. */
const flushTimeoutMs = 1000;

const addressAdvice: readonly string[] = [
  "Another program uses this address, probably another agent. Stop that one, or give this one",
  "other addresses with -bind and -rpc-addr.",
];

/** Reads the settings; called at the start and at every reload. Rejects with StartFailure. */
export type ConfigSource = () => Promise<AgentConfig>;

/** Runs an agent until it stops; returns the exit code. */
export async function runAgent(
  source: ConfigSource,
  runtime: Runtime,
  start: SerfStart = startSerf,
): Promise<number> {
  const run = new AgentRun(source, runtime, start);
  return await run.run();
}

/** The node is loaded only when all settings are known to be good. */
const startSerf: SerfStart = async (options, runtime) => {
  const { Serf } = await import("../shell/serf.ts");
  return await Serf.start(options, runtime);
};

class AgentRun {
  readonly #source: ConfigSource;
  readonly #runtime: Runtime;
  readonly #start: SerfStart;
  readonly #console: AgentConsole;
  readonly #log: AgentLog;
  #level: LogLevel = "INFO";
  #json = false;
  #syslog: Syslog | undefined;
  #telemetry: Telemetry | undefined;

  constructor(source: ConfigSource, runtime: Runtime, start: SerfStart) {
    this.#source = source;
    this.#log = new AgentLog(runtime.clock);
    const background = backgroundOf(this.#log, () => this.#telemetry);
    this.#runtime = { ...runtime, clock: background.clock(runtime.clock) };
    // The node keeps the clock as it is: without its timer it would be a member that does nothing.
    this.#start = (options) => start(options, runtime);
    this.#console = new AgentConsole(runtime.terminal, this.#runtime.clock);
    this.#log.follow((line) => {
      if (!passesLevel(line.level, this.#level)) return;
      this.#syslog?.line(line.source);
      if (this.#json) this.#console.line(formatJsonLine(line.source), "");
      else this.#console.line(line.text);
    });
  }

  async run(): Promise<number> {
    let agent: Agent | undefined;
    try {
      const config = await this.#settings();
      this.#applyLevel(config.logLevel);
      this.#applyFormat(config.logFormat);
      await this.#openSyslog(config);
      this.#telemetry = Telemetry.start(config, this.#runtime, this.#log);
      const endpoints = await this.#endpoints(config);
      await this.#console.step("Starting Serf agent...");
      const context = { runtime: this.#runtime, log: this.#log, metrics: this.#telemetry };
      agent = await Agent.start(config, endpoints, context, this.#start);
      await agent.discover(config);
      await agent.serve(config);
      await this.#console.step("Starting Serf agent RPC...");
      await this.#banner(agent, config, endpoints);
      await this.#join(agent, config);
      const code = await this.#attend(agent, config);
      await this.#flush();
      return code;
    } catch (error) {
      if (!(error instanceof StartFailure)) throw error;
      await this.#console.step(error.message);
      if (isAddressInUse(error)) await this.#advise(addressAdvice);
      await agent?.shutdown();
      return 1;
    } finally {
      await Promise.all([this.#telemetry?.close(), this.#syslog?.close()]);
    }
  }

  /** Prints what to do, for people only: programs that read the output expect what Serf prints. */
  async #advise(lines: readonly string[]): Promise<void> {
    if (this.#runtime.terminal.columns === null) return;
    for (const line of lines) await this.#console.detail(line);
  }

  async #openSyslog({ syslog, syslogFacility }: AgentConfig): Promise<void> {
    if (!syslog) return;
    const { Syslog } = await import("./log/syslog.ts");
    const warn = (text: string): void => this.#log.write("WARN", "agent", text);
    this.#syslog = await Syslog.open(syslogFacility, this.#runtime, warn);
  }

  /** The last lines are not lost, unless nobody takes them. */
  async #flush(): Promise<void> {
    await withTimeLimit(this.#runtime.clock, flushTimeoutMs, this.#console.flush());
  }

  /** Settings with everything that is checked at a reload, too. */
  async #settings(): Promise<AgentConfig> {
    const read = await this.#source();
    const { host } = this.#runtime;
    const config = { ...read, nodeName: read.nodeName || host.hostname() };
    parseHandlers(config.eventHandlers);
    checkSeeds(config);
    checkInterface(config.interface, host);
    checkDiscovery(config, host);
    if (config.role !== "")
      await this.#console.step("Deprecation warning: 'Role' has been replaced with 'Tags'");
    const raised = {
      ...config,
      retryInterval: await this.#raise("RetryInterval", config.retryInterval),
      broadcastTimeout: await this.#raise("BroadcastTimeout", config.broadcastTimeout),
    };
    if (config.rejoinAfterLeave && config.snapshotPath === "")
      await this.#console.step("Warning: 'RejoinAfterLeave' enabled without snapshot file");
    return raised;
  }

  async #raise(name: string, durationMs: number): Promise<number> {
    if (durationMs >= durationMinMs) return durationMs;
    await this.#console.step(`Warning: '${name}' is too low. Setting to 1s`);
    return durationMinMs;
  }

  #applyLevel(name: string): void {
    const level = parseLogLevel(name);
    if (level === undefined) {
      const valid = logLevels.join(" ");
      throw new StartFailure(`Invalid log level: ${name.toUpperCase()}. Valid log levels are: [${valid}]`);
    }
    this.#level = level;
  }

  #applyFormat(name: string): void {
    if (name !== "text" && name !== "json")
      throw new StartFailure(`Invalid log format: ${name}. Valid log formats are: [text json]`);
    this.#json = name === "json";
  }

  async #endpoints(config: AgentConfig): Promise<Endpoints> {
    const endpoints = await findEndpoints(config, this.#runtime.host);
    if (endpoints.note !== undefined) await this.#console.step(endpoints.note);
    try {
      decodeKey(config.encryptKey);
    } catch (error) {
      if (!(error instanceof SerfError)) throw error;
      throw new StartFailure(`Invalid encryption key: ${error.message}`, { cause: error });
    }
    if (!["lan", "wan", "local"].includes(config.profile))
      throw new StartFailure(`Unknown profile: ${config.profile}`);
    return endpoints;
  }

  async #banner(agent: Agent, config: AgentConfig, endpoints: Endpoints): Promise<void> {
    await this.#console.step("Serf agent running!");
    await this.#runtime.host.keepHeapSmall?.();
    await this.#label("Node name", `'${agent.name}'`);
    await this.#label("Bind addr", `'${endpointText(endpoints.bind)}'`);
    // Serf does not align this one.
    if (endpoints.advertise !== undefined) {
      await this.#console.detail(`Advertise addr: '${endpointText(endpoints.advertise)}'`);
    }
    await this.#label("RPC addr", `'${config.rpcAddr}'`);
    await this.#label("Encrypted", String(agent.encrypted));
    await this.#label("Snapshot", String(config.snapshotPath !== ""));
    await this.#label("Profile", config.profile);
    await this.#label("Message Compression Enabled", String(config.compression));
    if (config.discover !== "") await this.#label("mDNS cluster", config.discover);
  }

  async #label(label: string, value: string): Promise<void> {
    await this.#console.detail(`${label.padStart(27)}: ${value}`);
  }

  async #join(agent: Agent, config: AgentConfig): Promise<void> {
    if (config.startJoin.length === 0) return;
    await this.#console.step(`Joining cluster...(replay: ${config.replayOnJoin})`);
    const count = await agent.join(config.startJoin, config.replayOnJoin).catch((error: unknown) => {
      throw error instanceof Error ? new StartFailure(error.message, { cause: error }) : error;
    });
    await this.#console.detail(`Join completed. Synced with ${count} initial agents`);
  }

  /** Lets the log stream, and handles signals until the agent has to stop. */
  async #attend(agent: Agent, started: AgentConfig): Promise<number> {
    const signals = new SignalQueue(this.#runtime.signals);
    const retrying = new AbortController();
    await this.#console.step("");
    await this.#console.step("Log data will now stream in as it occurs:");
    await this.#console.step("");
    this.#console.release();
    const stopped = agent.stopped.then(() => "stopped" as const);
    const gaveUp = this.#retry(agent, started, retrying.signal);
    try {
      let config = started;
      for (;;) {
        const happened = await Promise.race([signals.next(), stopped, gaveUp]);
        if (happened === "stopped") return 0;
        if (happened === "gave up") return await this.#stop(agent, 1);
        await this.#console.step(`Caught signal: ${signalTexts[happened]}`);
        if (happened === "SIGHUP") config = await this.#reload(agent, config);
        else if (leaves(happened, config)) return await this.#leave(agent, signals);
        else return await this.#stop(agent, 1);
      }
    } finally {
      retrying.abort();
      signals.close();
    }
  }

  async #retry(agent: Agent, config: AgentConfig, signal: AbortSignal): Promise<"gave up"> {
    const joined = config.retryJoin.length === 0 || (await agent.retryJoin(config, signal));
    return joined === false ? "gave up" : await new Promise<never>(() => undefined);
  }

  async #stop(agent: Agent, code: number): Promise<number> {
    await agent.shutdown();
    return code;
  }

  async #leave(agent: Agent, signals: SignalQueue): Promise<number> {
    await this.#console.step("Gracefully shutting down agent...");
    let waiting = true;
    const left = agent.leave().then(
      () => true,
      async (error: unknown) => {
        // A leave that was given up rejects as well, and that was logged already.
        if (waiting) await this.#console.step(`Error: ${messageOf(error)}`);
        return false;
      },
    );
    const interrupted = signals.next().then(() => false);
    const { clock } = this.#runtime;
    const graceful = await withTimeLimit(clock, gracefulTimeoutMs, Promise.race([left, interrupted]));
    waiting = false;
    return await this.#stop(agent, graceful === true ? 0 : 1);
  }

  /** Takes over what can change while the agent runs; the rest needs a restart. */
  async #reload(agent: Agent, before: AgentConfig): Promise<AgentConfig> {
    await this.#console.step("Reloading configuration...");
    const config = await this.#settings().catch(async (error: unknown) => {
      if (!(error instanceof StartFailure)) throw error;
      await this.#console.step(error.message);
      await this.#console.step("Failed to reload configs");
      return undefined;
    });
    if (config === undefined) return before;
    try {
      this.#applyLevel(config.logLevel);
    } catch (error) {
      if (!(error instanceof StartFailure)) throw error;
      await this.#console.step(error.message);
    }
    agent.handlers.replace(config.eventHandlers);
    await this.#reloadTags(agent, config, before).catch((error: unknown) => {
      return this.#console.step(`Failed to update tags: ${messageOf(error)}`);
    });
    return reloaded(before, config);
  }

  /**
   * The tags of a tags file stay as they are: the settings have none, and Serf would empty the
   * file.
   */
  async #reloadTags(agent: Agent, config: AgentConfig, { tagsFile }: AgentConfig): Promise<void> {
    if (tagsFile === "") await agent.replaceTags(config.tags);
    else if (config.tags.size > 0) throw new Error("Tags config not allowed while using tag files");
  }
}

const signalTexts: Readonly<Record<SignalName, string>> = {
  SIGINT: "interrupt",
  SIGTERM: "terminated",
  SIGHUP: "hangup",
  SIGUSR1: "user defined signal 1",
};

function leaves(signal: SignalName, config: AgentConfig): boolean {
  return signal === "SIGINT" ? !config.skipLeaveOnInterrupt : config.leaveOnTerminate;
}
