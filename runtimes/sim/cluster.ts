/// <reference lib="esnext.disposable" preserve="true" />
/**
 * A simulated cluster: a world with one node on each host, for tests of programs that use a cluster.
 */
import type { Runtime } from "../../src/runtime.ts";
import type { SerfOptions } from "../../src/shell/options/options.ts";
import { Serf } from "../../src/shell/serf.ts";
import type { Consumers } from "./consumers.ts";
import { World, type WorldOptions } from "./world.ts";

/** Options of a node of a {@link SimulatedCluster}, which itself sets the name and the address. */
export type SimulatedNodeOptions = Omit<SerfOptions, "name" | "bind">;

/** Settings of a {@link SimulatedCluster}. */
export interface SimulatedClusterOptions extends Omit<WorldOptions, "seed"> {
  /** The seed of all randomness. Default 1. The same seed gives the same history. */
  readonly seed?: number;
  /** Options of every node, or a function that returns those of the node with an index. */
  readonly options?: SimulatedNodeOptions | ((index: number) => SimulatedNodeOptions);
  /**
   * The program under test: called with each node when it has started, and again with its new node
   * when `world.restart` has started a host again.
   */
  readonly program?: (node: Serf, index: number) => void;
  /**
   * Whether {@link simulateCluster} makes the nodes members of one cluster as if they had joined long
   * ago: each has all others in its list from the beginning, and nothing of that is sent. For
   * clusters of several hundred nodes, where joins cost most. Default false.
   */
  readonly joined?: boolean;
  /** Whether {@link simulateCluster} joins the nodes and waits until all see each other. Default true. */
  readonly join?: boolean;
}

/** A node accepts no more than 127 streams at once, so joins go in batches. */
const joinsAtOnce = 100;
/** How often a node that lost its contact to the network's faults joins again. */
const joinAttempts = 5;
/** Virtual time in which nodes start. */
const startMs = 100;
const stepMs = 500;

/**
 * Starts `size` nodes in a world of their own, joins them, and waits until all see each other.
 * Rejects with the SerfError of a node that cannot start, and with an Error if the nodes cannot
 * join or do not see each other in time, for example because the network loses too much.
 */
export async function simulateCluster(
  size: number,
  options: SimulatedClusterOptions = {},
): Promise<SimulatedCluster> {
  const cluster = new SimulatedCluster(size, options);
  await cluster.started();
  if (options.joined ?? false) await cluster.acquaint();
  else if (options.join ?? true) {
    await cluster.join();
    await cluster.converge();
  }
  return cluster;
}

/**
 * Nodes on the hosts `n0`, `n1` and so on of a world, with the addresses 10.0.0.1, 10.0.0.2 and so on,
 * until `world.move` gives them others, and port 7946. A node has the name of its host. {@link simulateCluster} creates one.
 *
 * Time passes only in {@link run}, {@link settle}, {@link join} and {@link converge}: whatever waits
 * for the cluster has to be passed to {@link settle}.
 */
export class SimulatedCluster implements AsyncDisposable {
  /** The world, to cut its network, to stop, pause and restart its hosts, and to stall consumers. */
  readonly world: World;
  /** The names of all hosts and nodes. */
  readonly names: readonly string[];
  readonly #options: SimulatedClusterOptions;
  readonly #nodes: Serf[] = [];
  readonly #starts: Promise<void>[] = [];

  /** Adds the hosts, whose nodes start as soon as time passes. Throws RangeError for a wrong size. */
  constructor(size: number, options: SimulatedClusterOptions = {}) {
    if (!Number.isInteger(size) || size < 1 || size > 65_536)
      throw new RangeError(`Cannot simulate a cluster of ${size} nodes: expected 1 to 65536`);
    const { seed = 1, network, trace } = options;
    this.world = new World({ seed, ...(network && { network }), ...(trace && { trace }) });
    this.#options = options;
    this.names = Array.from({ length: size }, (_, index) => `n${index}`);
    for (const [index, name] of this.names.entries()) {
      const program = (runtime: Runtime): void => {
        const start = this.#start(name, index, runtime);
        // Who waits for it gets the error.
        start.catch(() => undefined);
        this.#starts[index] = start;
      };
      this.world.addHost(name, addressOf(index), { program });
    }
  }

  /**
   * The nodes by their index; after a restart of a host, its new node. A host that crashed keeps its
   * last node, which no longer does anything.
   */
  get nodes(): readonly Serf[] {
    return this.#nodes;
  }

  /** Returns the node on a host. Throws an Error if none has started there. */
  node(name: string): Serf {
    const node = this.#nodes[this.names.indexOf(name)];
    if (node === undefined) throw new Error(`There is no node on "${name}"`);
    return node;
  }

  /** The nodes that are members: their host runs, and they have neither left nor been shut down. */
  get running(): readonly Serf[] {
    return this.#nodes.filter((node) => node.state === "alive" && this.world.isRunning(node.name));
  }

  /** Lets `ms` of virtual time pass. */
  async run(ms: number): Promise<void> {
    await this.world.run(ms);
  }

