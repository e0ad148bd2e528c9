/**
 * A runtime and a node for tests of the agent and the command line: virtual time, captured output,
 * no system. Modules that the program imports on demand are imported first, because {@link settle}
 * does not wait for a disk.
 */

import "re2js";
import "../../src/shell/mdns/discovery.ts";
import "../../src/shell/serf.ts";
import type { SerfStart } from "../../src/agent/agent.ts";
import type { SerfNode } from "../../src/agent/node_service.ts";
import type { Coordinate } from "../../src/core/coordinate/coordinate.ts";
import type { Member, SerfEvent } from "../../src/core/serf/api.ts";
import { SerfError } from "../../src/errors.ts";
import type { Multicast } from "../../src/host/multicast.ts";
import type { Cancel, Clock, Host, Runtime, SignalName, Terminal } from "../../src/runtime.ts";
import { SystemError } from "../../src/runtime.ts";
import type { KeyResult } from "../../src/shell/keys.ts";
import type { SerfOptions } from "../../src/shell/options/options.ts";
import type { QueryOptions } from "../../src/shell/query.ts";
import { Query } from "../../src/shell/query.ts";
import { MemoryStreams } from "../rpc/memory.ts";

/** Runs everything that waits only for promises. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Time that only the test moves. */
export class FakeClock implements Clock {
  #now = 0;
  readonly #timers = new Set<{ at: number; callback: () => void }>();

  now(): number {
    return this.#now;
  }

  wallTime(): number {
    return new Date(2026, 10, 23, 10, 34, 5).getTime() + this.#now;
  }

  after(delayMs: number, callback: () => void): Cancel {
    const timer = { at: this.#now + delayMs, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Moves time, in order of the timers. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      await settle();
      const next = [...this.#timers].filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.callback();
    }
    this.#now = end;
    await settle();
  }
}

/** A runtime whose terminal and signals are controlled by the test. */
export class FakeRuntime {
  readonly name: string = "sim";
  readonly clock: FakeClock = new FakeClock();
  readonly streams: MemoryStreams;
  readonly terminal: Terminal;
  readonly host: Host;
  readonly #listeners = new Map<SignalName, Set<() => void>>();
  readonly files: Map<string, string> = new Map();
  multicast: Multicast | null = null;
  stdout = "";
  stderr = "";
  keepsHeapSmall = false;

  constructor(
    args: readonly string[] = [],
    env: Record<string, string> = {},
    streams: MemoryStreams = new MemoryStreams(),
  ) {
    this.streams = streams;
    this.terminal = {
      args,
      columns: null,
      env: (name) => env[name],
      write: async (text) => {
        this.stdout += typeof text === "string" ? text : new TextDecoder().decode(text);
        return true;
      },
      writeError: async (text) => {
        this.stderr += text;
      },
      exit: (code) => {
        throw new Error(`exit ${code}`);
      },
    };
    this.host = {
      hostname: () => "host1",
      interfaces: () => [
        { interface: "lo", address: "127.0.0.1", prefixLength: 8, internal: true },
        { interface: "eth0", address: "fe80::1", prefixLength: 64, internal: false },
        { interface: "eth0", address: "10.0.0.5", prefixLength: 24, internal: false },
        { interface: "ll0", address: "169.254.1.1", prefixLength: 16, internal: false },
      ],
      resolve: async (name) => {
        if (name === "localhost") return ["127.0.0.1"];
        throw new SystemError("ENOTFOUND", "lookup", "not found");
      },
      resolveService: async () => {
        throw new SystemError("ENOTFOUND", "lookup", "not found");
      },
      os: "linux",
      arch: "amd64",
      version: "v20",
      cores: 2,
      pid: 1,
      memory: () => ({ used: 1_000, resident: 2_000 }),
      keepHeapSmall: async () => {
        this.keepsHeapSmall = true;
      },
    };
  }

  /** Delivers a signal. */
  signal(name: SignalName): void {
    for (const callback of this.#listeners.get(name) ?? []) callback();
  }

  /** The number of listeners of a signal. */
  listening(name: SignalName): number {
    return this.#listeners.get(name)?.size ?? 0;
  }

  /**
   * The runtime as the program uses it. Members that no test needs are missing, and using one
   * throws.
   */
  get runtime(): Runtime {
    const on = (name: SignalName, callback: () => void): Cancel => {
      const listeners = this.#listeners.get(name) ?? new Set();
      this.#listeners.set(name, listeners.add(callback));
      return () => listeners.delete(callback);
    };
    const content = (operation: string, path: string): Uint8Array => {
      const text = this.files.get(path);
      if (text === undefined) throw new SystemError("ENOENT", operation, "no such file");
      return new TextEncoder().encode(text);
    };
    const { clock, streams, terminal, host, multicast } = this;
    return {
      ...(multicast === null ? {} : { multicast: async () => multicast }),
      name: "sim",
      clock,
      streams,
      terminal,
      host,
      signals: { on },
      random: { fill: (bytes: Uint8Array) => bytes.fill(7) },
      files: {
        read: async (path: string) => content("read", path),
        status: async (path: string) => ({ kind: "file", size: content("status", path).length, mode: 0o600 }),
      },
    } as unknown as Runtime;
  }
}

/** A member like those in the recordings. */
export function member(
  name: string,
  address: string,
  tags: Record<string, string> = {},
  status: Member["status"] = "alive",
): Member {
  const protocol = { min: 2, max: 5, current: 5 };
  return { name, address, port: 17946, tags, status, protocol, memberlist: { min: 1, max: 5, current: 2 } };
}

/** A node that does what the test sets. */
export class FakeNode implements SerfNode {
  readonly name: string;
  readonly encrypted: boolean = false;
  readonly options: SerfOptions;
  state: SerfNode["state"] = "alive";
  local: Member;
  others: Member[] = [];
  reachable: Set<string> = new Set();
  leaving: Promise<void> = Promise.resolve();
  readonly calls: string[] = [];
  readonly #events: SerfEvent[] = [];
  #wake: () => void = () => undefined;
  #stop: (reason: string) => void = () => undefined;
  readonly stopped: Promise<string> = new Promise((resolve) => {
    this.#stop = resolve;
  });

