/**
 * An agent: a Serf node with a log, coalesced events and an RPC interface. It knows nothing of consoles and signals.
 */

import type { Background } from "../async/background.ts";
import type { Metrics } from "../core/metrics.ts";
import type { SerfEvent } from "../core/serf/api.ts";
import { messageOf, SerfError } from "../errors.ts";
import { EndpointError } from "../rpc/endpoint.ts";
import { RpcServer } from "../rpc/server/server.ts";
import type { Cancel, Runtime, Signal } from "../runtime.ts";
import { type RetryingNode, retryJoin } from "../shell/joining/retry_join.ts";
import type { Discovery, DiscoverySettings } from "../shell/mdns/discovery.ts";
import type { SerfOptions } from "../shell/options/options.ts";
import type { AgentConfig } from "./config/settings.ts";
import { type AgentContext, backgroundOf } from "./context.ts";
import type { Endpoints } from "./endpoints.ts";
import { nodeOptions } from "./node_options.ts";
import { eventCapacity, NodeService, onOwnClock, type SerfNode } from "./node_service.ts";
import { HandlerPool } from "./scripts/pool.ts";
import { StartFailure } from "./start_failure.ts";
import { TagsFile } from "./tags_file.ts";

/** Starts a node, as `Serf.start` does. */
export type SerfStart = (options: SerfOptions, runtime: Runtime) => Promise<SerfNode>;

/** A running agent. */
export class Agent extends NodeService {
  readonly #runtime: Runtime;
  readonly #metrics: Metrics | undefined;
  readonly #serf: SerfNode;
  readonly #unfollow: Cancel;
  readonly #tagsFile: TagsFile;
  /** Runs scripts for events. */
  readonly handlers: HandlerPool;
  readonly #background: Background;
  #discovery: Discovery | undefined;
  #server: RpcServer | undefined;
  #stopping: Promise<void> | undefined;
  #deaf = false;
  /** Resolves when the agent has stopped, for whatever reason. */
  readonly stopped: Promise<void>;

  private constructor(config: AgentConfig, context: AgentContext, serf: SerfNode) {
    const { runtime, metrics } = context;
    super(serf, runtime, context.log, config.queryWaitForDeadline);
    this.#runtime = runtime;
    this.#metrics = metrics;
    this.#tagsFile = new TagsFile(config, runtime.files);
    this.handlers = new HandlerPool(config, context, () => serf.local);
    this.#serf = serf;
    this.#unfollow = context.log.follow((line) => this.#server?.line(line));
    this.stopped = this.#watch();
    this.#background = backgroundOf(context.log, () => metrics);
    void this.#consume(serf.events({ capacity: eventCapacity }));
  }

  /** Starts the node. Rejects with {@link StartFailure}. RPC is not served before {@link serve}. */
  static async start(
    config: AgentConfig,
    endpoints: Endpoints,
    context: AgentContext,
    start: SerfStart,
  ): Promise<Agent> {
    const options = await nodeOptions(config, endpoints, context);
    context.log.write("INFO", "agent", "Serf agent starting");
    try {
      return new Agent(config, context, await start(options, context.runtime));
    } catch (error) {
      const reason = `Error creating Serf: ${messageOf(error)}`;
      throw new StartFailure(`Failed to start the Serf agent: ${reason}`, { cause: error });
    }
  }

  /** Begins to look for members by mDNS, if the settings say so. Rejects with {@link StartFailure}. */
  async discover(config: AgentConfig): Promise<void> {
    if (config.discover === "") return;
    const { Discovery } = await import("../shell/mdns/discovery.ts");
    const settings = discoverySettings(config);
    try {
      this.#discovery = await Discovery.start(settings, this, this.#serf.local, this.#runtime);
    } catch (error) {
      if (!(error instanceof SerfError)) throw error;
      throw new StartFailure(error.message, { cause: error.cause });
    }
  }

