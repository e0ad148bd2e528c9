/**
 * One client's conversation with an agent as a pure machine: bytes, events and log lines go in; answers to write and
 * requests to perform come out. It keeps the order of commands: while a request is being performed nothing further is read.
 *
 *   greeting --handshake--> locked --auth--> open      (without a token: greeting --handshake--> open)
 */

import { unreachable } from "../../core/assert.ts";
import type { LogLevel } from "../../core/effects.ts";
import type { Metrics } from "../../core/metrics.ts";
import type { Encodable, RpcCodec } from "../codec.ts";
import { Encoded, ObjectReader } from "../codec.ts";
import { record, text, unsigned } from "../fields.ts";
import type { RpcCommand, RpcRequest } from "../protocol.ts";
import {
  answeredWithBody,
  bodiless,
  greetingLimits,
  isCommand,
  readBody,
  requestLimits,
  requestOrder,
  responseHeader,
  rpcErrors,
  rpcVersion,
} from "../protocol.ts";
import type { EventRecord } from "../records.ts";
import type { QueryReply } from "../results.ts";
import { RpcTextError, RpcWireError } from "../wire_error.ts";
import type { ByteBudget } from "./byte_budget.ts";
import type { AskedQuery } from "./client_queries.ts";
import { ClientQueries } from "./client_queries.ts";
import type { LogTopic } from "./log.ts";
import type { LineRecord } from "./subscriptions.ts";
import { Subscriptions } from "./subscriptions.ts";
import { type RecordWord, WriteQueue } from "./write_queue.ts";

/** A request that only the agent can perform. */
export type AgentRequest = Exclude<
  RpcRequest,
  { command: "handshake" | "auth" | "stream" | "monitor" | "stop" }
>;

/** What the host has to do for a session. */
export type SessionEffect =
  | { readonly kind: "perform"; readonly request: AgentRequest }
  /** A monitor was opened: feed the buffered lines to {@link Session.line} before any new one. */
  | { readonly kind: "replay" }
  | { readonly kind: "log"; readonly topic: LogTopic; readonly level: LogLevel; readonly text: string };

/** How a session is set up. */
export interface SessionOptions {
  /** `IP:PORT` of the client, for log lines. */
  readonly client: string;
  /** The token clients have to send; empty for none. */
  readonly token: string;
  readonly codec: RpcCodec;
  /** The bytes that wait for all clients; without one the client is alone. */
  readonly budget?: ByteBudget;
  /** Where measurements go. */
  readonly metrics?: Metrics | undefined;
}

