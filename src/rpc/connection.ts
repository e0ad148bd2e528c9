/**
 * The client's half of a connection: numbers requests, matches answers to them, and queues the records of streams.
 * {@link RpcClient} gives it types.
 */

import { SerfError } from "../errors.ts";
import type { Clock, Connection } from "../runtime.ts";
import { SystemError } from "../runtime.ts";
import type { Encodable } from "./codec.ts";
import { Codec, integer, ObjectReader } from "./codec.ts";
import { record, text, unsigned } from "./fields.ts";
import { bodilessErrors, responseLimits, responseOrder } from "./protocol.ts";
import { WireFault } from "./scanner.ts";

/** A write that the agent does not take for this long fails the connection. Reading has no limit: a join may take long. */
export const writeTimeoutMs = 10_000;

/** A running exchange or subscription. */
interface Pending {
  /** Whether the answer has a body. */
  readonly body: boolean;
  answer(error: string, body: unknown): void;
  /** For subscriptions: takes records after the answer. */
  readonly records: RecordQueue | null;
  answered: boolean;
  fail(error: SerfError): void;
}

/** Records that wait for their reader. */
export class RecordQueue implements AsyncIterableIterator<unknown> {
  readonly #capacity: number;
  readonly #stop: () => void;
  #records: unknown[] = [];
  #waiting: ((result: IteratorResult<unknown>) => void) | null = null;
  #ended = false;
  #dropped = 0;

  constructor(capacity: number, stop: () => void) {
    this.#capacity = capacity;
    this.#stop = stop;
  }

  /** Records that were lost because the reader did not keep up. */
  get dropped(): number {
    return this.#dropped;
  }

  push(value: unknown): void {
    if (this.#ended) return;
    if (this.#waiting !== null) {
      this.#waiting({ done: false, value });
      this.#waiting = null;
    } else if (this.#records.length >= this.#capacity) this.#dropped += 1;
    else this.#records.push(value);
  }

  end(): void {
    this.#ended = true;
    this.#waiting?.({ done: true, value: undefined });
    this.#waiting = null;
  }

  next(): Promise<IteratorResult<unknown>> {
    if (this.#records.length > 0) return Promise.resolve({ done: false, value: this.#records.shift() });
    if (this.#ended) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  return(): Promise<IteratorResult<unknown>> {
    if (!this.#ended) this.#stop();
    this.#records = [];
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

/** A connection to an agent. */
export class RpcConnection {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #codec = new Codec();
  readonly #reader = new ObjectReader(this.#codec);
  readonly #pending = new Map<bigint, Pending>();
  /** Whose body or record comes next. */
  #awaitingBody: { readonly pending: Pending; readonly error: string } | null = null;
  #sequence = 0n;
  #closed = false;

  constructor(connection: Connection, clock: Clock) {
    this.#connection = connection;
    this.#clock = clock;
    void this.#read();
  }

  /** Sends a request and answers its body, or undefined when it has none. Rejects with the agent's error text (ERR_RPC). */
  request(
    command: string,
    body: Encodable | undefined,
    options: { answerHasBody: boolean },
  ): Promise<unknown> {
    return this.#send(command, body, options.answerHasBody, null);
  }

  /** Opens a subscription; resolves when the agent has accepted it. */
  async subscribe(command: string, body: Encodable, capacity: number): Promise<RecordQueue> {
    const sequence = this.#sequence + 1n;
    const queue = new RecordQueue(capacity, () => this.#unsubscribe(sequence));
    await this.#send(command, body, false, queue);
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
    records: RecordQueue | null,
  ): Promise<unknown> {
    if (this.#closed) throw new SerfError("ERR_CONNECTION", "client closed");
    const sequence = ++this.#sequence;
    const header = { Command: command, Seq: integer(sequence) };
    const bytes = body === undefined ? this.#codec.encode(header) : this.#codec.encode(header, body);
    const answered = new Promise<unknown>((resolve, reject) => {
      const answer = (error: string, value: unknown): void => {
        if (records === null || error !== "") this.#pending.delete(sequence);
        if (error === "") resolve(value);
        else reject(new SerfError("ERR_RPC", error));
      };
      this.#pending.set(sequence, { body: hasBody, answer, records, answered: false, fail: reject });
    });
    const [value] = await Promise.all([answered, this.#write(bytes)]);
    return value;
  }

  async #write(bytes: Uint8Array): Promise<void> {
    const cancel = this.#clock.after(writeTimeoutMs, () => this.close());
    try {
      await this.#connection.write(bytes);
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      this.close();
      throw new SerfError("ERR_CONNECTION", "client closed", { cause: error });
    } finally {
      cancel();
    }
  }

  #unsubscribe(sequence: bigint): void {
    this.#pending.delete(sequence);
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
      if (!(error instanceof SystemError || error instanceof WireFault)) throw error;
    } finally {
      this.close();
    }
  }

  #objects(): void {
    for (;;) {
      const value = this.#reader.next(responseLimits);
      if (value === undefined) return;
      const awaited = this.#awaitingBody;
      this.#awaitingBody = null;
      if (awaited === null) this.#header(value);
      else if (awaited.pending.answered && awaited.pending.records !== null)
        awaited.pending.records.push(value);
      else this.#answer(awaited.pending, awaited.error, value);
    }
  }

  #header(value: unknown): void {
    const fields = record(value, responseOrder);
    const pending = this.#pending.get(unsigned(fields.get("Seq")));
    const error = text(fields.get("Error"));
    // An unread request body makes the original answer twice: answers that nobody waits for are passed over.
    if (pending === undefined) return;
    const isRecord = pending.records !== null && pending.answered;
    if (isRecord || (pending.body && !bodilessErrors.has(error))) this.#awaitingBody = { pending, error };
    else this.#answer(pending, error, undefined);
  }

  #answer(pending: Pending, error: string, body: unknown): void {
    pending.answered = true;
    pending.answer(error, body);
  }
}
