/**
 * The agent's RPC listener: accepts clients and gives events and log lines to all of them. A slow
 * client delays nobody but itself.
 */

import { Background } from "../../async/background.ts";
import { SlowClose } from "../../async/slow_close.ts";
import type { Metrics } from "../../core/metrics.ts";
import { messageOf } from "../../errors.ts";
import type { Address, Clock, Connection, Listener } from "../../runtime.ts";
import { RpcCodec } from "../codec.ts";
import { type ListenRuntime, listenAt } from "../endpoint.ts";
import type { StreamedEvent } from "../records.ts";
import { EventRecord } from "../records.ts";
import { ByteBudget } from "./byte_budget.ts";
import { ClientLoop, type ClientSetup } from "./client_loop.ts";
import { ServerLog } from "./log.ts";
import { MemberLists } from "./member_lists.ts";
import type { AgentService } from "./service.ts";
import { LineRecord, type MonitoredLine } from "./subscriptions.ts";
import { Unauthenticated } from "./unauthenticated.ts";

/** If more clients than this have not authenticated, most are strangers. */
const crowd = 32;

/** How a server is set up. */
export interface RpcServerOptions {
  /** `host:port`, or `unix:` and the path of a unix domain socket. */
  readonly address: string;
  /** The token clients have to send; empty for none. */
  readonly token: string;
  readonly service: AgentService;
  /** Bytes that may wait for all clients together. Default {@link totalBytesMax}. */
  readonly totalBytesMax?: number;
  /** Where measurements go. */
  readonly metrics?: Metrics | undefined;
}

/** The parts of a runtime the server uses. */
export interface RpcServerRuntime extends ListenRuntime {
  readonly clock: Clock;
}

/** A listening server. */
export class RpcServer {
  readonly #runtime: RpcServerRuntime;
  readonly #options: RpcServerOptions;
  readonly #codec = new RpcCodec();
  readonly #clients = new Set<ClientLoop>();
  readonly #unauthenticated = new Unauthenticated<ClientLoop>();
  readonly #strangers: SlowClose;
  readonly #budget: ByteBudget;
  readonly #log: ServerLog;
  readonly #background: Background;
  readonly #setup: ClientSetup;
  #listener!: Listener;
  #closed = false;

  private constructor(runtime: RpcServerRuntime, options: RpcServerOptions) {
    this.#runtime = runtime;
    this.#options = options;
    this.#budget = new ByteBudget(options.totalBytesMax);
    this.#strangers = new SlowClose(runtime.clock);
    this.#log = new ServerLog(runtime.clock, (level, text) => options.service.log(level, text));
    const { service, token, metrics } = options;
    this.#background = new Background(
      (what, error) => service.log("ERR", `Failure in ${what}: ${messageOf(error)}`),
      () => metrics?.incr("agent.background_failure", 1),
    );
    this.#setup = {
      clock: runtime.clock,
      service,
      lists: new MemberLists(this.#codec),
      log: this.#log,
      background: this.#background,
      session: { token, codec: this.#codec, budget: this.#budget, metrics },
      dismiss: (connection) => this.#strangers.close(connection),
      trusted: (client) => {
        this.#unauthenticated.delete(client);
        this.#log.authenticated();
      },
      ended: (client) => {
        this.#clients.delete(client);
        this.#unauthenticated.delete(client);
      },
      queued: () => this.#relieve(),
    };
  }

  /** Listens. Rejects with EndpointError if the address cannot be used. */
  static async listen(runtime: RpcServerRuntime, options: RpcServerOptions): Promise<RpcServer> {
    const server = new RpcServer(runtime, options);
    server.#listener = await listenAt(runtime, options.address, (connection) => server.#accept(connection));
    return server;
  }

  /** Where it listens; the port is the one the system chose, and a path has port 0. */
  get address(): Address {
    return this.#listener.local;
  }

  /** Number of connected clients. */
  get clients(): number {
    return this.#clients.size;
  }

  /** Bytes that wait for all clients. */
  get queuedBytes(): number {
    return this.#budget.used;
  }

  /** Delivers an event to all streams. */
  event(event: StreamedEvent): void {
    const record = new EventRecord(event, this.#codec);
    const now = this.#runtime.clock.now();
    for (const client of this.#clients) client.deliver((session) => session.event(now, record));
  }

  /** Delivers a log line to all monitors. */
  line(line: MonitoredLine): void {
    let record: LineRecord | undefined;
    for (const client of this.#clients) {
      if (!client.monitors(line.level)) continue;
      const shared = (record ??= new LineRecord(line));
      client.deliver((session) => session.line(this.#runtime.clock.now(), shared));
    }
  }

  /** Stops listening and closes all connections. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#log.close();
    for (const client of this.#clients) client.close();
    this.#strangers.closeAll();
    await this.#listener.close();
  }

  /** Disconnects the clients that are furthest behind until no more waits than may. */
  #relieve(): void {
    while (this.#budget.exceeded && this.#clients.size > 0) {
      const furthest = [...this.#clients].reduce((a, b) => (b.queuedBytes > a.queuedBytes ? b : a));
      furthest.giveUp();
    }
  }

  #accept(connection: Connection): void {
    if (this.#closed) {
      connection.close();
      return;
    }
    this.#options.metrics?.incr("agent.ipc.accept", 1);
    const client = new ClientLoop(connection, this.#setup);
    this.#clients.add(client);
    const given = this.#unauthenticated.add(client, connection.remote.host);
    given?.refuse("that did not authenticate, to make room");
    const topic = this.#unauthenticated.size > crowd ? "accepted in a crowd" : "accepted";
    this.#log.write(topic, "INFO", `Accepted client: ${client.name}`);
    this.#background.run("an RPC connection", () => client.run());
  }
}
