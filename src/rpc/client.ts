/**
 * A client of a Serf agent's RPC interface, for agents of this package and of the original alike.
 *
 * ```ts
 * import { RpcClient } from "tserf/rpc";
 * import { nodeRuntime } from "tserf/node";
 *
 * await using client = await RpcClient.connect(nodeRuntime(), { address: "127.0.0.1:7373" });
 * for (const member of await client.members({ status: "alive" })) console.log(member.name, member.address);
 * ```
 *
 * @module
 */

import { joinHostPort } from "../address.ts";
import type { LogLevel } from "../core/effects.ts";
import type { Member, MemberEventType } from "../core/serf/member.ts";
import { SerfError } from "../errors.ts";
import { AddressError, resolveAddress, splitHostPort } from "../go/address.ts";
import type { Clock, Connection, Host, Streams } from "../runtime.ts";
import { SystemError } from "../runtime.ts";
import { systemText } from "../system_text.ts";
import type { RecordQueue } from "./connection.ts";
import { RpcConnection } from "./connection.ts";
import { bytes, flag, list, record, small, text, textMap, unsigned } from "./fields.ts";
import { defaultRpcAddress, rpcVersion } from "./protocol.ts";
import { readMember, sortedMap } from "./records.ts";
import { WireFault } from "./scanner.ts";

/** The parts of a runtime a client uses. */
export interface RpcClientRuntime {
  readonly streams: Streams;
  readonly host: Host;
  readonly clock: Clock;
}

/** Where to connect and how. */
export interface RpcClientOptions {
  /** `host:port` of the agent. Default `127.0.0.1:7373`. */
  readonly address?: string;
  /** The agent's token. An empty one is not sent. */
  readonly token?: string;
  /** Longest time for the connection itself. Default 10 seconds. */
  readonly timeoutMs?: number;
}

/** Which members to list; expressions in RE2 syntax that have to match as a whole. */
export interface MembersOptions {
  readonly name?: string;
  readonly status?: string;
  readonly tags?: Readonly<Record<string, string>>;
}

/** An event of a stream. */
export type RpcEvent =
  | { readonly type: MemberEventType; readonly members: readonly Member[] }
  | {
      readonly type: "user";
      readonly lamportTime: bigint;
      readonly name: string;
      readonly payload: Uint8Array;
      readonly coalesce: boolean;
    }
  | {
      readonly type: "query";
      /** Names the query on this connection. */
      readonly id: bigint;
      readonly lamportTime: bigint;
      readonly name: string;
      readonly payload: Uint8Array;
    };

/** A stream of items; leaving the loop or calling `return` ends it at the agent. */
export interface RpcStream<Item> extends AsyncIterableIterator<Item> {
  /** Items lost because the reader did not keep up. */
  readonly dropped: number;
}

/** Records that wait for a reader before further ones are dropped. */
const streamCapacity = 1024;

/**
 * A connection to an agent. Every method rejects with a {@link SerfError}: ERR_RPC with the agent's own text when it
 * refuses, ERR_CONNECTION (`client closed`) when the connection has ended.
 */
export class RpcClient implements AsyncDisposable {
  readonly #connection: RpcConnection;

  private constructor(connection: RpcConnection) {
    this.#connection = connection;
  }

