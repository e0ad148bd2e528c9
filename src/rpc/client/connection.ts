/**
 * The client's half of a connection: numbers requests, matches answers to them, and queues the records of streams.
 * {@link RpcClient} gives it types.
 */

import { ReadQueue } from "../../async/read_queue.ts";
import { SerfError } from "../../errors.ts";
import type { Clock, Connection } from "../../runtime.ts";
import { SystemError } from "../../runtime.ts";
import type { Encodable } from "../codec.ts";
import { integer, ObjectReader, RpcCodec } from "../codec.ts";
import { record, text, unsigned } from "../fields.ts";
import { bodilessErrors, responseLimits, responseOrder } from "../protocol.ts";
import { RpcWireError } from "../wire_error.ts";

/** A write that the agent does not take for this long fails the connection. Reading has no limit: a join may take long. */
export const writeTimeoutMs = 10_000;

/**
 * So few bytes fit into the buffer of every system. When the agent has answered everything, and so read it, that buffer is empty:
 * a write then ends at once and needs no timer, which takes four milliseconds of a command on Deno and one on Node.
 */
const smallWrite = 2_048;

/** A running exchange or subscription. */
interface Pending {
  readonly sequence: bigint;
  /** Whether the answer has a body. */
  readonly body: boolean;
  answer(error: string, body: unknown): void;
  /** For subscriptions: takes records after the answer. */
  readonly records: RecordQueue | undefined;
  /** Whether a record is the last one. */
  readonly isLast: (value: unknown) => boolean;
  answered: boolean;
  fail(error: SerfError): void;
}

/** An answer with its body, which may be there although there is an error. */
export interface Exchange {
  readonly error: string;
  readonly body: unknown;
}

/** How a subscription ends. */
export interface SubscriptionOptions {
  /** Records that wait for the reader before further ones are dropped. */
  readonly capacity: number;
  /**
   * Whether a record is the last one, which is not handed out; the agent then needs no `stop`. May
   * throw RpcWireError.
   */
  readonly isLast?: (value: unknown) => boolean;
}

/**
 * Records that wait for their reader. Those that come when it is too far behind are dropped and
 * counted.
 */
export class RecordQueue {
  readonly #capacity: number;
  readonly #records: ReadQueue<unknown>;
  #dropped = 0;

  /** `stop` is called if the reader stops before the end. */
  constructor(capacity: number, stop: () => void) {
    this.#capacity = capacity;
    this.#records = new ReadQueue(stop);
  }

  /** Records that were lost because the reader did not keep up. */
  get dropped(): number {
    return this.#dropped;
  }

  push(value: unknown): void {
    const { size, reading, ended } = this.#records;
    if (!ended && !reading && size >= this.#capacity) this.#dropped += 1;
    else this.#records.push(value);
  }

  end(): void {
    this.#records.end();
  }

  next(): Promise<IteratorResult<unknown>> {
    return this.#records.next();
  }

  return(): Promise<IteratorResult<unknown>> {
    return this.#records.return();
  }
}

/** A connection to an agent. */
export class RpcConnection {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #codec = new RpcCodec();
  readonly #reader = new ObjectReader(this.#codec);
  readonly #pending = new Map<bigint, Pending>();
  /** Whose body or record comes next. */
  #awaitingBody: { readonly pending: Pending; readonly error: string } | undefined;
  #sequence = 0n;
  #closed = false;

  constructor(connection: Connection, clock: Clock) {
    this.#connection = connection;
    this.#clock = clock;
    void this.#read();
  }

  /**
   * Sends a request and returns the answer's body, `undefined` if it has none. Rejects with the
   * agent's error text (ERR_RPC).
   */
  async request(
    command: string,
    body: Encodable | undefined,
    options: { answerHasBody: boolean },
  ): Promise<unknown> {
    const answer = await this.#send(command, body, options.answerHasBody, undefined);
    if (answer.error !== "") throw new SerfError("ERR_RPC", answer.error);
    return answer.body;
  }

  /** Sends a request whose answer has a body, also when the agent refuses. */
  exchange(command: string, body: Encodable | undefined): Promise<Exchange> {
    return this.#send(command, body, true, undefined);
  }

