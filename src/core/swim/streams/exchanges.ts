/**
 * TCP conversations as state machines: bytes in, effects out. A conversation is one request and at
 * most one reply (memberlist `handleConn`, `sendAndReceiveState`, `sendPingAndWaitForAck`).
 */

import { joinHostPort } from "../../../net/address.ts";
import type { Address } from "../../../runtime.ts";
import { unreachable } from "../../assert.ts";
import type { StreamInput } from "../../effects.ts";
import { type Job, Jobs, type Turn } from "../../jobs.ts";
import { totalSize } from "../../wire/codec.ts";
import { WireError } from "../../wire/error.ts";
import type { SealOptions } from "../../wire/message_codec.ts";
import type { Ping, StreamMessage } from "../../wire/messages.ts";
import { labelSize, SwimLimits } from "../config.ts";
import { log, type SwimContext } from "../context.ts";
import {
  type Answer,
  type Done,
  type PushPullRequest,
  pingReplyFault,
  type Role,
  type SwimExchange,
} from "./exchange.ts";
import type { FullState } from "./full_state.ts";
import { Inbound } from "./inbound.ts";

/** Why an exchange is ended whose job is dropped. */
const stopped = "this node stops";

/** The TCP conversations of one node. */
export class Exchanges {
  readonly #context: SwimContext;
  readonly #fullState: FullState;
  readonly #open = new Map<number, SwimExchange>();
  readonly #inbound = new Inbound<SwimExchange>();
  /** Exchanges whose message is large, or whose answer is: one at a time, because that takes memory. */
  readonly #jobs: Jobs;
  #nextId = 1;

  constructor(context: SwimContext, fullState: FullState) {
    this.#context = context;
    this.#fullState = fullState;
    this.#jobs = new Jobs((at) => context.timers.set("exchange job", at, { kind: "exchangeJob" }));
  }

  /** The number of conversations. */
  get count(): number {
    return this.#open.size;
  }

