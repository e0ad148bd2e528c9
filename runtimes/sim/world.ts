/**
 * A world of simulated hosts. Time passes only in {@link World.run} and {@link World.settle}: the
 * next events happen, then the programs run until all of them wait, then time advances. The same
 * seed and the same programs give the same trace on every runtime.
 */
import type { Runtime, ServiceTarget, SignalName } from "../../src/runtime.ts";
import type { Consumers } from "./consumers.ts";
import { EventQueue } from "./events.ts";
import type { Disk } from "./files.ts";
import { simRuntime } from "./host.ts";
import { Machine } from "./machine.ts";
import { type LinkConditions, Network } from "./network.ts";
import { hashBytes, hashText, SeededRandom } from "./random.ts";
import { StandstillWatch } from "./standstill.ts";

/** The maximum number of trace lines that are kept as text; the hash includes all. */
const traceCountMax = 1_000_000;

/** Settings of a {@link World}. */
export interface WorldOptions {
  /** The seed of all randomness in the world. */
  readonly seed: number;
  /** The conditions of all links. Default: a delay of 1 ms and no faults. */
  readonly network?: Partial<LinkConditions>;
  /** Whether the trace is kept as text too. Default false, because a long run has many lines. */
  readonly trace?: boolean;
}

/** Settings of a host. */
export interface HostOptions {
  /** The program of the host, which is called at once and after every restart. */
  readonly program?: (runtime: Runtime) => void;
  /** Arguments of the program. */
  readonly args?: readonly string[];
  /** Environment variables of the program. */
  readonly env?: Readonly<Record<string, string>>;
}

interface Inhabitant {
  readonly machine: Machine;
  readonly options: HostOptions;
  runtime: Runtime;
  readonly output: { stdout: string; stderr: string };
  exitCode: number | undefined;
}

/** A world of simulated hosts on one network. */
export class World {
  /** The network between the hosts, and its faults. */
  readonly network: Network;
  /** The seed of all chance in it. */
  readonly seed: number;
  /** A line for everything that happened, if `trace` is set. */
  readonly trace: string[] = [];
  readonly #keepTrace: boolean;
  readonly #events: EventQueue = new EventQueue();
  readonly #standstill: StandstillWatch = new StandstillWatch();
  readonly #random: SeededRandom;
  readonly #hosts: Map<string, Inhabitant> = new Map();
  readonly #addresses: Map<string, Machine> = new Map();
  readonly #services: Map<string, readonly ServiceTarget[]> = new Map();
  #hash = 0x811c9dc5;

  /** Makes a world without hosts, at the time 0. */
  constructor({ seed, network, trace = false }: WorldOptions) {
    this.seed = seed;
    this.#keepTrace = trace;
    this.#random = new SeededRandom(seed, "world");
    this.network = new Network(new SeededRandom(seed, "network"), network);
  }

  /** Virtual milliseconds since the world was created. */
  get now(): number {
    return this.#events.now;
  }

  /** The hash of everything that has happened so far, times included: 8 hexadecimal digits. */
  get traceHash(): string {
    return this.#hash.toString(16).padStart(8, "0");
  }

