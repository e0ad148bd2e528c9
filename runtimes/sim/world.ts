/**
 * A world of simulated hosts. Time passes only in {@link World.run}: the next events happen, then the programs run until all of
 * them wait, then time moves on. The same seed and the same programs give the same trace on every runtime.
 */
import type { Runtime, ServiceTarget, SignalName } from "../../src/runtime.ts";
import { EventQueue } from "./events.ts";
import type { Disk } from "./files.ts";
import { simRuntime } from "./host.ts";
import { Machine } from "./machine.ts";
import { type LinkConditions, Network } from "./network.ts";
import { hashBytes, hashText, SeededRandom } from "./random.ts";

/** Most lines of trace that are kept as text; the hash goes on. */
const traceCountMax = 1_000_000;

/** How a world begins. */
export interface WorldOptions {
  /** Everything that is left to chance follows from it. */
  readonly seed: number;
  /** Conditions of all links; 1 ms and no faults where nothing is said. */
  readonly network?: Partial<LinkConditions>;
  /** Keeps the trace as text too. Off by default: a long run has many lines. */
  readonly trace?: boolean;
}

/** What runs on a host. */
export interface HostOptions {
  /** Started at once and after every restart. */
  readonly program?: (runtime: Runtime) => void;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

interface Inhabitant {
  readonly machine: Machine;
  readonly options: HostOptions;
  runtime: Runtime;
  readonly output: { stdout: string; stderr: string };
  exitCode: number | undefined;
}

/** The simulator. */
export class World {
  readonly network: Network;
  readonly seed: number;
  /** What happened, a line each, if the world was told to keep it. */
  readonly trace: string[] = [];
  readonly #keepTrace: boolean;
  readonly #events: EventQueue = new EventQueue();
  readonly #random: SeededRandom;
  readonly #hosts: Map<string, Inhabitant> = new Map();
  readonly #addresses: Map<string, Machine> = new Map();
  readonly #services: Map<string, readonly ServiceTarget[]> = new Map();
  #hash = 0x811c9dc5;

  constructor({ seed, network, trace = false }: WorldOptions) {
    this.seed = seed;
    this.#keepTrace = trace;
    this.#random = new SeededRandom(seed, "world");
    this.network = new Network(new SeededRandom(seed, "network"), network);
  }

  /** Virtual milliseconds since the world began. */
  get now(): number {
    return this.#events.now;
  }

  /** A hash of everything that happened so far, times included. */
  get traceHash(): string {
    return this.#hash.toString(16).padStart(8, "0");
  }