  constructor(options: SerfOptions) {
    this.options = options;
    this.name = options.name ?? "";
    this.local = member(this.name, "127.0.0.41", { ...options.tags });
  }

  emit(event: SerfEvent): void {
    this.#events.push(event);
    this.#wake();
  }

  members(): readonly Member[] {
    return [this.local, ...this.others];
  }

  async join(addresses: readonly string[]): Promise<{ readonly contacts: number; readonly seeds: [] }> {
    if (this.state !== "alive") throw new SerfError("ERR_STATE", "Serf can't Join after Leave or Shutdown");
    const count = addresses.filter((address) => this.reachable.has(address)).length;
    if (count > 0 || addresses.length === 0) return { contacts: count, seeds: [] };
    const lines = addresses.map(
      (address) => `\t* failed to join ${address}: dial tcp ${address}: connect: connection refused\n`,
    );
    const title = addresses.length === 1 ? "1 error occurred:" : `${addresses.length} errors occurred:`;
    throw new SerfError("ERR_JOIN", `${title}\n${lines.join("")}\n`);
  }

  async leave(): Promise<void> {
    this.calls.push("leave");
    await this.leaving;
    this.emit({ type: "member-leave", members: [this.local] });
    this.state = "left";
  }

  async shutdown(): Promise<void> {
    this.calls.push("shutdown");
    this.state = "shutdown";
    this.#stop("shutdown");
  }

  /** Stops like a node that lost its name to another. */
  halt(): void {
    this.#stop("name conflict");
  }

  async removeFailedNode(name: string, options?: { prune?: boolean }): Promise<void> {
    if (this.pruneRefusal !== null && name === "alive") throw this.pruneRefusal;
    this.calls.push(`remove ${name} ${options?.prune ?? false}`);
  }

  async setTags(tags: Readonly<Record<string, string>>): Promise<void> {
    if (JSON.stringify(tags).length > 512) {
      throw new SerfError("ERR_LIMIT", "Encoded length of tags exceeds limit of 512 bytes");
    }
    this.local = { ...this.local, tags };
  }

  readonly keys: SerfNode["keys"] = {
    install: (key) => this.#changeKey("install", key),
    use: (key) => this.#changeKey("use", key),
    remove: (key) => this.#changeKey("remove", key),
    list: async () => this.keyResult,
  };
  keyResult: KeyResult = {
    nodes: 2,
    responses: 2,
    failures: 0,
    messages: new Map(),
    keys: new Map([["a2V5", 2]]),
    primaryKeys: new Map(),
  };
  /** If set, thrown instead of changing a key. */
  keyFailure: Error | null = null;
  /** Queries that were sent; the test replies and ends them. */
  readonly queries: { readonly name: string; readonly options: QueryOptions; readonly query: Query }[] = [];
  /** If set, thrown instead of pruning the member "alive". */
  pruneRefusal: Error | null = null;
  /** If set, thrown instead of sending an event or a query. */
  refusal: Error | null = null;
  readonly coordinates: Map<string, Coordinate> = new Map();

  async #changeKey(operation: string, key: string): Promise<KeyResult> {
    this.calls.push(`${operation} ${key}`);
    if (this.keyFailure !== null) throw this.keyFailure;
    return this.keyResult;
  }

  userEvent(name: string, payload: Uint8Array | string = "", options: { coalesce?: boolean } = {}): void {
    if (this.refusal !== null) throw this.refusal;
    const text = typeof payload === "string" ? payload : new TextDecoder().decode(payload);
    this.calls.push(`event ${name} [${text}] ${options.coalesce ?? false}`);
  }

  query(name: string, _payload: Uint8Array | string = "", options: QueryOptions = {}): Query {
    if (this.refusal !== null) throw this.refusal;
    const query: Query = new Query({ cancel: () => query.end(undefined) });
    this.queries.push({ name, options, query });
    return query;
  }

  coordinate(name: string = this.name): Coordinate | undefined {
    return this.coordinates.get(name);
  }

  stats(): Record<string, string> {
    return { members: String(this.members().length), failed: "0", encrypted: "false" };
  }

  async *events(): AsyncIterableIterator<SerfEvent> {
    for (;;) {
      for (const event of this.#events.splice(0)) yield event;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

/** Starts and collects fake nodes. */
export class FakeStart {
  nodes: FakeNode[] = [];
  failure: Error | null = null;
  prepare: (node: FakeNode) => void = () => undefined;

  readonly start: SerfStart = async (options) => {
    if (this.failure !== null) throw this.failure;
    const node = new FakeNode(options);
    this.prepare(node);
    this.nodes.push(node);
    return node;
  };

  get node(): FakeNode {
    return this.nodes[0]!;
  }
}
