/** Streams between parts of one test: connections with back-pressure and without a system. */

import type { Address, Connection, Listener, Streams } from "../../src/runtime.ts";
import { SystemError } from "../../src/runtime.ts";

/** Bytes that may wait for a reader before a write has to. */
const windowSize = 64 << 10;

class Pipe {
  #chunks: Uint8Array[] = [];
  #size = 0;
  #ended = false;
  #changed: (() => void)[] = [];

  async read(): Promise<Uint8Array | null> {
    while (this.#chunks.length === 0 && !this.#ended) await this.#change();
    const chunk = this.#chunks.shift();
    if (chunk === undefined) return null;
    this.#size -= chunk.length;
    this.#notify();
    return chunk;
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#ended) throw new SystemError("EPIPE", "write", "the reader is gone");
    this.#chunks.push(bytes.slice());
    this.#size += bytes.length;
    this.#notify();
    while (this.#size > windowSize && !this.#ended) await this.#change();
    if (this.#size > windowSize) throw new SystemError("EPIPE", "write", "the reader is gone");
  }

  end(): void {
    this.#ended = true;
    this.#notify();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#changed.push(resolve));
  }

  #notify(): void {
    for (const resolve of this.#changed.splice(0)) resolve();
  }
}

class MemoryConnection implements Connection {
  readonly local: Address;
  readonly remote: Address;
  readonly #inward: Pipe;
  readonly #outward: Pipe;
  #closed = false;

  constructor(local: Address, remote: Address, inward: Pipe, outward: Pipe) {
    this.local = local;
    this.remote = remote;
    this.#inward = inward;
    this.#outward = outward;
  }

  async read(): Promise<Uint8Array | null> {
    const bytes = await this.#inward.read();
    if (this.#closed) throw new SystemError("ECANCELED", "read", "closed");
    return bytes;
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#closed) throw new SystemError("ECANCELED", "write", "closed");
    await this.#outward.write(bytes);
  }

  close(): void {
    this.#closed = true;
    this.#outward.end();
    this.#inward.end();
  }
}

/** A network of its own. */
export class MemoryStreams implements Streams {
  readonly #listeners = new Map<string, (connection: Connection) => void>();
  #port = 40_000;

  async listen(address: Address, accept: (connection: Connection) => void): Promise<Listener> {
    const key = `${address.host}:${address.port}`;
    if (this.#listeners.has(key)) throw new SystemError("EADDRINUSE", "listen", "in use");
    this.#listeners.set(key, accept);
    return {
      local: address,
      close: async () => {
        this.#listeners.delete(key);
      },
    };
  }

  async connect(address: Address): Promise<Connection> {
    const accept = this.#listeners.get(`${address.host}:${address.port}`);
    if (accept === undefined) throw new SystemError("ECONNREFUSED", "connect", "nobody listens");
    const client = { host: "127.0.0.1", port: this.#port++ };
    const [there, back] = [new Pipe(), new Pipe()];
    accept(new MemoryConnection(address, client, there, back));
    return new MemoryConnection(client, address, back, there);
  }

  listenLocal(path: string, _mode: number, accept: (connection: Connection) => void): Promise<Listener> {
    return this.listen({ host: path, port: 0 }, accept);
  }

  connectLocal(path: string): Promise<Connection> {
    return this.connect({ host: path, port: 0 });
  }
}
