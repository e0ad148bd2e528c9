/// <reference lib="esnext.disposable" preserve="true" />
/**
 * A client of an agent's RPC interface, for agents of this package and for Serf's own alike.
 */

import type { Coordinate } from "../../core/coordinate/coordinate.ts";
import type { LogLevel } from "../../core/effects.ts";
import type { Member } from "../../core/serf/api.ts";
import { SerfError } from "../../errors.ts";
import { fromMilliseconds } from "../../go/duration.ts";
import type { Clock, Connection, Host, Streams } from "../../runtime.ts";
import { type Encodable, integer } from "../codec.ts";
import { dial, EndpointError } from "../endpoint.ts";
import { list, record, small, text, textMap } from "../fields.ts";
import { defaultRpcAddress, rpcVersion } from "../protocol.ts";
import { readMember, sortedMap } from "../records.ts";
import { readCoordinate, readReply } from "../results.ts";
import { RpcConnection } from "./connection.ts";
import { RpcKeys } from "./keys.ts";
import type { RpcEvent, RpcQuery, RpcStream } from "./streams.ts";
import { decoded, QueryStream, readEvent, TypedStream } from "./streams.ts";

export type { KeyReport } from "../results.ts";
export { RpcKeyError } from "../results.ts";

/** The parts of a runtime a client uses. */
export interface RpcClientRuntime {
  /**
   * Connects to the agent.
   *
   * @internal
   */
  readonly streams: Streams;
  /**
   * Resolves the name of its host.
   *
   * @internal
   */
  readonly host: Host;
  /**
   * Limits the time that an answer may take.
   *
   * @internal
   */
  readonly clock: Clock;
}

/** Where to connect and how. */
export interface RpcClientOptions {
  /** `host:port` of the agent, or `unix:` and the path of its socket. Default `127.0.0.1:7373`. */
  readonly address?: string;
  /** The agent's token. An empty one is not sent. */
  readonly token?: string;
  /** Longest time for the connection itself. Default 10 seconds. */
  readonly timeoutMs?: number;
}

/** Which members to list; expressions in RE2 syntax that have to match as a whole. */
export interface MembersOptions {
  /** A pattern for the whole name. */
  readonly name?: string;
  /** A pattern for the whole status. */
  readonly status?: string;
  /** A pattern for the whole value of each tag. */
  readonly tags?: Readonly<Record<string, string>>;
}

/** How a query is asked. */
export interface RpcQueryOptions {
  /** Only members with these names. */
  readonly nodes?: readonly string[];
  /** Only members whose tag has a match of the expression (RE2 syntax, unanchored); all of them have to match. */
  readonly tags?: Readonly<Record<string, string>>;
  /** Ask members to acknowledge the query. Default false. */
  readonly ack?: boolean;
  /** Members that pass on a copy of every reply, 0 to 255. Default 0. */
  readonly relayFactor?: number;
  /** Time for replies; by default the agent chooses. */
  readonly timeoutMs?: number;
  /** Replies that wait for the reader before further ones are dropped. Default 1024. */
  readonly capacity?: number;
}

/** Records that wait for a reader before further ones are dropped. */
const streamCapacity = 1024;

/**
 * A connection to an agent. Every method rejects with a {@link SerfError}: ERR_RPC with the agent's own text when it
 * refuses, ERR_CONNECTION (`client closed`) when the connection has ended.
 */
export class RpcClient implements AsyncDisposable {
  /** The encryption keys of the cluster. */
  readonly keys: RpcKeys;
  readonly #connection: RpcConnection;

  private constructor(connection: RpcConnection) {
    this.#connection = connection;
    this.keys = new RpcKeys(connection);
  }