  /** Names of the hosts, in the order in which they were added. */
  get hosts(): string[] {
    return [...this.#hosts.keys()];
  }

  /** Adds a host with one address or several (IPv4, IPv6), starts its program, and returns its runtime. */
  addHost(name: string, addresses: string | readonly string[], options: HostOptions = {}): Runtime {
    if (this.#hosts.has(name)) throw new Error(`Cannot add host "${name}": there is one already`);
    const machine = new Machine(name, typeof addresses === "string" ? [addresses] : addresses, {
      events: this.#events,
      network: this.network,
      random: this.#random,
      find: (address) => this.#addresses.get(address),
      note: (what, from, to, bytes) => this.#note(what, from, to, bytes),
    });
    for (const address of machine.addresses) {
      if (this.#addresses.has(address)) throw new Error(`Cannot add host "${name}": ${address} is taken`);
      this.#addresses.set(address, machine);
    }
    const output = { stdout: "", stderr: "" };
    const inhabitant: Inhabitant = { machine, options, output, exitCode: undefined, runtime: undefined! };
    this.#hosts.set(name, inhabitant);
    return this.#boot(inhabitant);
  }

  /** Says in the world's DNS where a service is, from now on; names are those of hosts. */
  setService(name: string, targets: readonly ServiceTarget[]): void {
    this.#services.set(name, targets);
  }

  /** The runtime of a host's present life. */
  runtime(name: string): Runtime {
    return this.#host(name).runtime;
  }

  /** A host's disk, to look at and to break. */
  disk(name: string): Disk {
    return this.#host(name).machine.disk;
  }

  /** What a host's programs wrote, and the exit code if the last one ended by itself. */
  output(name: string): {
    readonly stdout: string;
    readonly stderr: string;
    readonly exitCode: number | undefined;
  } {
    const { output, exitCode } = this.#host(name);
    return { ...output, exitCode };
  }

  /** Ends a program in the middle of things. Its machine resets its connections and refuses new ones; files stay as they are. */
  crash(name: string): void {
    this.note(`crash ${name}`);
    this.#host(name).machine.stop(false);
  }

  /** Takes a machine's power: silence on the network, and what was not synced to disk is torn. */
  powerOff(name: string): void {
    this.note(`power off ${name}`);
    this.#host(name).machine.stop(true);
  }

  /** Starts a program again, after a crash or by crashing it, and returns the runtime of its new life. */
  restart(name: string): Runtime {
    this.note(`restart ${name}`);
    const host = this.#host(name);
    host.machine.stop(false);
    host.machine.start();
    return this.#boot(host);
  }

  /** Holds a program up, as a stopped process or a starved machine is; what reaches it waits. */
  pause(name: string): void {
    this.note(`pause ${name}`);
    this.#host(name).machine.process.pause();
  }

  /** Lets a paused program go on. */
  resume(name: string): void {
    this.note(`resume ${name}`);
    this.#host(name).machine.process.resume();
  }

  /** Sends a signal to a program. One that it does not listen to ends it, except SIGHUP, which is ignored. */
  signal(name: string, signal: SignalName): void {
    this.note(`signal ${name} ${signal}`);
    const { process } = this.#host(name).machine;
    const listeners = process.signals.get(signal);
    if (listeners && listeners.size > 0) {
      process.enter(() => {
        for (const listener of [...listeners]) listener();
      });
    } else if (signal !== "SIGHUP") {
      this.#host(name).machine.stop(false);
    }
  }

  /** Runs something in virtual time, outside of every host. */
  at(delayMs: number, run: () => void): void {
    this.#events.after(delayMs, run);
  }

  /** Adds a line to the trace. */
  note(line: string): void {
    this.#hash = hashText(line, Math.imul(this.#hash ^ this.now, 0x01000193));
    if (this.#keepTrace && this.trace.length < traceCountMax) this.trace.push(`${this.now} ${line}`);
  }

  /** Lets virtual time pass. What a program throws comes out of here. */
  async run(ms: number): Promise<void> {
    const end = this.now + ms;
    await quiescence();
    for (let next = this.#events.next(); next !== undefined && next <= end; next = this.#events.next()) {
      this.#events.turn();
      await quiescence();
    }
    this.#events.now = end;
  }

  /** Lets virtual time pass until a promise settles; rejects when that does not happen within `limitMs`. */
  async settle<T>(promise: Promise<T>, limitMs = 3_600_000): Promise<T> {
    let settled = false;
    const settle = (): void => {
      settled = true;
    };
    promise.then(settle, settle);
    const end = this.now + limitMs;
    await quiescence();
    while (!settled) {
      const next = this.#events.next();
      if (next === undefined) throw new Error(`Nothing will ever happen again, at ${this.now} ms`);
      if (next > end) throw new Error(`Nothing came of it within ${limitMs} ms of virtual time`);
      this.#events.turn();
      await quiescence();
    }
    return await promise;
  }

  #boot(host: Inhabitant): Runtime {
    const { machine, options, output } = host;
    host.exitCode = undefined;
    host.runtime = simRuntime(machine, {
      seed: this.seed,
      args: options.args ?? [],
      env: options.env ?? {},
      output: (stream, text) => {
        output[stream] += text;
      },
      resolve: (name) => this.#hosts.get(name)?.machine.addresses,
      resolveService: (name) => this.#services.get(name),
      exit: (code) => {
        host.exitCode = code;
        machine.stop(false);
      },
    });
    options.program?.(host.runtime);
    return host.runtime;
  }

  #host(name: string): Inhabitant {
    const host = this.#hosts.get(name);
    if (!host) throw new Error(`There is no host "${name}"`);
    return host;
  }

  #note(what: string, from: string, to: string, bytes: Uint8Array): void {
    this.#hash = hashBytes(bytes, Math.imul(this.#hash ^ this.now, 0x01000193));
    this.#hash = hashText(to, hashText(from, this.#hash));
    if (!this.#keepTrace || this.trace.length >= traceCountMax) return;
    this.trace.push(`${this.now} ${what} ${from}>${to} ${bytes.length} ${hashBytes(bytes).toString(16)}`);
  }
}

/**
 * Resolves when every promise chain that could run has run: a task of the event loop begins only when no microtask is left. No wall time is
 * involved, so that the order of things does not depend on the speed of the machine.
 */
function quiescence(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
