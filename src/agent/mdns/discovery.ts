/**
 * Finds members of a cluster on the local network: asks for them by multicast DNS again and again, answers those who ask, and joins
 * whoever is not yet an alive member. Nothing is remembered from one question to the next, so that what failed is tried again.
 */

import type { LogLevel } from "../../core/effects.ts";
import type { Member } from "../../core/serf/api.ts";
import { messageOf } from "../../errors.ts";
import { systemText } from "../../go/system_errors.ts";
import type { MulticastSockets } from "../../host/multicast.ts";
import { joinHostPort } from "../../net/address.ts";
import type { Cancel, Runtime } from "../../runtime.ts";
import type { AgentConfig } from "../config/settings.ts";
import { StartFailure } from "../start_failure.ts";
import { addressesIn, answersTo, type Service, serviceName } from "./records.ts";

/** Time between two questions. */
const pollIntervalMs = 60_000;

/** Addresses are collected until none was new for this long. */
const quietMs = 100;

/** Addresses that one question may bring. */
const addressesMax = 256;

const component = "agent.mdns";

/** The agent that discovery joins members for. */
export interface DiscoveringAgent {
  members(): readonly Member[];
  /** Returns how many addresses could be joined; rejects if none could. */
  join(addresses: readonly string[], replay: boolean): Promise<number>;
  log(level: LogLevel, text: string, component: string): void;
}

/** Settings of discovery. */
export type DiscoveryConfig = Pick<
  AgentConfig,
  "discover" | "interface" | "mdnsInterface" | "mdnsDisableIpv4" | "mdnsDisableIpv6" | "replayOnJoin"
>;

/** What is used of the runtime. */
export type DiscoveryRuntime = Pick<Runtime, "clock" | "random" | "multicast" | "host">;

/** Discovery of an agent, from its start until it is closed. */
export class Discovery {
  readonly #name: string;
  readonly #replay: boolean;
  readonly #agent: DiscoveringAgent;
  readonly #runtime: DiscoveryRuntime;
  #sockets: MulticastSockets | undefined;
  /** What the last question has brought. */
  readonly #found = new Set<string>();
  /** What is joined when it gets quiet. */
  readonly #waiting = new Set<string>();
  #cancelPoll: Cancel = () => undefined;
  #cancelQuiet: Cancel = () => undefined;
  #joining = false;
  #closed = false;

  private constructor(name: string, replay: boolean, agent: DiscoveringAgent, runtime: DiscoveryRuntime) {
    this.#name = name;
    this.#replay = replay;
    this.#agent = agent;
    this.#runtime = runtime;
  }

  /** Begins to listen, and asks for the first time. Rejects with {@link StartFailure}. */
  static async start(
    config: DiscoveryConfig,
    agent: DiscoveringAgent,
    local: Pick<Member, "name" | "address" | "port">,
    runtime: DiscoveryRuntime,
  ): Promise<Discovery> {
    const name = serviceName(config.discover);
    if (name === undefined) throw failure(`'${config.discover}' does not fit into a name of DNS`);
    const chosen = config.mdnsInterface || config.interface || undefined;
    if (chosen !== undefined) agent.log("INFO", `Starting mDNS listener on interface ${chosen}`, "agent");
    const discovery = new Discovery(name, config.replayOnJoin, agent, runtime);
    const service: Service = {
      cluster: config.discover,
      node: local.name,
      hostname: runtime.host.hostname(),
      address: local.address,
      port: local.port,
    };
    await discovery.#open(service, chosen, config);
    discovery.#poll();
    return discovery;
  }

  /** Stops to ask and to answer. A join that is under way goes on. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelPoll();
    this.#cancelQuiet();
    this.#waiting.clear();
    await this.#sockets?.close();
  }

  async #open(service: Service, chosen: string | undefined, config: DiscoveryConfig): Promise<void> {
    if (this.#runtime.multicast === undefined) throw failure("this runtime has no multicast DNS");
    const options = {
      interface: chosen ?? null,
      askIpv4: !config.mdnsDisableIpv4,
      askIpv6: !config.mdnsDisableIpv6,
    };
    try {
      const multicast = await this.#runtime.multicast();
      this.#sockets = await multicast.open(options, {
        asked: (question) => answersTo(question, service),
        answered: (records) => this.#answered(addressesIn(records, this.#name)),
      });
    } catch (error) {
      throw failure(systemText(error), error);
    }
  }

  #poll(): void {
    this.#found.clear();
    const id = new Uint8Array(2);
    this.#runtime.random.fill(id);
    const question = { name: this.#name, type: "PTR" };
    this.#sockets?.ask(question, id[0]! * 256 + id[1]!).catch((error: unknown) => {
      if (this.#closed) return;
      this.#agent.log("ERR", `Failed to poll for new hosts: ${systemText(error)}`, component);
    });
    this.#cancelPoll = this.#runtime.clock.after(pollIntervalMs, () => this.#poll());
  }

  #answered(addresses: readonly string[]): void {
    if (this.#closed) return;
    for (const address of addresses) {
      if (this.#found.has(address) || this.#found.size >= addressesMax) continue;
      this.#found.add(address);
      if (this.#waiting.size >= addressesMax) continue;
      this.#waiting.add(address);
      this.#cancelQuiet();
      this.#cancelQuiet = this.#runtime.clock.after(quietMs, () => this.#join());
    }
  }

  /** Joins what waits, in one call; what comes meanwhile is joined afterwards. */
  async #join(): Promise<void> {
    if (this.#joining) return;
    this.#joining = true;
    try {
      await this.#joinWaiting();
    } finally {
      this.#joining = false;
    }
  }

  async #joinWaiting(): Promise<void> {
    while (this.#waiting.size > 0) {
      const alive = new Set(
        this.#agent
          .members()
          .filter(({ status }) => status === "alive")
          .map(({ address, port }) => joinHostPort(address, port)),
      );
      const addresses = [...this.#waiting].filter((address) => !alive.has(address));
      this.#waiting.clear();
      if (addresses.length > 0) await this.#joinAll(addresses);
    }
  }

  async #joinAll(addresses: readonly string[]): Promise<void> {
    try {
      const count = await this.#agent.join(addresses, this.#replay);
      this.#agent.log("INFO", `Joined ${count} hosts`, component);
    } catch (error) {
      if (this.#closed) return;
      this.#agent.log("ERR", `Failed to join: ${messageOf(error)}`, component);
    }
  }
}

function failure(reason: string, cause?: unknown): StartFailure {
  return new StartFailure(`Error starting mDNS listener: ${reason}`, { cause });
}