  /** Connects, shakes hands and, with a token, authenticates. */
  static async connect(runtime: RpcClientRuntime, options: RpcClientOptions = {}): Promise<RpcClient> {
    const socket = await dial(runtime, options.address ?? defaultRpcAddress, options.timeoutMs ?? 10_000);
    const client = new RpcClient(new RpcConnection(socket, runtime.clock));
    try {
      await client.#connection.request(
        "handshake",
        { Version: Number(rpcVersion) },
        { answerHasBody: false },
      );
      if (options.token)
        await client.#connection.request("auth", { AuthKey: options.token }, { answerHasBody: false });
      return client;
    } catch (error) {
      client.close();
      throw error;
    }
  }

  /** Members known to the agent, in no particular order. */
  async members(filter: MembersOptions = {}): Promise<Member[]> {
    const body = {
      Name: filter.name ?? "",
      Status: filter.status ?? "",
      Tags: sortedMap(Object.entries(filter.tags ?? {})),
    };
    const answer = await this.#ask("members-filtered", body, ["Members"]);
    return decoded(() => list(answer.get("Members")).map(readMember));
  }

  /** Makes the agent join a cluster; answers how many addresses worked. `replay` delivers user events of the past. */
  async join(addresses: readonly string[], options: { replay?: boolean } = {}): Promise<number> {
    const answer = await this.#ask("join", { Existing: addresses, Replay: options.replay ?? false }, ["Num"]);
    return decoded(() => small(answer.get("Num")));
  }

  /** Makes the agent leave its cluster; it then shuts down and this connection ends. */
  async leave(): Promise<void> {
    await this.#connection.request("leave", undefined, { answerHasBody: false });
  }

  /** Marks a failed member as left; `prune` forgets it. Unknown names succeed. */
  async forceLeave(node: string, options: { prune?: boolean } = {}): Promise<void> {
    await this.#connection.request(
      "force-leave",
      { Node: node, Prune: options.prune ?? false },
      { answerHasBody: false },
    );
  }

  /** Changes the agent's tags: `remove` first, then `set`. */
  async updateTags(changes: {
    set?: Readonly<Record<string, string>>;
    remove?: readonly string[];
  }): Promise<void> {
    const body = { DeleteTags: changes.remove ?? [], Tags: sortedMap(Object.entries(changes.set ?? {})) };
    await this.#connection.request("tags", body, { answerHasBody: false });
  }

  /** The agent's sections of named values. */
  async stats(): Promise<Map<string, Map<string, string>>> {
    const answer = await this.#ask("stats", undefined, []);
    return decoded(() => new Map([...answer].map(([section, values]) => [section, textMap(values)])));
  }

  /** Events from now on. `filter` is a list of words as in `member-join,user:deploy`; empty for all. */
  async stream(filter = "", options: { capacity?: number } = {}): Promise<RpcStream<RpcEvent>> {
    const records = await this.#connection.subscribe(
      "stream",
      { Type: filter },
      options.capacity ?? streamCapacity,
    );
    return new TypedStream(records, readEvent);
  }

  /** Like {@link stream}, as the fields that were on the wire. */
  async rawStream(
    filter = "",
    options: { capacity?: number } = {},
  ): Promise<RpcStream<ReadonlyMap<string, unknown>>> {
    const records = await this.#connection.subscribe(
      "stream",
      { Type: filter },
      options.capacity ?? streamCapacity,
    );
    return new TypedStream(records, (value) => record(value, []));
  }

  /** The agent's log: up to 512 past lines of at least `level`, then new ones. */
  async monitor(
    level: LogLevel | Lowercase<LogLevel> | (string & {}) = "INFO",
    options: { capacity?: number } = {},
  ): Promise<RpcStream<string>> {
    const records = await this.#connection.subscribe(
      "monitor",
      { LogLevel: level },
      options.capacity ?? streamCapacity,
    );
    return new TypedStream(records, (value) => text(record(value, ["Log"]).get("Log")));
  }

  /** Closes the connection. Idempotent. */
  close(): void {
    this.#connection.close();
  }

  /** Closes the connection. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  async #ask(
    command: string,
    body: Parameters<RpcConnection["request"]>[1],
    order: readonly string[],
  ): Promise<ReadonlyMap<string, unknown>> {
    const answer = await this.#connection.request(command, body, { answerHasBody: true });
    return decoded(() => record(answer, order));
  }
}

class TypedStream<Item> implements RpcStream<Item> {
  readonly #records: RecordQueue;
  readonly #read: (value: unknown) => Item;

  constructor(records: RecordQueue, read: (value: unknown) => Item) {
    this.#records = records;
    this.#read = read;
  }

  get dropped(): number {
    return this.#records.dropped;
  }

  async next(): Promise<IteratorResult<Item>> {
    const result = await this.#records.next();
    return result.done
      ? { done: true, value: undefined }
      : { done: false, value: decoded(() => this.#read(result.value)) };
  }

  async return(): Promise<IteratorResult<Item>> {
    await this.#records.return();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

function readEvent(value: unknown): RpcEvent {
  const fields = record(value, []);
  const type = text(fields.get("Event"));
  if (type !== "user" && type !== "query") {
    return { type: type as MemberEventType, members: list(fields.get("Members")).map(readMember) };
  }
  const common = {
    lamportTime: unsigned(fields.get("LTime")),
    name: text(fields.get("Name")),
    payload: bytes(fields.get("Payload")) ?? new Uint8Array(0),
  };
  if (type === "user") return { type, ...common, coalesce: flag(fields.get("Coalesce")) };
  return { type, ...common, id: unsigned(fields.get("ID")) };
}

function decoded<Value>(read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof WireFault)) throw error;
    throw new SerfError("ERR_RPC", `msgpack decode error: ${error.message}`, { cause: error });
  }
}

/** Connects with Go's error texts, which users of the command line know. */
async function dial(runtime: RpcClientRuntime, address: string, timeoutMs: number): Promise<Connection> {
  let operation = "dial tcp";
  try {
    const endpoint = await resolveAddress(address, runtime.host, { emptyHost: "127.0.0.1" });
    const named = splitHostPort(address).host !== "";
    operation = `dial tcp ${named ? joinHostPort(endpoint.host, endpoint.port) : `:${endpoint.port}`}`;
    return await runtime.streams.connect(endpoint, { timeoutMs });
  } catch (error) {
    if (error instanceof AddressError)
      throw new SerfError("ERR_CONNECTION", `${operation}: ${error.message}`, { cause: error });
    if (!(error instanceof SystemError)) throw error;
    const reason = error.code === "ETIMEDOUT" ? "i/o timeout" : `connect: ${systemText(error)}`;
    throw new SerfError("ERR_CONNECTION", `${operation}: ${reason}`, { cause: error });
  }
}
