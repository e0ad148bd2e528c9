/**
 * The TCP side of a node: performs dials, writes and closes that the core asked for, and feeds it what arrives.
 */

import { dialText, systemText } from "../go/system_errors.ts";
import { joinHostPort } from "../net/address.ts";
import type { Address, Connection, Streams, SystemError } from "../runtime.ts";

/** What the core wants to know of its conversations. */
export interface StreamInputs {
  /** Returns the id of an accepted conversation, or `undefined` to refuse it. */
  accepted(peer: Address): number | undefined;
  opened(id: number): void;
  received(id: number, bytes: Uint8Array): void;
  ended(id: number): void;
  failed(id: number, text: string): void;
}

/** All TCP conversations of one node. */
export class Connections {
  readonly #streams: Streams;
  readonly #inputs: StreamInputs;
  readonly #open = new Map<number, Connection>();
  readonly #dialing = new Map<number, AbortController>();

  constructor(streams: Streams, inputs: StreamInputs) {
    this.#streams = streams;
    this.#inputs = inputs;
  }

  /** Takes an accepted connection. */
  accept(connection: Connection): void {
    const id = this.#inputs.accepted(connection.remote);
    if (id === undefined) {
      connection.close();
      return;
    }
    this.#open.set(id, connection);
    void this.#read(id, connection);
  }

  /** Opens a connection for a conversation. */
  async dial(id: number, to: Address, timeoutMs: number): Promise<void> {
    const controller = new AbortController();
    this.#dialing.set(id, controller);
    let connection: Connection;
    try {
      connection = await this.#streams.connect(to, { timeoutMs, signal: controller.signal });
    } catch (error) {
      if (this.#dialing.delete(id)) this.#inputs.failed(id, dialText(to, error));
      return;
    }
    if (!this.#dialing.delete(id)) {
      connection.close();
      return;
    }
    this.#open.set(id, connection);
    this.#inputs.opened(id);
    await this.#read(id, connection);
  }

  /** Writes to a conversation; a failure is reported like any other. */
  write(id: number, bytes: Uint8Array): void {
    this.#open
      .get(id)
      ?.write(bytes)
      .catch((error: SystemError) => this.#broken(id, "write", error));
  }

  /** Flushes and closes a conversation. */
  close(id: number): void {
    this.#dialing.get(id)?.abort();
    this.#dialing.delete(id);
    this.#open.get(id)?.close();
    this.#open.delete(id);
  }

  /** Closes everything. */
  closeAll(): void {
    for (const id of [...this.#dialing.keys(), ...this.#open.keys()]) this.close(id);
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
        this.#inputs.ended(id);
        return;
      }
      this.#inputs.received(id, bytes);
    }
  }

  #broken(id: number, operation: "read" | "write", error: SystemError): void {
    const connection = this.#open.get(id);
    if (connection === undefined) return;
    const { host, port } = connection.remote;
    this.#inputs.failed(
      id,
      `${operation} tcp ${joinHostPort(host, port)}: ${operation}: ${systemText(error)}`,
    );
  }
}