  /** The bytes that peers have sent in conversations that are not over. */
  get bytes(): number {
    let bytes = 0;
    for (const { received } of this.#open.values()) bytes += received;
    return bytes;
  }

  /** Begins a push/pull. */
  pushPull(now: number, to: Address, request: PushPullRequest): void {
    this.#dial(now, to, { kind: "pushPull", ...request }, this.#context.config.streamTimeoutMs);
  }

  /**
   * Pings over TCP until `deadline`. If the dial fails, as it does for a dead peer, `done` is not
   * called.
   */
  ping(now: number, to: Address, ping: Ping, deadline: number, done: Done): void {
    this.#dial(now, to, { kind: "ping", ping, done }, deadline - now);
  }

  /** Pings over TCP whoever has a name and an address. `done` gets the reason if nobody replies. */
  seek(now: number, to: Address, name: string, done: Done): void {
    const { config } = this.#context;
    const source = { address: config.address, port: config.port, node: config.name };
    const ping: Ping = { type: "ping", sequence: this.#context.nextSequence(), node: name, source };
    this.#dial(now, to, { kind: "seek", ping, done }, config.streamTimeoutMs);
  }

  /**
   * Looks whether a peer takes a connection, and closes it at once. memberlist takes that as a
   * connection that ended before its message, and logs nothing but that it was there, at DEBUG.
   */
  knock(now: number, to: Address, timeoutMs: number, done: (now: number, answer: Answer) => void): void {
    this.#dial(now, to, { kind: "knock", done }, timeoutMs);
  }

  /**
   * Accepts a connection of a peer and returns the id of the stream. If too many wait for their first
   * message, one of those is closed.
   */
  accept(now: number, peer: Address): number {
    this.#context.outbox.meter?.incr("memberlist.tcp.accept", 1);
    log(this.#context, "DEBUG", `Stream connection from=${joinHostPort(peer.host, peer.port)}`);
    const exchange = this.#add(now, peer, { kind: "accepting" }, SwimLimits.silentStreamMs);
    const victim = this.#inbound.add(exchange);
    if (victim !== undefined) this.#end(now, victim, "Too many pending push/pull requests");
    return exchange.id;
  }

  /** Handles what happened on a stream. Ignores streams that are not open any more. */
  stream(now: number, id: number, input: StreamInput): void {
    const exchange = this.#open.get(id);
    // The end of the stream must not end the decoding or merging of a large state.
    if (exchange === undefined || exchange.complete) return;
    switch (input.kind) {
      case "opened":
        this.#begin(now, exchange, () => this.#request(now, exchange));
        return;
      case "received":
        this.#received(now, exchange, input.bytes);
        return;
      case "ended":
        this.#ended(now, exchange);
        return;
      case "failed":
        exchange.refused = !exchange.opened && input.code === "ECONNREFUSED";
        this.#end(now, exchange, input.reason);
        return;
      default:
        unreachable(input);
    }
  }

  /** Handles the next part of a large message, or of a large answer. */
  next(now: number): void {
    this.#jobs.next(now);
  }

  /** Ends the exchanges whose large message, or large answer, is not done. */
  stop(now: number): void {
    this.#jobs.stop(now);
  }

  /** Ends a conversation whose time is over. */
  expired(now: number, id: number): void {
    const exchange = this.#open.get(id);
    if (exchange === undefined) return;
    const { host, port } = exchange.peer;
    this.#end(now, exchange, `read tcp ${joinHostPort(host, port)}: i/o timeout`);
  }

  /** Sends the request of an exchange whose dial succeeded. */
  *#request(now: number, exchange: SwimExchange): Job {
    const { role, peer } = exchange;
    if (role.kind === "accepting") return;
    exchange.opened = true;
    if (role.kind === "knock") {
      const { labelHeader } = this.#context.codec;
      if (labelHeader.length > 0) this.#sent(exchange, labelHeader);
      this.#end(now, exchange, undefined);
      return;
    }
    if (role.kind === "pushPull") {
      log(
        this.#context,
        "DEBUG",
        `Initiating push/pull sync with: ${role.name} ${joinHostPort(peer.host, peer.port)}`,
      );
      this.#context.outbox.meter?.incr("memberlist.tcp.connect", 1);
      role.connected?.(now);
      yield* this.#writeState(exchange, role.join);
    } else {
      this.#write(exchange, this.#context.codec.encode(role.ping));
    }
  }

  #received(now: number, exchange: SwimExchange, bytes: Uint8Array): void {
    if (exchange.role.kind === "accepting") {
      if (exchange.received === 0) this.#limitTime(exchange, this.#context.config.streamTimeoutMs);
      const victim = this.#inbound.received(exchange, bytes.length);
      if (victim !== undefined) this.#end(now, victim, "too many bytes on unfinished streams");
      if (victim === exchange) return;
    }
    const message = this.#read(now, exchange, () => exchange.reader.push(bytes));
    if (message === undefined && !exchange.reader.large) return;
    this.#complete(exchange);
    this.#begin(now, exchange, (turn) => this.#handle(turn, exchange, message));
  }

  /**
   * Begins a job of an exchange. If it is dropped, because the exchange has ended or this node stops,
   * the exchange is closed.
   */
  #begin(now: number, exchange: SwimExchange, work: (turn: Turn) => Job): void {
    const isOpen = (): boolean => this.#open.has(exchange.id);
    const end = (at: number): void => this.#end(at, exchange, stopped);
    this.#jobs.begin(now, isOpen, function* (turn): Job {
      let isDone = false;
      try {
        yield* work(turn);
        isDone = true;
      } finally {
        if (!isDone) end(turn.now);
      }
    });
  }

  /** Returns what `read` returns, or ends the exchange if that throws. */
  #read(
    now: number,
    exchange: SwimExchange,
    read: () => StreamMessage | undefined,
  ): StreamMessage | undefined {
    try {
      return read();
    } catch (error) {
      this.#broken(now, exchange, error);
      return undefined;
    }
  }

  /** Decodes a large message. Returns `undefined` if that ended the exchange. */
  *#decode(turn: Turn, exchange: SwimExchange): Job<StreamMessage | undefined> {
    if (this.#jobs.count > 0) yield;
    for (;;) {
      const message = this.#read(turn.now, exchange, () => exchange.reader.decode());
      if (message !== undefined || !exchange.reader.large) return message;
      yield;
    }
  }

  #complete(exchange: SwimExchange): void {
    if (exchange.complete) return;
    exchange.complete = true;
    this.#context.timers.delete(`exchange ${exchange.id}`);
    const { encryptedSize } = exchange.reader;
    if (encryptedSize !== undefined)
      this.#context.outbox.meter?.sample("memberlist.size.remote", encryptedSize);
  }

  #ended(now: number, exchange: SwimExchange): void {
    try {
      exchange.reader.end();
      this.#end(now, exchange, exchange.role.kind === "accepting" ? undefined : "EOF");
    } catch (error) {
      this.#broken(now, exchange, error);
    }
  }

  #dial(now: number, to: Address, role: Role, timeoutMs: number): void {
    const exchange = this.#add(now, to, role, timeoutMs);
    this.#context.outbox.push({ kind: "dial", id: exchange.id, to, timeoutMs });
  }

  #add(now: number, peer: Address, role: Role, timeoutMs: number): SwimExchange {
    const { codec, config } = this.#context;
    const accepting = role.kind === "accepting";
    const reader = codec.reader({ accepting, verifyIncoming: config.verifyIncoming });
    const exchange: SwimExchange = {
      id: this.#nextId++,
      peer,
      role,
      reader,
      startedAt: now,
      opened: false,
      refused: false,
      received: 0,
      complete: false,
    };
    this.#open.set(exchange.id, exchange);
    this.#limitTime(exchange, timeoutMs);
    return exchange;
  }

  #limitTime({ id, startedAt }: SwimExchange, timeoutMs: number): void {
    this.#context.timers.set(`exchange ${id}`, startedAt + timeoutMs, { kind: "exchange", id });
  }

  /** Handles the message of an exchange; `small` is undefined if it is a large one, still to be decoded. */
  *#handle(turn: Turn, exchange: SwimExchange, small: StreamMessage | undefined): Job {
    const message = small ?? (yield* this.#decode(turn, exchange));
    if (message === undefined) return;
    switch (exchange.role.kind) {
      case "accepting":
        yield* this.#serve(turn, exchange, message);
        return;
      case "pushPull":
        yield* this.#mergeReply(turn, exchange, message);
        return;
      case "ping":
      case "seek":
        this.#end(turn.now, exchange, pingReplyFault(exchange.role.ping, message));
        return;
      case "knock":
        return;
    }
  }

  *#mergeReply(turn: Turn, exchange: SwimExchange, message: StreamMessage): Job {
    if (message.type === "error") {
      this.#end(turn.now, exchange, `remote error: ${message.text}`);
      return;
    }
    if (message.type !== "pushPull") {
      this.#end(turn.now, exchange, `received invalid msgType (${message.type}), expected pushPull`);
      return;
    }
    const finished = (at: number, error: string | undefined): void => this.#end(at, exchange, error);
    const refusal = yield* this.#fullState.merge(turn, message, true, finished);
    if (refusal !== undefined) this.#end(turn.now, exchange, refusal);
  }

  *#serve(turn: Turn, exchange: SwimExchange, message: StreamMessage): Job {
    const { codec, config, application } = this.#context;
    const { peer } = exchange;
    switch (message.type) {
      case "pushPull": {
        // The reply goes out before the merge, so that a restarted peer learns what we believed of
        // it and can refute it.
        yield* this.#writeState(exchange, message.join);
        const refusal = yield* this.#fullState.merge(turn, message, false, () => undefined);
        this.#end(
          turn.now,
          exchange,
          refusal === undefined ? undefined : `Failed push/pull merge: ${refusal}`,
        );
        return;
      }
      case "ping":
        if (message.node !== "" && message.node !== config.name) {
          this.#end(turn.now, exchange, `Got ping for unexpected node ${message.node}`);
          return;
        }
        this.#write(exchange, codec.encode({ type: "ack", sequence: message.sequence, payload: null }));
        this.#end(turn.now, exchange, undefined);
        return;
      case "user":
        if (message.payload.length > 0) application.messages(turn.now, peer, [message.payload]);
        this.#end(turn.now, exchange, undefined);
        return;
      default:
        this.#end(turn.now, exchange, `Received invalid msgType (${message.type})`);
    }
  }

  #broken(now: number, exchange: SwimExchange, error: unknown): void {
    if (!(error instanceof WireError)) throw error;
    if (exchange.role.kind === "accepting" && error.answer) {
      this.#write(exchange, this.#context.codec.encode({ type: "error", text: error.message }));
    }
    this.#end(
      now,
      exchange,
      exchange.role.kind === "accepting" ? `failed to receive: ${error.message}` : error.message,
    );
  }

  *#writeState(exchange: SwimExchange, join: boolean): Job {
    const { codec, outbox } = this.#context;
    if (this.#fullState.isLarge && this.#jobs.count > 0) yield;
    const state = yield* codec.encodeState(yield* this.#fullState.local(join));
    // memberlist reports the first four bytes of the message here, which are always the same; the
    // size is useful.
    outbox.meter?.gauge("memberlist.size.local", totalSize(state));
    this.#sent(exchange, yield* codec.sealPieces(state, this.#sealing(exchange)));
  }

  #write(exchange: SwimExchange, message: Uint8Array): void {
    this.#sent(exchange, this.#context.codec.sealStream(message, this.#sealing(exchange)));
  }

  #sealing(exchange: SwimExchange): SealOptions {
    const { codec, config } = this.#context;
    return {
      labelHeader: exchange.role.kind !== "accepting",
      encrypt: codec.encrypted && config.verifyOutgoing,
    };
  }

  #sent(exchange: SwimExchange, bytes: Uint8Array): void {
    const { config, outbox } = this.#context;
    outbox.push({ kind: "write", id: exchange.id, bytes });
    const label = exchange.role.kind === "accepting" ? 0 : labelSize(config);
    outbox.meter?.incr("memberlist.tcp.sent", bytes.length - label);
  }

  #end(now: number, exchange: SwimExchange, failure: string | undefined): void {
    if (!this.#open.delete(exchange.id)) return;
    const { outbox, timers } = this.#context;
    timers.delete(`exchange ${exchange.id}`);
    const { role, peer } = exchange;
    const isStranger = role.kind === "accepting" && !exchange.complete && failure !== undefined;
    outbox.push({ kind: "close", id: exchange.id, ...(isStranger && { stranger: true }) });
    if (role.kind === "pushPull") outbox.meter?.sample("memberlist.pushPullNode", now - exchange.startedAt);
    if (role.kind === "knock") {
      role.done(now, exchange.opened ? "taken" : exchange.refused ? "refused" : "nothing");
      return;
    }
    if (role.kind !== "accepting") {
      if (exchange.opened || role.kind !== "ping") role.done(now, failure);
      return;
    }
    this.#inbound.remove(exchange);
    if (failure !== undefined) {
      log(this.#context, "ERR", `${failure} from=${joinHostPort(peer.host, peer.port)}`, "stream");
    }
  }
}
