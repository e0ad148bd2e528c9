/**
 * The agent's RPC listener: accepts clients, turns their sessions, performs their requests and writes their answers. A slow
 * client holds up nobody but itself.
 */

import { unreachable } from "../../core/assert.ts";
import type { Metrics } from "../../core/metrics.ts";
import { systemText } from "../../go/system_errors.ts";
import type { Address, Clock, Connection, Listener } from "../../runtime.ts";
import { SystemError } from "../../runtime.ts";
import { Codec } from "../codec.ts";
import { endText, type ListenRuntime, listenAt } from "../endpoint.ts";
import type { QueryRequest } from "../protocol.ts";
import type { StreamedEvent } from "../records.ts";
import { EventRecord, memberRecord, sortedMap } from "../records.ts";
import type { QueryRecord } from "../results.ts";
import { coordinateRecord, keyRecord } from "../results.ts";
import type { AgentService, KeyCommand } from "./service.ts";
import type { AgentRequest } from "./session.ts";
import { Session } from "./session.ts";
import type { MonitoredLine } from "./subscriptions.ts";
import type { RecordWord } from "./write_queue.ts";

/** Clients that have not yet shaken hands and authenticated; further ones are turned away. */
export const untrustedClientsMax = 1024;

/**
 * Least time between the last reply of a query and its end. Go's command line takes replies from two queues and the end from closing them:
 * an end right behind a reply makes it lose that reply.
 */
const doneGapMs = 50;

/** How a server is set up. */
export interface RpcServerOptions {
  /** `host:port`, or `unix:` and the path of a unix domain socket. */
  readonly address: string;
  /** The token clients have to send; empty for none. */
  readonly token: string;
  readonly service: AgentService;
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
  readonly #codec = new Codec();
  readonly #clients = new Set<Client>();
  #listener!: Listener;
  #closed = false;

  private constructor(runtime: RpcServerRuntime, options: RpcServerOptions) {
    this.#runtime = runtime;
    this.#options = options;
  }

  /** Listens. Rejects with EndpointError when the address cannot be had. */
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

