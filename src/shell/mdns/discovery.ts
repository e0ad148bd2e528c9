/**
 * Finds members of a cluster on the local network: asks for them by multicast DNS again and again, answers those who ask, and joins
 * whoever is not yet an alive member. Nothing is remembered from one question to the next, so that what failed is tried again.
 */

import type { LogLevel } from "../../core/effects.ts";
import type { Member } from "../../core/serf/api.ts";
import { messageOf, SerfError, type SerfErrorCode } from "../../errors.ts";
import { systemText } from "../../go/system_errors.ts";
import type { MulticastSockets } from "../../host/multicast.ts";
import { joinHostPort } from "../../net/address.ts";
import type { Cancel, Runtime } from "../../runtime.ts";
import { addressesIn, answersTo, type Service, serviceName } from "./records.ts";

/** Time between two questions. */
const pollIntervalMs = 60_000;

/** Addresses are collected until none was new for this long. */
const quietMs = 100;

/** Addresses that one question may bring. */
const addressesMax = 256;

const component = "agent.mdns";

/** The node that discovery joins members for. */
export interface DiscoveringNode {
  members(): readonly Member[];
  /** Returns how many addresses could be joined; rejects if none could. */
  join(addresses: readonly string[], replay: boolean): Promise<number>;
  log(level: LogLevel, text: string, component: string): void;
}

/** Settings of discovery. */
export interface DiscoverySettings {
  /** The name under which the members of the cluster find each other. */
  readonly cluster: string;
  /** The name of the network interface; `undefined` leaves the choice to the system. */
  readonly interface: string | undefined;
  /** Whether to ask over IPv4, and over IPv6. Questions of others arrive over both. */
  readonly ipv4: boolean;
  readonly ipv6: boolean;
  /** Whether joins deliver user events that were sent before. */
  readonly replay: boolean;
}

/** What is used of the runtime. */
export type DiscoveryRuntime = Pick<Runtime, "clock" | "random" | "multicast" | "host">;

/** Discovery of a node, from its start until it is closed. */
export class Discovery {
  readonly #name: string;
  readonly #replay: boolean;
  readonly #node: DiscoveringNode;
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

  private constructor(name: string, replay: boolean, node: DiscoveringNode, runtime: DiscoveryRuntime) {
    this.#name = name;
    this.#replay = replay;
    this.#node = node;
    this.#runtime = runtime;
  }

  /**
   * Begins to listen, and asks for the first time. Rejects with SerfError and Serf's message:
   * ERR_OPTION if the name does not fit or the runtime has no multicast DNS, ERR_BIND if a socket
   * cannot be opened.
   */
  static async start(
    settings: DiscoverySettings,
    node: DiscoveringNode,
    local: Pick<Member, "name" | "address" | "port">,
    runtime: DiscoveryRuntime,
  ): Promise<Discovery> {
    const { cluster, interface: chosen, replay } = settings;
    const name = serviceName(cluster);
    if (name === undefined) throw failure("ERR_OPTION", `'${cluster}' does not fit into a name of DNS`);
    if (chosen !== undefined) node.log("INFO", `Starting mDNS listener on interface ${chosen}`, "agent");
    const discovery = new Discovery(name, replay, node, runtime);
    const service: Service = {
      cluster,
      node: local.name,
      hostname: runtime.host.hostname(),
      address: local.address,
      port: local.port,
    };
    await discovery.#open(service, settings);
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

  async #open(service: Service, settings: DiscoverySettings): Promise<void> {
    if (this.#runtime.multicast === undefined)
      throw failure("ERR_OPTION", "this runtime has no multicast DNS");
    const options = {
      interface: settings.interface ?? null,
      askIpv4: settings.ipv4,
      askIpv6: settings.ipv6,
    };
    try {
      const multicast = await this.#runtime.multicast();
      this.#sockets = await multicast.open(options, {
        asked: (question) => answersTo(question, service),
        answered: (records) => this.#answered(addressesIn(records, this.#name)),
      });
    } catch (error) {
      throw failure("ERR_BIND", systemText(error), error);
    }
  }

  #poll(): void {
    this.#found.clear();
    const id = new Uint8Array(2);
    this.#runtime.random.fill(id);
    const question = { name: this.#name, type: "PTR" };
    this.#sockets?.ask(question, id[0]! * 256 + id[1]!).catch((error: unknown) => {
      if (this.#closed) return;
      this.#node.log("ERR", `Failed to poll for new hosts: ${systemText(error)}`, component);
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
        this.#node
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
      const count = await this.#node.join(addresses, this.#replay);
      this.#node.log("INFO", `Joined ${count} hosts`, component);
    } catch (error) {
      if (this.#closed) return;
      this.#node.log("ERR", `Failed to join: ${messageOf(error)}`, component);
    }
  }
}

function failure(code: SerfErrorCode, reason: string, cause?: unknown): SerfError {
  return new SerfError(code, `Error starting mDNS listener: ${reason}`, { cause });
}