  /** The names of the hosts, in the order in which they were added. */
  get hosts(): string[] {
    return [...this.#hosts.keys()];
  }

  /**
   * Adds a host with one or more addresses (IPv4, IPv6), starts its program, and returns its
   * runtime. Throws an Error if the name or an address is taken.
   */
  addHost(name: string, addresses: string | readonly string[], options: HostOptions = {}): Runtime {
    if (this.#hosts.has(name)) throw new Error(`Cannot add host "${name}": there is one already`);
    const machine = new Machine(name, typeof addresses === "string" ? [addresses] : addresses, {
      events: this.#events,
      network: this.network,
      random: this.#random,
      standstill: this.#standstill,
      find: (address) => this.#addresses.get(address),
      note: (what, from, to, bytes) => this.#note(what, from, to, bytes),
    });
    this.#settle(machine, `add host "${name}"`);
    const output = { stdout: "", stderr: "" };
    const inhabitant: Inhabitant = { machine, options, output, exitCode: undefined, runtime: undefined! };
    this.#hosts.set(name, inhabitant);
    return this.#boot(inhabitant);
  }

  /** Returns whether a host's program runs, be it paused: it has neither ended nor been ended. */
  isRunning(name: string): boolean {
    return this.#host(name).machine.process.alive;
  }

  /**
   * Sets the targets of a service in the world's DNS. Names are those of hosts.
   *
   * @internal
   */
  setService(name: string, targets: readonly ServiceTarget[]): void {
    this.#services.set(name, targets);
  }

  /** Returns the runtime of a host since its last start. */
  runtime(name: string): Runtime {
    return this.#host(name).runtime;
  }

  /** Returns a host's disk, to inspect it or make it fail. */
  disk(name: string): Disk {
    return this.#host(name).machine.disk;
  }

  /**
   * Returns what a host's program wrote since it was added, and the exit code if the program called
   * `exit`.
   */
  output(name: string): {
    readonly stdout: string;
    readonly stderr: string;
    readonly exitCode: number | undefined;
  } {
    const { output, exitCode } = this.#host(name);
    return { ...output, exitCode };
  }

  /**
   * Ends a program without warning. Its machine resets its connections and refuses new ones; files
   * stay as they are.
   */
  crash(name: string): void {
    this.note(`crash ${name}`);
    this.#host(name).machine.stop(false);
  }

  /**
   * Switches a machine off: its peers are not notified, and bytes that were not synced to the disk
   * may be lost.
   */
  powerOff(name: string): void {
    this.note(`power off ${name}`);
    this.#host(name).machine.stop(true);
  }

  /** Starts a program again, crashing it first if it runs, and returns its new runtime. */
  restart(name: string): Runtime {
    this.note(`restart ${name}`);
    const host = this.#host(name);
    host.machine.stop(false);
    host.machine.start();
    return this.#boot(host);
  }

  /**
   * Gives a host other addresses in place of those that it has, as a new lease does, and starts its
   * program there, crashing it first if it runs. Returns the new runtime. What is sent to the old
   * addresses reaches nobody, until another host gets them. Throws an Error if an address is taken.
   */
  move(name: string, addresses: string | readonly string[]): Runtime {
    const wanted = typeof addresses === "string" ? [addresses] : addresses;
    this.note(`move ${name} ${wanted.join(" ")}`);
    const host = this.#host(name);
    const { machine } = host;
    machine.stop(false);
    const before = machine.addresses;
    for (const address of before) this.#addresses.delete(address);
    machine.move(wanted);
    try {
      this.#settle(machine, `move host "${name}"`);
    } catch (error) {
      machine.move(before);
      this.#settle(machine, `move host "${name}" back`);
      throw error;
    }
    machine.start();
    return this.#boot(host);
  }

  /**
   * Pauses a program, like a stopped process or an overloaded machine; what arrives for it waits.
   */
  pause(name: string): void {
    this.note(`pause ${name}`);
    this.#host(name).machine.process.pause();
  }

  /** Resumes a paused program. */
  resume(name: string): void {
    this.note(`resume ${name}`);
    this.#host(name).machine.process.resume();
  }

  /**
   * Stalls whoever reads the events of a node in a program: it takes no further event, and answers no
   * query, while the node itself goes on. Works for the nodes of a `SimulatedCluster`.
   */
  stall(name: string): void {
    this.note(`stall ${name}`);
    this.consumers(name).stall();
  }

  /** Lets the stalled consumers of a program go on. */
  release(name: string): void {
    this.note(`release ${name}`);
    this.consumers(name).release();
  }

  /** Returns the consumers of events in a program since its last start, with what they waited and lost. */
  consumers(name: string): Consumers {
    return this.#host(name).machine.process.consumers;
  }

  /**
   * Sends a signal to a program. If the program does not handle it, the signal ends it, except
   * `SIGHUP`, which is ignored.
   *
   * @internal
   */
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

  /** Calls `run` after a delay in virtual time, outside of every host. */
  at(delayMs: number, run: () => void): void {
    this.#events.after(delayMs, run);
  }

  /** Adds a line to the trace. */
  note(line: string): void {
    this.#hash = hashText(line, Math.imul(this.#hash ^ this.now, 0x01000193));
    if (this.#keepTrace && this.trace.length < traceCountMax) this.trace.push(`${this.now} ${line}`);
  }

  /** Lets `ms` of virtual time pass. Rejects with what a program throws. */
  async run(ms: number): Promise<void> {
    const end = this.now + ms;
    this.#standstill.move();
    try {
      await quiescence();
      for (let next = this.#events.next(); next !== undefined && next <= end; next = this.#events.next()) {
        this.#events.turn();
        await quiescence();
      }
      this.#events.now = end;
    } finally {
      this.#standstill.rest();
    }
  }

  /**
   * Lets virtual time pass until a promise settles, and returns its result. Rejects if that takes
   * longer than `limitMs`, by default an hour.
   */
  async settle<T>(promise: Promise<T>, limitMs = 3_600_000): Promise<T> {
    let settled = false;
    const settle = (): void => {
      settled = true;
    };
    promise.then(settle, settle);
    const end = this.now + limitMs;
    this.#standstill.move();
    try {
      await quiescence();
      while (!settled) {
        const next = this.#events.next();
        if (next === undefined)
          throw new Error(`The promise can never settle: there are no events left at ${this.now} ms`);
        if (next > end) throw new Error(`The promise did not settle within ${limitMs} ms of virtual time`);
        this.#events.turn();
        await quiescence();
      }
    } finally {
      this.#standstill.rest();
    }
    return await promise;
  }

  /** Notes that a machine has its addresses. Throws an Error, and notes nothing, if one of them is taken. */
  #settle(machine: Machine, intent: string): void {
    for (const address of machine.addresses)
      if (this.#addresses.has(address)) throw new Error(`Cannot ${intent}: ${address} is taken`);
    for (const address of machine.addresses) this.#addresses.set(address, machine);
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
    if (options.program) {
      machine.process.called();
      options.program(host.runtime);
    }
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
 * Resolves when all promise callbacks have run: the event loop begins a task only if there are no
 * microtasks left. It does not wait for real time, so the order of events does not depend on the
 * speed of the machine.
 */
function quiescence(): Promise<void> {
  return new Promise((resolve) => {
    nextTask(resolve);
  });
}

/**
 * Calls a function in the next task of the event loop. The system's own, even if a test replaces the
 * global one later; browsers have none.
 */
const nextTask: (run: () => void) => void =
  (globalThis as { setImmediate?: (run: () => void) => void }).setImmediate ?? messageTasks();

/** Tasks by messages to oneself, which browsers do not delay as they do timers. */
function messageTasks(): (run: () => void) => void {
  const { port1, port2 } = new MessageChannel();
  const waiting: (() => void)[] = [];
  port1.onmessage = () => waiting.shift()?.();
  return (run) => {
    waiting.push(run);
    port2.postMessage(undefined);
  };
}