  /** Connects, shakes hands and, with a token, authenticates. */
  static async connect(runtime: RpcClientRuntime, options: RpcClientOptions = {}): Promise<RpcClient> {
    const socket = await connect(runtime, options.address ?? defaultRpcAddress, options.timeoutMs ?? 10_000);
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
  async members(filter?: MembersOptions): Promise<Member[]> {
    const answer =
      filter === undefined
        ? await this.#ask("members", undefined, ["Members"])
        : await this.#ask("members-filtered", filterBody(filter), ["Members"]);
    return decoded(() => list(answer.get("Members")).map(readMember));
  }

  /**
   * Makes the agent join a cluster; returns how many addresses could be joined. `replay` delivers
   * user events of the past.
   */
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

  /** Makes the agent send a user event. `coalesce` lets receivers merge it with others of its name. Default false. */
  async event(
    name: string,
    payload?: Uint8Array | string,
    options: { coalesce?: boolean } = {},
  ): Promise<void> {
    const body = { Coalesce: options.coalesce ?? false, Name: name, Payload: bytesOf(payload) };
    await this.#connection.request("event", body, { answerHasBody: false });
  }

  /**
   * Makes the agent ask a query; the stream of replies ends with the query. Leaving the loop earlier
   * does not end the query at the agent.
   */
  async query(name: string, payload?: Uint8Array | string, options: RpcQueryOptions = {}): Promise<RpcQuery> {
    const body = {
      FilterNodes: options.nodes ?? null,
      FilterTags: sortedMap(Object.entries(options.tags ?? {})),
      Name: name,
      Payload: bytesOf(payload),
      RelayFactor: options.relayFactor ?? 0,
      RequestAck: options.ack ?? false,
      Timeout: integer(fromMilliseconds(options.timeoutMs ?? 0)),
    };
    let missing: readonly string[] | undefined;
    const records = await this.#connection.subscribe("query", body, {
      capacity: options.capacity ?? streamCapacity,
      isLast: (value) => {
        const reply = readReply(value);
        if (reply?.type !== "end") return false;
        missing = reply.missing;
        return true;
      },
    });
    return new QueryStream(records, () => missing);
  }

  /** Answers a query that a stream of this client delivered, once and before its deadline. */
  async respond(id: bigint, payload: Uint8Array | string): Promise<void> {
    const body = { ID: integer(id), Payload: bytesOf(payload) };
    await this.#connection.request("respond", body, { answerHasBody: false });
  }

  /** Where a member is in the network's space of round-trip times; `undefined` when the agent does not know. */
  async coordinate(node: string): Promise<Coordinate | undefined> {
    const answer = await this.#connection.request("get-coordinate", { Node: node }, { answerHasBody: true });
    return decoded(() => readCoordinate(answer));
  }

  /** Events from now on. `filter` is a list of words as in `member-join,user:deploy`; empty for all. */
  async stream(filter = "", options: { capacity?: number } = {}): Promise<RpcStream<RpcEvent>> {
    return await this.#subscribe("stream", { Type: filter }, options, readEvent);
  }

  /** Like {@link stream}, as the fields that were on the wire. */
  async rawStream(
    filter = "",
    options: { capacity?: number } = {},
  ): Promise<RpcStream<ReadonlyMap<string, unknown>>> {
    return await this.#subscribe("stream", { Type: filter }, options, (value) => record(value, []));
  }

  /** The agent's log: up to 512 past lines of at least `level`, then new ones. */
  async monitor(
    level: LogLevel | Lowercase<LogLevel> | (string & {}) = "INFO",
    options: { capacity?: number } = {},
  ): Promise<RpcStream<string>> {
    return await this.#subscribe("monitor", { LogLevel: level }, options, (value) =>
      text(record(value, ["Log"]).get("Log")),
    );
  }

  /** Closes the connection. Idempotent. */
  close(): void {
    this.#connection.close();
  }

  /** Closes the connection. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  async #subscribe<Item>(
    command: string,
    body: Readonly<Record<string, string>>,
    options: { capacity?: number },
    read: (value: unknown) => Item,
  ): Promise<RpcStream<Item>> {
    const capacity = options.capacity ?? streamCapacity;
    return new TypedStream(await this.#connection.subscribe(command, body, { capacity }), read);
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

function filterBody({ name, status, tags }: MembersOptions): Encodable {
  return { Name: name ?? "", Status: status ?? "", Tags: sortedMap(Object.entries(tags ?? {})) };
}

/** Nil for no payload: the agent tells it from an empty one. */
function bytesOf(payload: Uint8Array | string | undefined): Uint8Array | null {
  if (payload === undefined) return null;
  return typeof payload === "string" ? new TextEncoder().encode(payload) : payload;
}

/** Connects. ERR_CONNECTION with Go's text: `dial tcp 127.0.0.1:7373: connect: connection refused`. */
async function connect(runtime: RpcClientRuntime, address: string, timeoutMs: number): Promise<Connection> {
  try {
    return await dial(runtime, address, timeoutMs);
  } catch (error) {
    if (!(error instanceof EndpointError)) throw error;
    throw new SerfError("ERR_CONNECTION", error.message, { cause: error.cause });
  }
}