/** The machine. */
export class Session {
  readonly #options: SessionOptions;
  readonly #reader: ObjectReader;
  readonly #writes: WriteQueue;
  readonly #queries: ClientQueries;
  readonly #subscriptions: Subscriptions;
  readonly #effects: SessionEffect[] = [];
  #greeted = false;
  #authenticated: boolean;
  // Go decodes each header over the one before it, so what a header leaves out keeps its last value.
  #command = "";
  #sequence = 0n;
  #awaitingBody: RpcCommand | undefined;
  #performing = false;
  #closing = false;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#authenticated = options.token === "";
    this.#reader = new ObjectReader(options.codec);
    this.#writes = new WriteQueue(options.budget);
    this.#queries = new ClientQueries(options.codec, this.#writes);
    this.#subscriptions = new Subscriptions(options.codec, this.#writes, this.#queries, (text) =>
      this.#log("dropped", "WARN", text),
    );
  }

  /** Whether the client may send commands. Until then it is held to small limits. */
  get trusted(): boolean {
    return this.#greeted && this.#authenticated;
  }

  /** Whether the connection has to be closed once everything is written. */
  get closing(): boolean {
    return this.#closing;
  }

  /** Whether the client is too far behind to be kept. */
  get overfull(): boolean {
    return this.#writes.overfull;
  }

  /** Bytes that wait to be written. */
  get queuedBytes(): number {
    return this.#writes.bytes;
  }

  /** Whether the answers that wait have to be written before the next request is performed. */
  get batched(): boolean {
    return this.#writes.batched;
  }

  /** Whether an answer waits to be written. The host reads on only when it does not. */
  get answering(): boolean {
    return this.#writes.answering;
  }

  /**
   * What the bytes that were taken last held besides answers, in the words of the log; `undefined`
   * for nothing.
   */
  get streaming(): RecordWord | undefined {
    return this.#writes.streaming;
  }

  /** Whether records may come for the client: it has a stream, a monitor or a query. */
  get subscribed(): boolean {
    return this.#subscriptions.count > 0 || this.#queries.running > 0;
  }

  /** Whether the client wants log lines of a level. */
  monitors(level: LogLevel): boolean {
    return this.#subscriptions.monitors(level);
  }

  /** Takes received bytes and goes on as far as they allow. */
  receive(bytes: Uint8Array): void {
    if (this.#closing) return;
    this.#reader.append(bytes);
    this.#advance();
  }

  /** Ends the request being performed; `body` follows the header also when there is an error. */
  settle(error: string, body?: Encodable | Encoded): void {
    this.#performing = false;
    if (this.#closing) return;
    this.#respond(error, body);
    this.#advance();
  }

  /** Ends the request being performed, a query that is now running; its replies follow with {@link reply}, and {@link queryDone}. */
  settleQuery(): AskedQuery {
    const query = this.#queries.open(this.#sequence);
    this.settle("");
    return query;
  }

  /** Ends the request being performed: answers a query that was delivered on a stream. `now` is in milliseconds. */
  settleResponse(now: number, id: bigint, payload: Uint8Array | null): void {
    this.settle(this.#queries.answer(now, id, payload ?? new Uint8Array(0)));
  }

  /** Queues a reply to a query of the client. */
  reply(query: AskedQuery, reply: QueryReply): void {
    if (!this.#closing) this.#queries.reply(query, reply);
  }

  /** Queues the end of a query of the client, with the members that still owed a reply. */
  queryDone(query: AskedQuery, missing?: readonly string[]): void {
    if (!this.#closing) this.#queries.done(query, missing);
  }

  /** Ends the request being performed without an answer and closes. */
  refuse(reason: string): void {
    this.#performing = false;
    this.#fail("bad request", `Failed to evaluate request: ${reason}`);
  }

  /** Queues an event for every stream that wants it. `now` is in milliseconds. */
  event(now: number, event: EventRecord): void {
    if (!this.#closing) this.#subscriptions.event(now, event, this.#options.client);
  }

  /** Queues a log line, if there is a monitor and the line passes its level. */
  line(now: number, line: LineRecord): void {
    if (!this.#closing) this.#subscriptions.line(now, line, this.#options.client);
  }

  /** Takes what has to be done. */
  drain(): SessionEffect[] {
    return this.#effects.splice(0);
  }

  /** Takes bytes to write; `undefined` if there are none now. */
  take(): Uint8Array | undefined {
    return this.#writes.take();
  }

  /** The connection has ended: drops what waits to be written. */
  end(): void {
    this.#closing = true;
    this.#writes.clear();
  }

  #advance(): void {
    while (!this.#performing && !this.#closing) {
      const awaited = this.#awaitingBody;
      try {
        const value = this.#reader.next(this.trusted ? requestLimits : greetingLimits);
        if (value === undefined) return;
        this.#awaitingBody = undefined;
        if (awaited === undefined) this.#header(value);
        else this.#evaluate(readBody(awaited, value));
      } catch (error) {
        if (!(error instanceof RpcWireError)) throw error;
        if (awaited !== undefined && error instanceof RpcTextError) {
          this.#respond(error.message, answeredWithBody.has(awaited) ? null : undefined);
          continue;
        }
        if (awaited === undefined)
          this.#fail("bad header", `failed to decode request header: ${error.message}`);
        else this.#fail("bad request", `Failed to evaluate request: decode failed: ${error.message}`);
      }
    }
  }

  #header(value: unknown): void {
    const fields = record(value, requestOrder);
    if (value === null || fields.has("Command")) this.#command = text(fields.get("Command"));
    if (value === null || fields.has("Seq")) this.#sequence = unsigned(fields.get("Seq"));
    const command = this.#command;
    if (!this.#greeted && command !== "handshake") {
      this.#respond(rpcErrors.handshakeRequired);
      this.#fail("bad request", `Failed to evaluate request: ${rpcErrors.handshakeRequired}`);
      return;
    }
    this.#options.metrics?.incr("agent.ipc.command", 1);
    if (!this.#authenticated && command !== "auth" && command !== "handshake") {
      // The body is left unread on purpose: as in Serf it is taken for the next header and answered
      // again.
      this.#log("before auth", "WARN", "Client sending commands before auth");
      this.#respond(rpcErrors.authRequired);
      return;
    }
    if (!isCommand(command)) {
      this.#respond(rpcErrors.unsupportedCommand);
      this.#fail("bad request", `Failed to evaluate request: command '${command}' not recognized`);
      return;
    }
    const request = bodiless(command);
    if (request === undefined) this.#awaitingBody = command;
    else this.#evaluate(request);
  }

  #evaluate(request: RpcRequest): void {
    switch (request.command) {
      case "handshake":
        this.#handshake(request.version);
        return;
      case "auth":
        this.#authenticate(request.token);
        return;
      case "stream":
        this.#respond(this.#subscriptions.openStream(this.#sequence, request.filter));
        return;
      case "stop":
        this.#subscriptions.stop(request.sequence);
        this.#respond("");
        return;
      case "monitor": {
        const error = this.#subscriptions.openMonitor(this.#sequence, request.level);
        this.#respond(error);
        if (error === "") this.#effects.push({ kind: "replay" });
        return;
      }
      case "query": {
        const refusal = this.#queries.refusal;
        if (refusal !== "") this.#respond(refusal);
        else this.#perform(request);
        return;
      }
      case "join":
      case "members":
      case "members-filtered":
      case "tags":
      case "force-leave":
      case "leave":
      case "stats":
      case "event":
      case "respond":
      case "install-key":
      case "use-key":
      case "remove-key":
      case "list-keys":
      case "get-coordinate":
        this.#perform(request);
        return;
      default:
        unreachable(request);
    }
  }

  #perform(request: AgentRequest): void {
    this.#performing = true;
    this.#effects.push({ kind: "perform", request });
  }

  #handshake(version: bigint): void {
    if (version !== rpcVersion) {
      this.#respond(rpcErrors.unsupportedVersion);
      return;
    }
    if (this.#greeted) {
      this.#respond(rpcErrors.handshakeRepeated);
      return;
    }
    this.#greeted = true;
    this.#respond("");
  }

  #authenticate(token: string): void {
    if (!equalTokens(token, this.#options.token)) {
      this.#respond(rpcErrors.authInvalid);
      return;
    }
    this.#authenticated = true;
    this.#respond("");
  }

  #respond(error: string, body?: Encodable | Encoded): void {
    const { codec } = this.#options;
    const header = codec.encode(responseHeader(this.#sequence, error));
    const encoded = body === undefined || body instanceof Encoded ? body?.bytes : codec.encode(body);
    if (encoded === undefined) this.#writes.answer(header);
    else this.#writes.answer(header, encoded);
  }

  #fail(topic: LogTopic, reason: string): void {
    this.#closing = true;
    this.#log(topic, "ERR", reason);
  }

  #log(topic: LogTopic, level: LogLevel, line: string): void {
    this.#effects.push({ kind: "log", topic, level, text: line });
  }
}

const encoder = new TextEncoder();

/** Compares in a time that depends only on the lengths. */
function equalTokens(given: string, expected: string): boolean {
  const left = encoder.encode(given);
  const right = encoder.encode(expected);
  let difference = left.length ^ right.length;
  for (let index = 0; index < left.length; index++) {
    difference |= left[index]! ^ (right.length === 0 ? 1 : right[index % right.length]!);
  }
  return difference === 0;
}
