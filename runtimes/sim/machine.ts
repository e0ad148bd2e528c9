/**
 * A simulated machine: its addresses, ports and disk, and the program that runs on it. Its sockets
 * are closed when the program ends.
 */
import { canonicalHost, isLoopback, isWildcard, joinHostPort, portMax } from "../../src/net/address.ts";
import { type Address, SystemError } from "../../src/runtime.ts";
import type { EventQueue } from "./events.ts";
import { Disk } from "./files.ts";
import type { Network } from "./network.ts";
import { Process } from "./process.ts";
import type { SeededRandom } from "./random.ts";
import type { StandstillWatch } from "./standstill.ts";

/** What the machines of a world share. */
export interface Surroundings {
  readonly events: EventQueue;
  readonly network: Network;
  readonly random: SeededRandom;
  readonly standstill: StandstillWatch;
  /** Returns the machine with an address. Loopback addresses belong to no machine here. */
  find(address: string): Machine | undefined;
  /** Adds an event to the world's trace. */
  note(what: string, from: string, to: string, bytes: Uint8Array): void;
}

/** A socket bound to a port. */
export interface Bound<Socket> {
  readonly local: Address;
  readonly socket: Socket;
}

const firstEphemeralPort = 40_000;

/** A simulated machine. */
export class Machine {
  readonly name: string;
  /** Its addresses; they change while no program runs. */
  addresses: readonly string[];
  readonly surroundings: Surroundings;
  readonly disk: Disk = new Disk();
  readonly datagramPorts: Ports<{ deliver(from: Address, bytes: Uint8Array): void }> = new Ports(this);
  readonly streamPorts: Ports<{ readonly local: Address }> = new Ports(this);
  /** Listeners by path. */
  readonly streamPaths: Map<string, { readonly local: Address }> = new Map();
  /**
   * Called when the program ends, to reset its connections. With `silent`, a power failure, peers
   * are not notified.
   */
  readonly atDeath: Set<(silent: boolean) => void> = new Set();
  process: Process;
  powered = true;
  incarnation = 1;

  constructor(name: string, addresses: readonly string[], surroundings: Surroundings) {
    this.name = name;
    this.addresses = canonical(addresses);
    this.surroundings = surroundings;
    this.process = new Process(surroundings.events, surroundings.standstill);
  }

  /**
   * Ends the program. `silent` is a power failure: peers are not notified, and unsynced bytes are
   * lost.
   */
  stop(silent: boolean): void {
    if (this.process.alive) {
      this.process.alive = false;
      for (const end of this.atDeath) end(silent);
      this.atDeath.clear();
      this.datagramPorts.clear();
      this.streamPorts.clear();
      this.streamPaths.clear();
    }
    if (!silent || !this.powered) return;
    this.powered = false;
    this.disk.tear(this.surroundings.random);
  }

  /** Starts the program again, with the same disk. */
  start(): void {
    this.process = new Process(this.surroundings.events, this.surroundings.standstill);
    this.powered = true;
    this.incarnation += 1;
  }

  /** Gives the machine other addresses. The program has to have ended, as its sockets had the old ones. */
  move(addresses: readonly string[]): void {
    this.addresses = canonical(addresses);
  }

  owns(host: string): boolean {
    return isLoopback(host) || this.addresses.includes(host);
  }

  /** Returns the machine that this one reaches at an address. */
  find(host: string): Machine | undefined {
    return this.owns(host) ? this : this.surroundings.find(host);
  }

  /**
   * Returns our address that a peer sees; `undefined` if this machine has no address of the peer's
   * family.
   */
  sourceFor(peer: string): string | undefined {
    if (isLoopback(peer)) return peer;
    if (this.owns(peer)) return peer;
    return this.addresses.find((address) => address.includes(":") === peer.includes(":"));
  }
}

/** The bound ports of one protocol. */
export class Ports<Socket> {
  readonly #machine: Machine;
  readonly #bound: Map<number, Bound<Socket>[]> = new Map();
  #next = firstEphemeralPort;

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  /** Binds a port. Throws SystemError (`EADDRNOTAVAIL`, `EADDRINUSE`) like a real system. */
  bind(operation: string, address: Address, make: (local: Address) => Socket): Bound<Socket> {
    const host = isWildcard(address.host) ? "::" : (canonicalHost(address.host) ?? address.host);
    if (host !== "::" && !this.#machine.owns(host)) throw failure("EADDRNOTAVAIL", operation, address);
    const port = address.port || this.ephemeral();
    const there = this.#bound.get(port) ?? [];
    if (there.some(({ local }) => local.host === host || local.host === "::" || host === "::")) {
      throw failure("EADDRINUSE", operation, address);
    }
    const local = { host, port };
    const bound = { local, socket: make(local) };
    this.#bound.set(port, [...there, bound]);
    return bound;
  }

  /** Returns a free port. */
  ephemeral(): number {
    for (let tried = firstEphemeralPort; tried <= portMax; tried += 1) {
      const port = this.#next;
      this.#next = port < portMax ? port + 1 : firstEphemeralPort;
      if (!this.#bound.has(port)) return port;
    }
    throw new SystemError("EADDRINUSE", "bind", "Cannot bind: all ports are taken");
  }

  find({ host, port }: Address): Socket | undefined {
    return this.#bound.get(port)?.find(({ local }) => local.host === "::" || local.host === host)?.socket;
  }

  release({ host, port }: Address, socket: Socket): void {
    const left = (this.#bound.get(port) ?? []).filter(
      (bound) => bound.local.host !== host || bound.socket !== socket,
    );
    if (left.length > 0) this.#bound.set(port, left);
    else this.#bound.delete(port);
  }

  clear(): void {
    this.#bound.clear();
  }
}

function canonical(addresses: readonly string[]): readonly string[] {
  return addresses.map((text) => canonicalHost(text) ?? text);
}

function failure(code: "EADDRNOTAVAIL" | "EADDRINUSE", operation: string, address: Address): SystemError {
  return new SystemError(
    code,
    operation,
    `Cannot ${operation} ${joinHostPort(address.host, address.port)}: ${code}`,
  );
}
