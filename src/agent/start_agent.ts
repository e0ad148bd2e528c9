/// <reference lib="esnext.disposable" preserve="true" />
/**
 * Runs a whole agent inside a program: a node with RPC, scripts for events, a tags file, discovery,
 * retried joins, telemetry and syslog, as its settings say. No flags, no console, no signals.
 */

import { messageOf, SerfError, type SerfErrorCode } from "../errors.ts";
import { decodeKey } from "../go/parse_key.ts";
import type { Runtime } from "../runtime.ts";
import { checkArgument, kinds } from "../shell/options/arguments.ts";
import { logKind, logOf, printTo } from "../shell/options/log.ts";
import type { SerfOptions } from "../shell/options/options.ts";
import type { Serf } from "../shell/serf.ts";
import { Agent } from "./agent.ts";
import type { AgentOptions } from "./agent_options.ts";
import { checkConfig } from "./config/check.ts";
import { type AgentConfig, defaultConfig } from "./config/settings.ts";
import { checkDiscovery, checkInterface, checkSeeds, findEndpoints } from "./endpoints.ts";
import { AgentLog } from "./log/log.ts";
import type { Syslog } from "./log/syslog.ts";
import { parseHandlers } from "./scripts/handlers.ts";
import { isAddressInUse, StartFailure } from "./start_failure.ts";
import { Telemetry } from "./telemetry/telemetry.ts";

/** Settings that are of no use in a program. */
type ConsoleSettings =
  | "configPaths"
  | "logLevel"
  | "logFormat"
  | "skipLeaveOnInterrupt"
  | "leaveOnTerminate"
  | "role";

/** What a program gives; it compiles only if each of these settings is in the table, with its kind. */
type GivenSettings = {
  -readonly [Name in Exclude<keyof AgentConfig, ConsoleSettings>]?: AgentConfig[Name] | undefined;
};

/** An agent that runs in this process. */
export interface RunningAgent extends AsyncDisposable {
  /** The agent's node, with all that a program can do. Its tags are not kept in the tags file. */
  readonly serf: Serf;
  /** Resolves when the agent has stopped: by a shutdown, an RPC client, or by itself. */
  readonly stopped: Promise<void>;
  /** Leaves the cluster; the agent goes on until {@link shutdown}. Rejects as `Serf.leave` does. */
  leave(): Promise<void>;
  /** Stops the node and then the RPC interface. Idempotent. */
  shutdown(): Promise<void>;
}

/** Starts a node, as `Serf.start` does. */
type StartNode = (options: SerfOptions, runtime: Runtime) => Promise<Serf>;

/**
 * Starts an agent. Rejects with SerfError if a setting is malformed (ERR_OPTION, ERR_KEY, ERR_NAME,
 * ERR_ADDRESS, ERR_LIMIT), an address is in use (ERR_BIND) or none of `startJoin` could be joined
 * (ERR_JOIN); then nothing stays open. If the attempts of `retryJoin` are used up, the agent stops.
 */
export async function startInProcess(
  options: AgentOptions,
  runtime: Runtime,
  start: StartNode,
): Promise<RunningAgent> {
  const { log: logOption, tags, ...given } = options;
  if (logOption !== undefined) checkArgument("start an agent", "log", logKind, logOption);
  const settings: GivenSettings = { ...given, ...(tags && { tags: tagMap(tags) }) };
  const config: AgentConfig = { ...defaultConfig, ...checkConfig(settings) };
  const log = new AgentLog(runtime.clock);
  const print = logOf(logOption, printTo(runtime.terminal));
  log.follow(({ source }) => print(source));
  try {
    return await launch(config, runtime, log, start);
  } catch (error) {
    if (!(error instanceof StartFailure)) throw error;
    throw new SerfError(codeOf(error), `Cannot start an agent: ${error.message}`, { cause: error });
  }
}

function tagMap(tags: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  checkArgument("start an agent", "tags", kinds.textMap, tags);
  return new Map(Object.entries(tags));
}

async function launch(
  given: AgentConfig,
  runtime: Runtime,
  log: AgentLog,
  start: StartNode,
): Promise<RunningAgent> {
  const config = { ...given, nodeName: given.nodeName || runtime.host.hostname() };
  parseHandlers(config.eventHandlers);
  checkSeeds(config);
  checkInterface(config.interface, runtime.host);
  checkDiscovery(config, runtime.host);
  decodeKey(config.encryptKey);
  const endpoints = await findEndpoints(config, runtime.host);
  const syslog = config.syslog ? await openSyslog(config, runtime, log) : undefined;
  const telemetry = Telemetry.start(config, runtime, log);
  const retrying = new AbortController();
  const release = async (): Promise<void> => {
    retrying.abort();
    await Promise.all([telemetry?.close(), syslog?.close()]);
  };
  let agent: Agent | undefined;
  try {
    let serf: Serf | undefined;
    const context = { runtime, log, metrics: telemetry };
    agent = await Agent.start(config, endpoints, context, async (options) => {
      serf = await start(options, runtime);
      return serf;
    });
    await agent.discover(config);
    await agent.serve(config);
    if (config.startJoin.length > 0) await agent.join(config.startJoin, config.replayOnJoin);
    const stopped = agent.stopped.then(release);
    void retry(agent, config, retrying.signal);
    return new InProcess(agent, serf!, stopped);
  } catch (error) {
    await agent?.shutdown();
    await release();
    throw error;
  }
}

async function retry(agent: Agent, config: AgentConfig, signal: AbortSignal): Promise<void> {
  if (config.retryJoin.length === 0) return;
  if ((await agent.retryJoin(config, signal)) === false) await agent.shutdown();
}

async function openSyslog({ syslogFacility }: AgentConfig, runtime: Runtime, log: AgentLog): Promise<Syslog> {
  const { Syslog } = await import("./log/syslog.ts");
  const syslog = await Syslog.open(syslogFacility, runtime, (text) => log.write("WARN", "agent", text));
  log.follow(({ source }) => syslog.line(source));
  return syslog;
}

class InProcess implements RunningAgent {
  readonly #agent: Agent;
  readonly serf: Serf;
  readonly stopped: Promise<void>;

  constructor(agent: Agent, serf: Serf, stopped: Promise<void>) {
    this.#agent = agent;
    this.serf = serf;
    this.stopped = stopped;
  }

  async leave(): Promise<void> {
    await this.#agent.leave();
  }

  async shutdown(): Promise<void> {
    await this.#agent.shutdown();
    await this.stopped;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      if (this.serf.state === "alive") await this.#agent.leave();
    } catch (error) {
      this.#agent.log("WARN", `Cannot leave: ${messageOf(error)}`, "agent");
    }
    await this.shutdown();
  }
}

/** The code of the error below, if that has one. */
function codeOf(failure: StartFailure): SerfErrorCode {
  if (isAddressInUse(failure)) return "ERR_BIND";
  for (let { cause } = failure as Error; cause instanceof Error; cause = cause.cause)
    if (cause instanceof SerfError) return cause.code;
  return "ERR_OPTION";
}