  /** Delivers an event to all streams. */
  event(event: StreamedEvent): void {
    const record = new EventRecord(event, this.#codec);
    const now = this.#runtime.clock.now();
    for (const client of this.#clients) client.deliver((session) => session.event(now, record));
  }

  /** Delivers a log line to all monitors. */
  line(line: MonitoredLine): void {
    const now = this.#runtime.clock.now();
    for (const client of this.#clients) client.deliver((session) => session.line(now, line));
  }

  /** Stops listening and closes all connections. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const client of this.#clients) client.close();
    await this.#listener.close();
  }

  #accept(connection: Connection): void {
    const untrusted = [...this.#clients].filter((client) => !client.session.trusted).length;
    if (this.#closed || untrusted >= untrustedClientsMax) {
      connection.close();
      return;
    }
    const { service, metrics } = this.#options;
    metrics?.incr("agent.ipc.accept", 1);
    const client = new Client(connection, this.#runtime.clock, this.#options, this.#codec);
    this.#clients.add(client);
    service.log("INFO", `Accepted client: ${client.name}`);
    void client.run().finally(() => this.#clients.delete(client));
  }
}

/** One connection: a loop that reads and performs, and a loop that writes. */
class Client {
  readonly name: string;
  readonly session: Session;
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #service: AgentService;
  /** At most one: a session asks for nothing further until its request is settled. */
  readonly #requests: AgentRequest[] = [];
  /** The last run of the writing loop, and whether it still goes. */
  #writing: Promise<void> = Promise.resolve();
  #active = false;
  #closed = false;
  #broken = false;
  /** Queries under way, to end them with the connection. */
  readonly #queries = new Set<AsyncIterableIterator<QueryRecord>>();
  #answered: (() => void) | null = null;

  constructor(connection: Connection, clock: Clock, options: RpcServerOptions, codec: Codec) {
    const { service, token, metrics } = options;
    this.name = endText(connection.remote);
    this.session = new Session({ client: this.name, token, codec, metrics });
    this.#connection = connection;
    this.#clock = clock;
    this.#service = service;
  }

  /** Serves until the connection ends. Never rejects. */
  async run(): Promise<void> {
    try {
      while (!this.#closed && !this.session.closing) {
        const bytes = await this.#connection.read();
        if (bytes === null) break;
        this.session.receive(bytes);
        await this.#turn();
      }
      await this.#writing;
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      if (!this.#closed) this.#service.log("ERR", `failed to decode request header: ${systemText(error)}`);
    } finally {
      this.close();
    }
  }

  /** Gives the session something to deliver. */
  deliver(give: (session: Session) => void): void {
    if (!this.session.subscribed) return;
    give(this.session);
    this.#collect();
    this.#flush();
    if (!this.session.overfull || this.#closed) return;
    this.close();
    this.#service.log("WARN", `Closing ipc.client that does not keep up: ${this.name}`);
  }

  /** Closes after what is already with the socket. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const query of this.#queries) void query.return?.();
    this.#answered?.();
    this.#connection.close();
  }

  /** Performs what the session asks for until it waits for bytes again, and its answers are on their way. */
  async #turn(): Promise<void> {
    for (;;) {
      this.#collect();
      this.#flush();
      await this.#answersTaken();
      const request = this.#requests.shift();
      if (request === undefined || this.#closed) return;
      await this.#perform(request);
    }
  }

  /** Does at once what needs no waiting, and keeps requests for the reading loop. */
  #collect(): void {
    for (const effect of this.session.drain()) {
      if (effect.kind === "log") this.#service.log(effect.level, effect.text);
      else if (effect.kind === "replay") this.#replay();
      else this.#requests.push(effect.request);
    }
  }

  #replay(): void {
    const now = this.#clock.now();
    for (const line of this.#service.recentLines()) this.session.line(now, line);
  }

  async #perform(request: AgentRequest): Promise<void> {
    const service = this.#service;
    const session = this.session;
    switch (request.command) {
      case "members":
        session.settle("", { Members: service.members().map(memberRecord) });
        return;
      case "members-filtered":
        try {
          session.settle("", { Members: (await service.membersFiltered(request)).map(memberRecord) });
        } catch (error) {
          session.refuse(messageOf(error));
        }
        return;
      case "stats": {
        const sections = [...service.stats()].map(([name, values]) => [name, sortedMap(values)] as const);
        session.settle("", new Map(sections));
        return;
      }
      case "join":
        await service.join(request.addresses, request.replay).then(
          (count) => session.settle("", { Num: count }),
          (error: unknown) => session.settle(messageOf(error), { Num: 0 }),
        );
        return;
      case "tags":
        session.settle(await failure(service.updateTags(request.set, request.remove)));
        return;
      case "force-leave":
        session.settle(await failure(service.forceLeave(request.node, request.prune)));
        return;
      case "leave":
        await this.#leave();
        return;
      case "event": {
        const { name, payload, coalesce } = request;
        const send = (): void => service.cluster.event(name, payload ?? new Uint8Array(0), coalesce);
        session.settle(refusalOf(send));
        return;
      }
      case "query":
        this.#ask(request);
        return;
      case "respond":
        session.settleResponse(this.#clock.now(), request.id, request.payload);
        return;
      case "install-key":
        await this.#keys("install", request.key);
        return;
      case "use-key":
        await this.#keys("use", request.key);
        return;
      case "remove-key":
        await this.#keys("remove", request.key);
        return;
      case "list-keys":
        await this.#keys("list", "");
        return;
      case "get-coordinate":
        session.settle("", coordinateRecord(service.cluster.coordinate(request.node)));
        return;
      default:
        unreachable(request);
    }
  }

  async #keys(command: KeyCommand, key: string): Promise<void> {
    const { error, report } = await this.#service.cluster.keys(command, key);
    this.session.settle(error, keyRecord(report, command === "list"));
  }

  #ask(request: QueryRequest): void {
    let replies: AsyncIterableIterator<QueryRecord>;
    try {
      replies = this.#service.cluster.query(request);
    } catch (error) {
      this.session.settle(messageOf(error));
      return;
    }
    this.#queries.add(replies);
    void this.#follow(replies).finally(() => this.#queries.delete(replies));
  }

  /** Hands on the replies of a query until its deadline. Commands go on meanwhile. */
  async #follow(replies: AsyncIterableIterator<QueryRecord>): Promise<void> {
    const query = this.session.settleQuery();
    let last = Number.NEGATIVE_INFINITY;
    for await (const reply of replies) {
      last = this.#clock.now();
      this.deliver((session) => session.reply(query, reply));
    }
    const pause = last + doneGapMs - this.#clock.now();
    if (pause > 0) await new Promise<void>((resolve) => this.#clock.after(pause, resolve));
    this.deliver((session) => session.queryDone(query));
  }

  /** The agent stops even when it could not leave, but only after the client has its answer. */
  async #leave(): Promise<void> {
    this.#service.log("INFO", "Graceful leave triggered");
    const error = await failure(this.#service.leave());
    if (error !== "") this.#service.log("ERR", `leave failed: ${error}`);
    this.session.settle(error);
    this.#flush();
    await this.#answersTaken();
    void this.#service.shutdown();
  }

  #flush(): void {
    if (!this.#active && !this.#broken) this.#writing = this.#write();
  }

  async #write(): Promise<void> {
    this.#active = true;
    try {
      for (let bytes = this.session.take(); bytes !== null; bytes = this.session.take()) {
        if (!this.session.answering) this.#answered?.();
        await this.#connection.write(bytes);
      }
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      this.#broken = true;
      const { streaming } = this.session;
      if (!this.#closed && streaming !== null) this.#service.log("ERR", this.#writeFault(streaming, error));
      this.close();
    } finally {
      this.#active = false;
    }
  }

  /** Waits until no answer is queued: a client that does not read its answers is not read from either. */
  async #answersTaken(): Promise<void> {
    while (this.session.answering && !this.#closed && !this.#broken) {
      await new Promise<void>((resolve) => {
        this.#answered = resolve;
      });
      this.#answered = null;
    }
  }

  #writeFault(streaming: RecordWord, error: SystemError): string {
    const { local } = this.#connection;
    const network = local.port === 0 ? "unix" : "tcp";
    const path = `${endText(local)}->${this.name}`;
    return `Failed to stream ${streaming} to ipc.client: ${this.name}: write ${network} ${path}: write: ${systemText(error)}`;
  }
}

async function failure(work: Promise<void>): Promise<string> {
  return await work.then(() => "", messageOf);
}

/** Why something could not be done at once; empty when it was. */
function refusalOf(work: () => void): string {
  try {
    work();
    return "";
  } catch (error) {
    return messageOf(error);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
