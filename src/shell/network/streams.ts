/**
 * The TCP connections of a node: carries out the core's dials, writes and closes, and passes what
 * arrives to the core.
 */

import { SlowClose } from "../../async/slow_close.ts";
import type { StreamInput } from "../../core/effects.ts";
import { dialText, systemText } from "../../go/system_errors.ts";
import { joinHostPort } from "../../net/address.ts";
import type { Address, Clock, Connection, Streams, SystemError } from "../../runtime.ts";

/** The inputs of the core that concern streams. */
export interface StreamInputs {
  /** Returns the id of an accepted stream, or `undefined` if it is refused. */
  accept(peer: Address): number | undefined;
  stream(id: number, input: StreamInput): void;
}

/** The TCP connections of one node. */
export class NodeStreams {
  readonly #streams: Streams;
  readonly #inputs: StreamInputs;
  readonly #open = new Map<number, Connection>();
  readonly #dialing = new Map<number, AbortController>();
  readonly #strangers: SlowClose;

  constructor(runtime: { readonly streams: Streams; readonly clock: Clock }, inputs: StreamInputs) {
    this.#streams = runtime.streams;
    this.#inputs = inputs;
    this.#strangers = new SlowClose(runtime.clock);
  }

  /** Handles an accepted connection. */
  accept(connection: Connection): void {
    const id = this.#inputs.accept(connection.remote);
    if (id === undefined) {
      connection.close();
      return;
    }
    this.#open.set(id, connection);
    void this.#read(id, connection);
  }

  /** Dials a connection for stream `id` and reads from it until it ends. Never rejects. */
  async dial(id: number, to: Address, timeoutMs: number): Promise<void> {
    const controller = new AbortController();
    this.#dialing.set(id, controller);
    let connection: Connection;
    try {
      connection = await this.#streams.connect(to, { timeoutMs, signal: controller.signal });
    } catch (error) {
      const { code } = error as SystemError;
      if (this.#dialing.delete(id))
        this.#inputs.stream(id, { kind: "failed", code, reason: dialText(to, error) });
      return;
    }
    if (!this.#dialing.delete(id)) {
      connection.close();
      return;
    }
    this.#open.set(id, connection);
    this.#inputs.stream(id, { kind: "opened" });
    await this.#read(id, connection);
  }

  /** Writes to a stream. A failure is reported to the core. */
  write(id: number, bytes: Uint8Array): void {
    this.#open
      .get(id)
      ?.write(bytes)
      .catch((error: SystemError) => this.#broken(id, "write", error));
  }

  /** Flushes and closes a stream; that of a stranger may stay open for a moment. */
  close(id: number, stranger = false): void {
    this.#dialing.get(id)?.abort();
    this.#dialing.delete(id);
    const connection = this.#open.get(id);
    this.#open.delete(id);
    if (connection === undefined) return;
    if (stranger) this.#strangers.close(connection);
    else connection.close();
  }

  /** Closes all streams. */
  closeAll(): void {
    for (const id of [...this.#dialing.keys(), ...this.#open.keys()]) this.close(id);
    this.#strangers.closeAll();
  }

  async #read(id: number, connection: Connection): Promise<void> {
    while (this.#open.get(id) === connection) {
      let bytes: Uint8Array | null;
      try {
        bytes = await connection.read();
      } catch (error) {
        this.#broken(id, "read", error as SystemError);
        return;
      }
      if (this.#open.get(id) !== connection) return;
      if (bytes === null) {
        this.#inputs.stream(id, { kind: "ended" });
        return;
      }
      this.#inputs.stream(id, { kind: "received", bytes });
    }
  }

  #broken(id: number, operation: "read" | "write", error: SystemError): void {
    const connection = this.#open.get(id);
    if (connection === undefined) return;
    const peer = joinHostPort(connection.remote.host, connection.remote.port);
    const reason = `${operation} tcp ${peer}: ${operation}: ${systemText(error)}`;
    this.#inputs.stream(id, { kind: "failed", code: error.code, reason });
  }
}
