/**
 * What RPC clients ask of a node, carried out and logged as Serf's agent does. The agent adds what
 * only it has: scripts, a tags file, discovery.
 */

import type { LogLevel } from "../core/effects.ts";
import type { Member, QueryEvent, SerfEvent } from "../core/serf/api.ts";
import { messageOf } from "../errors.ts";
import type { MemberFilter } from "../rpc/protocol.ts";
import type { AgentService, ClusterService, Stats } from "../rpc/server/service.ts";
import type { MonitoredLine } from "../rpc/server/subscriptions.ts";
import type { Clock, Runtime } from "../runtime.ts";
import type { LaggedEvent, StoppedEvent } from "../shell/events/subscription.ts";
import type { Serf } from "../shell/serf.ts";
import { Cluster, type ClusterNode } from "./cluster_service.ts";
import type { AgentLog } from "./log/log.ts";
import { selectMembers } from "./member_filter.ts";

/** Events that may wait for whoever passes them on to RPC clients. */
export const eventCapacity = 4096;

/** What an agent uses of its node. */
export type SerfNode = Pick<
  Serf,
  | "name"
  | "state"
  | "local"
  | "encrypted"
  | "stopped"
  | "members"
  | "join"
  | "leave"
  | "shutdown"
  | "removeFailedNode"
  | "setTags"
  | "stats"
> &
  ClusterNode & {
    /** See {@link Serf.events}. */
    events(options: { readonly capacity: number }): AsyncIterable<SerfEvent | LaggedEvent | StoppedEvent>;
  };

/** Serves the requests of RPC clients for one node. */
export class NodeService implements AgentService {
  readonly cluster: ClusterService;
  readonly #serf: SerfNode;
  readonly #runtime: Pick<Runtime, "host">;
  readonly #log: AgentLog;

  /** `waitForDeadline` keeps queries running until their time is over, as Serf does. */
  constructor(serf: SerfNode, runtime: Pick<Runtime, "host">, log: AgentLog, waitForDeadline = false) {
    this.#serf = serf;
    this.#runtime = runtime;
    this.#log = log;
    this.cluster = new Cluster(serf, (level, text) => this.log(level, text, "agent"), waitForDeadline);
  }

  async join(addresses: readonly string[], replay: boolean): Promise<number> {
    this.log("INFO", `joining: [${addresses.join(" ")}] replay: ${replay}`, "agent");
    try {
      const count =
        addresses.length === 0 && this.#serf.state === "alive"
          ? 0
          : (await this.#serf.join(addresses, { replay })).contacts;
      if (count > 0) this.log("INFO", `joined: ${count} nodes`, "agent");
      return count;
    } catch (error) {
      this.log("WARN", `error joining: ${messageOf(error)}`, "agent");
      throw error;
    }
  }

  async leave(): Promise<void> {
    this.log("INFO", "requesting graceful leave from Serf", "agent");
    await this.#serf.leave();
  }

  /** Stops the node. Idempotent. */
  async shutdown(): Promise<void> {
    await this.#serf.shutdown();
  }

  async forceLeave(node: string, prune: boolean): Promise<void> {
    this.log("INFO", `Force leaving node${prune ? " (prune)" : ""}: ${node}`, "agent");
    try {
      await this.#serf.removeFailedNode(node, { prune });
    } catch (error) {
      this.log("WARN", `failed to remove node: ${messageOf(error)}`, "agent");
      throw error;
    }
  }

  async updateTags(set: ReadonlyMap<string, string>, remove: readonly string[]): Promise<void> {
    const tags = new Map(Object.entries(this.#serf.local.tags));
    for (const key of remove) tags.delete(key);
    for (const [key, value] of set) tags.set(key, value);
    await this.replaceTags(tags);
  }

  /** Sets exactly these tags. */
  async replaceTags(tags: ReadonlyMap<string, string>): Promise<void> {
    await this.#serf.setTags(Object.fromEntries(tags));
  }

  members(): readonly Member[] {
    return this.#serf.members();
  }

  async membersFiltered(filter: MemberFilter): Promise<readonly Member[]> {
    return await selectMembers(this.#serf.members(), filter);
  }

  stats(): Stats {
    const { os, arch, version, cores } = this.#runtime.host;
    const runtime = {
      os,
      arch,
      version,
      max_procs: String(cores),
      goroutines: "1",
      cpu_count: String(cores),
    };
    return new Map([
      ["agent", new Map([["name", this.#serf.name]])],
      ["event_handlers", this.handlersListed()],
      ["runtime", new Map(Object.entries(runtime))],
      ["serf", new Map(Object.entries(this.#serf.stats()))],
      ["tags", new Map(Object.entries(this.#serf.local.tags))],
    ]);
  }

  /** Returns the scripts that run for events. A node alone has none. */
  protected handlersListed(): ReadonlyMap<string, string> {
    return new Map();
  }

  recentLines(): readonly MonitoredLine[] {
    return this.#log.recent();
  }

  log(level: LogLevel, text: string, component = "agent.ipc"): void {
    this.#log.write(level, component, text);
  }
}

/** Returns an event whose deadline counts by the clock that never jumps, as scripts and clients need it. */
export function onOwnClock(event: SerfEvent, clock: Clock): SerfEvent {
  if (event.type !== "query") return event;
  const deadline = event.deadline - clock.wallTime() + clock.now();
  const respond: QueryEvent["respond"] = (payload) => event.respond(payload);
  return { ...event, deadline, respond };
}