  /**
   * Lets virtual time pass until a promise settles, and returns its result. Rejects if that takes
   * longer than `limitMs` of virtual time, by default an hour.
   */
  async settle<T>(promise: Promise<T>, limitMs?: number): Promise<T> {
    return await this.world.settle(promise, limitMs);
  }

  /**
   * Lets time pass until every node has started, also after a restart. Rejects with the SerfError of
   * a node that cannot start.
   */
  async started(): Promise<void> {
    await this.world.run(startMs);
    const starts = this.names.flatMap((name, index) =>
      this.world.isRunning(name) ? [this.#starts[index]!] : [],
    );
    await this.world.settle(Promise.all(starts));
  }

  /**
   * Joins every running node that sees no other, after a restart too, and waits until that is done.
   * Rejects with the SerfError (ERR_JOIN) of a node that cannot join after five attempts.
   */
  async join(): Promise<void> {
    await this.started();
    for (let attempt = 1; ; attempt++) {
      const failures = await this.#joinOnce();
      if (failures.length === 0) return;
      if (attempt === joinAttempts) throw failures[0];
    }
  }

  /**
   * Makes all running nodes members of one cluster without any message, as if they had joined long ago.
   */
  async acquaint(): Promise<void> {
    // Time moves meanwhile, because nodes may write to their disks.
    this.world.at(0, () => Backdoor.introduce(this.running));
    await this.world.run(0);
  }

  /**
   * Lets time pass until every running node sees exactly the running nodes alive, at the addresses
   * that they have, and returns how many virtual milliseconds that took. Rejects with an Error that names nodes which disagree after
   * `limitMs` of virtual time, by default five minutes.
   */
  async converge(limitMs = 300_000): Promise<number> {
    const begin = this.world.now;
    for (;;) {
      const names = new Map(this.running.map(({ name, local }) => [name, local.address]));
      const late = this.running.filter((node) => !sees(node, names)).map(({ name }) => name);
      const elapsed = this.world.now - begin;
      if (late.length === 0) return elapsed;
      if (elapsed >= limitMs) {
        throw new Error(
          `Seed ${this.world.seed}: ${late.length} of ${names.size} running nodes do not see all the others after ${elapsed} ms: ${late.slice(0, 5).join(", ")}`,
        );
      }
      await this.world.run(Math.min(stepMs, limitMs - elapsed));
    }
  }

  /** Shuts all running nodes down, so that their event iterators end. */
  async [Symbol.asyncDispose](): Promise<void> {
    const names = this.names.filter((name) => this.world.isRunning(name));
    for (const name of names) {
      this.world.resume(name);
      this.world.consumers(name).release();
    }
    const nodes = names.flatMap((name) => this.#nodes[this.names.indexOf(name)] ?? []);
    await this.world.settle(Promise.all(nodes.map((node) => node.shutdown())));
  }

  async #start(name: string, index: number, runtime: Runtime): Promise<void> {
    const { options = {}, program } = this.#options;
    const own = typeof options === "function" ? options(index) : options;
    const { address } = runtime.host.interfaces()[0]!;
    const node = await Serf.start({ ...own, name, bind: `${address}:7946` }, runtime);
    Backdoor.stall(node, this.world.consumers(name));
    this.#nodes[index] = node;
    program?.(node, index);
  }

  /** Joins the nodes that are alone; returns the errors of those that could not. */
  async #joinOnce(): Promise<unknown[]> {
    const alone = this.running.filter(isAlone);
    const seed = this.running.find((node) => !isAlone(node)) ?? alone[0];
    if (seed === undefined) return [];
    const address = `${seed.bound.host}:${seed.bound.port}`;
    const joining = alone.filter((node) => node !== seed);
    const failures: unknown[] = [];
    for (let first = 0; first < joining.length; first += joinsAtOnce) {
      const joins = joining
        .slice(first, first + joinsAtOnce)
        .map((node) => node.join([address]).catch((error: unknown) => void failures.push(error)));
      await this.world.settle(Promise.all(joins));
    }
    return failures;
  }
}

/** Calls what nodes keep for simulated clusters. */
class Backdoor extends Serf {
  static introduce(nodes: readonly Serf[]): void {
    Backdoor.acquaint(nodes);
  }

  static stall(node: Serf, consumers: Consumers): void {
    Backdoor.readThrough(node, (events) => consumers.reading(events));
  }
}

function isAlone(node: Serf): boolean {
  return node.members().filter(({ status }) => status === "alive").length <= 1;
}

/** Whether these members, and no others, are alive for a node, at these addresses. */
function sees(node: Serf, addresses: ReadonlyMap<string, string>): boolean {
  const alive = node.members().filter(({ status }) => status === "alive");
  return (
    alive.length === addresses.size && alive.every(({ name, address }) => addresses.get(name) === address)
  );
}

function addressOf(index: number): string {
  const host = index + 1;
  return `10.${host >> 16}.${(host >> 8) & 255}.${host & 255}`;
}