  /**
   * Joins in the background, again and again. Returns false if the attempts that the settings allow
   * were used up, and `undefined` if `signal` was aborted.
   */
  async retryJoin(config: AgentConfig, signal: Signal): Promise<boolean | undefined> {
    const {
      retryJoin: seeds,
      replayOnJoin: replay,
      retryInterval: intervalMs,
      retryMaxAttempts: max,
    } = config;
    const node: RetryingNode = {
      join: () => this.join(seeds, replay),
      log: (level, text) => this.log(level, text, "agent"),
    };
    // Serf counts like this: a maximum of N allows N+1 attempts.
    const attemptsMax = max > 0 ? max + 1 : Number.POSITIVE_INFINITY;
    const joined = await retryJoin(
      node,
      { seeds, replay, intervalMs, attemptsMax },
      this.#runtime.clock,
      signal,
    );
    if (joined === false) this.log("ERR", "maximum retry join attempts made, exiting", "agent");
    return joined;
  }

  /** Opens the RPC interface. Rejects with {@link StartFailure}. */
  async serve(config: AgentConfig): Promise<void> {
    const { rpcAddr: address, rpcAuth: token } = config;
    try {
      this.#server = await RpcServer.listen(this.#runtime, {
        address,
        token,
        service: this,
        metrics: this.#metrics,
      });
    } catch (error) {
      if (!(error instanceof EndpointError)) throw error;
      throw new StartFailure(`Error starting RPC listener: ${error.message}`, { cause: error });
    }
  }

  /** Name of the node. */
  get name(): string {
    return this.#serf.name;
  }

  /** Whether the node's traffic is encrypted. */
  get encrypted(): boolean {
    return this.#serf.encrypted;
  }

  override async leave(): Promise<void> {
    await this.#discovery?.close();
    await super.leave();
  }

  /** Stops the node and then the RPC interface. Idempotent. */
  override shutdown(): Promise<void> {
    this.#stopping ??= this.#shutdown();
    return this.#stopping;
  }

  /** Sets exactly these tags. */
  override async replaceTags(tags: ReadonlyMap<string, string>): Promise<void> {
    await this.#tagsFile.store(tags).catch((error: unknown) => {
      this.log("ERR", messageOf(error), "agent");
      throw error;
    });
    await super.replaceTags(tags);
  }

  protected override handlersListed(): ReadonlyMap<string, string> {
    return this.handlers.listed;
  }

  async #shutdown(): Promise<void> {
    this.log("INFO", "requesting serf shutdown", "agent");
    await this.#discovery?.close();
    // The node emits the events that it held back as it stops. After a leave that is its own leave,
    // which handlers receive; otherwise no handler should act on them.
    this.#deaf = this.#serf.state !== "left";
    await this.#serf.shutdown();
    this.handlers.close();
    this.log("INFO", "shutdown complete", "agent");
    await this.#server?.close();
    this.#unfollow();
  }

  /** A node may stop by itself, for example because another one has its name. */
  async #watch(): Promise<void> {
    await this.#serf.stopped;
    if (this.#stopping === undefined) this.log("WARN", "Serf shutdown detected, quitting", "agent");
    await this.shutdown();
  }

  async #consume(events: ReturnType<SerfNode["events"]>): Promise<void> {
    for await (const event of events) {
      if (this.#deaf || event.type === "stopped") return;
      if (event.type === "lagged") this.log("WARN", `Dropped ${event.count} events`, "agent");
      else
        this.#background.run("the handling of an event", () =>
          this.#dispatch(onOwnClock(event, this.#runtime.clock)),
        );
    }
  }

  #dispatch(event: SerfEvent): void {
    this.log("INFO", `Received event: ${titleOf(event)}`, "agent");
    this.handlers.event(event);
    this.#server?.event(event);
  }
}

function discoverySettings(config: AgentConfig): DiscoverySettings {
  return {
    cluster: config.discover,
    interface: config.mdnsInterface || config.interface || undefined,
    ipv4: !config.mdnsDisableIpv4,
    ipv6: !config.mdnsDisableIpv6,
    replay: config.replayOnJoin,
  };
}

function titleOf(event: SerfEvent): string {
  if (event.type === "user") return `user-event: ${event.name}`;
  return event.type === "query" ? `query: ${event.name}` : event.type;
}