  /** Opens a subscription; resolves when the agent has accepted it. Rejects with the agent's error text (ERR_RPC). */
  async subscribe(command: string, body: Encodable, options: SubscriptionOptions): Promise<RecordQueue> {
    const sequence = this.#sequence + 1n;
    const { capacity, isLast } = options;
    const end = isLast === undefined ? () => this.#unsubscribe(sequence) : () => this.#forget(sequence);
    const queue = new RecordQueue(capacity, end);
    const answer = await this.#send(command, body, false, queue, isLast);
    if (answer.error !== "") throw new SerfError("ERR_RPC", answer.error);
    return queue;
  }

  /** Closes the connection; what is pending fails with `client closed`. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#connection.close();
    const error = new SerfError("ERR_CONNECTION", "client closed");
    for (const pending of this.#pending.values()) {
      pending.records?.end();
      if (!pending.answered) pending.fail(error);
    }
    this.#pending.clear();
  }

  async #send(
    command: string,
    body: Encodable | undefined,
    hasBody: boolean,
    records: RecordQueue | undefined,
    isLast: (value: unknown) => boolean = () => false,
  ): Promise<Exchange> {
    if (this.#closed) throw new SerfError("ERR_CONNECTION", "client closed");
    const sequence = ++this.#sequence;
    const header = { Command: command, Seq: integer(sequence) };
    const bytes = body === undefined ? this.#codec.encode(header) : this.#codec.encode(header, body);
    const endsAtOnce = this.#pending.size === 0 && bytes.length <= smallWrite;
    const answered = new Promise<Exchange>((resolve, reject) => {
      const answer = (error: string, value: unknown): void => {
        if (records === undefined || error !== "") this.#pending.delete(sequence);
        resolve({ error, body: value });
      };
      const state = { sequence, body: hasBody, answer, records, isLast, answered: false, fail: reject };
      this.#pending.set(sequence, state);
    });
    const [answer] = await Promise.all([answered, endsAtOnce ? this.#writeNow(bytes) : this.#write(bytes)]);
    return answer;
  }

  async #write(bytes: Uint8Array): Promise<void> {
    const cancel = this.#clock.after(writeTimeoutMs, () => this.close());
    try {
      await this.#writeNow(bytes);
    } finally {
      cancel();
    }
  }

  async #writeNow(bytes: Uint8Array): Promise<void> {
    try {
      await this.#connection.write(bytes);
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      this.close();
      throw new SerfError("ERR_CONNECTION", "client closed", { cause: error });
    }
  }

  #forget(sequence: bigint): void {
    this.#pending.delete(sequence);
  }

  #unsubscribe(sequence: bigint): void {
    this.#forget(sequence);
    if (this.#closed) return;
    // Nobody waits for this answer, and a connection that breaks meanwhile has ended the subscription as well.
    this.request("stop", { Stop: integer(sequence) }, { answerHasBody: false }).catch(() => undefined);
  }

  async #read(): Promise<void> {
    try {
      for (let bytes = await this.#connection.read(); bytes !== null; bytes = await this.#connection.read()) {
        this.#reader.append(bytes);
        this.#objects();
      }
    } catch (error) {
      if (!(error instanceof SystemError || error instanceof RpcWireError)) throw error;
    } finally {
      this.close();
    }
  }

  #objects(): void {
    for (;;) {
      const value = this.#reader.next(responseLimits);
      if (value === undefined) return;
      const awaited = this.#awaitingBody;
      this.#awaitingBody = undefined;
      if (awaited === undefined) this.#header(value);
      else if (awaited.pending.answered && awaited.pending.records !== undefined)
        this.#record(awaited.pending, awaited.pending.records, value);
      else this.#answer(awaited.pending, awaited.error, value);
    }
  }

  #record(pending: Pending, records: RecordQueue, value: unknown): void {
    if (!pending.isLast(value)) {
      records.push(value);
      return;
    }
    records.end();
    this.#forget(pending.sequence);
  }

  #header(value: unknown): void {
    const fields = record(value, responseOrder);
    const pending = this.#pending.get(unsigned(fields.get("Seq")));
    const error = text(fields.get("Error"));
    // Serf answers twice if it leaves a request's body unread: answers that nobody waits for are
    // ignored.
    if (pending === undefined) return;
    const isRecord = pending.records !== undefined && pending.answered;
    if (isRecord || (pending.body && !bodilessErrors.has(error))) this.#awaitingBody = { pending, error };
    else this.#answer(pending, error, undefined);
  }

  #answer(pending: Pending, error: string, body: unknown): void {
    pending.answered = true;
    pending.answer(error, body);
  }
}
