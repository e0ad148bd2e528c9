/**
 * The clients that have not yet shaken hands and authenticated. A new one is always taken in; if
 * there are too many, an older one is given up for it, so that connections that say nothing lock
 * nobody out.
 */

import { sourceOf } from "../../net/address.ts";

/** Unauthenticated clients at a time. */
export const unauthenticatedMax = 256;

/** Those of them from one source: one address, or one network of IPv6. */
export const unauthenticatedPerSourceMax = 128;

/** What is known of a client. */
export interface WaitingClient {
  /** Whether it has sent nothing yet. */
  readonly silent: boolean;
}

/** Unauthenticated clients by source, oldest first. */
export class Unauthenticated<Client extends WaitingClient> {
  readonly #sources = new Map<string, Set<Client>>();
  readonly #sourceOf = new Map<Client, string>();

  /** Number of clients. */
  get size(): number {
    return this.#sourceOf.size;
  }

  /** Takes a client in; returns the one to give up for it, which is forgotten here. */
  add(client: Client, host: string): Client | undefined {
    const source = sourceOf(host);
    const clients = this.#sources.get(source) ?? new Set();
    const given =
      clients.size >= unauthenticatedPerSourceMax
        ? leastWorth(clients)
        : this.size >= unauthenticatedMax
          ? leastWorth(this.#largest())
          : undefined;
    if (given !== undefined) this.delete(given);
    this.#sources.set(source, clients.add(client));
    this.#sourceOf.set(client, source);
    return given;
  }

  /** Forgets a client that has authenticated or is gone. */
  delete(client: Client): void {
    const source = this.#sourceOf.get(client);
    if (source === undefined) return;
    this.#sourceOf.delete(client);
    const clients = this.#sources.get(source)!;
    clients.delete(client);
    if (clients.size === 0) this.#sources.delete(source);
  }

  /** The clients of the source that has most; of the first one if several have as many. */
  #largest(): Iterable<Client> {
    let largest = new Set<Client>();
    for (const clients of this.#sources.values()) if (clients.size > largest.size) largest = clients;
    return largest;
  }
}

/** The oldest that has sent nothing, or else the oldest. */
function leastWorth<Client extends WaitingClient>(clients: Iterable<Client>): Client | undefined {
  let oldest: Client | undefined;
  for (const client of clients) {
    if (client.silent) return client;
    oldest ??= client;
  }
  return oldest;
}
