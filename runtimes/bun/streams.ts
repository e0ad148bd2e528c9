/**
 * TCP and unix domain sockets: `Bun.listen` accepts, because a connection of Bun's `node:net` takes
 * twice the memory. `Bun.connect` cannot be cancelled: until the system gives up, after two minutes,
 * its socket stays and the program cannot end. So it dials this machine alone, which mostly replies at
 * once, and spares commands the ten milliseconds of processor time for which `node:net` is loaded.
 * All others are dialled with `node:net`.
 */

import { isLoopback, joinHostPort } from "../../src/net/address.ts";
import {
  type Address,
  type Connection,
  type ConnectOptions,
  type Listener,
  type Streams,
  SystemError,
} from "../../src/runtime.ts";
import { canceled, systemError, timedOut } from "../shared/errors.ts";
import { openOn, peerHost } from "../shared/hosts.ts";
import { localAddress } from "../shared/local.ts";
import { type BunListener, type BunSocket, type BunSocketHandlers, type BunTarget, bunApi } from "./api.ts";

const readSizeMax = 64 * 1024;
/** How long a closed connection flushes to a peer that does not read. */
const lingerMs = 5_000;

/** TCP and unix domain sockets of Bun; those of `node:net` for dialling other machines. */
export const streams: Streams = {
  listen: (address, accept) => openOn(address.host, (host) => listen(address, host, accept)),
  async connect(address, options): Promise<Connection> {
    const { host, port } = address;
    if (!isLoopback(host))
      return await (await import("../node/streams.ts")).streams.connect(address, options);
    return await dial(joinHostPort(host, port), { hostname: host, port }, addressesOf, options);
  },
  async listenLocal(path, mode, accept): Promise<Listener> {
    const local = localAddress("listen", path);
    // The umask makes the file get its mode when it is created, so it never has another.
    const umask = process.umask(0o777 & ~mode);
    try {
      const socket = handlers(accept, () => [local, local]);
      return new BunStreamListener(bunApi().listen({ unix: path, allowHalfOpen: true, socket }), local);
    } catch (error) {
      throw systemError("listen", path, error);
    } finally {
      process.umask(umask);
    }
  },
  async connectLocal(path, options): Promise<Connection> {
    const local = localAddress("connect", path);
    return await dial(path, { unix: path }, () => [local, local], options);
  },
};

/** Dials this machine. A connection that comes about too late is closed. */
function dial(
  subject: string,
  target: BunTarget,
  addresses: (socket: BunSocket<unknown>) => Addresses | undefined,
  { timeoutMs, signal }: ConnectOptions = {},
): Promise<Connection> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(canceled("connect", subject));
    let isOver = false;
    const timer = timeoutMs === undefined ? undefined : setTimeout(expire, timeoutMs);
    signal?.addEventListener("abort", abort);
    const open = handlers((connection) => {
      if (isOver) return connection.close();
      settle();
      resolve(connection);
    }, addresses);
    const connectError = (_socket: unknown, error: Error): void =>
      fail(systemError("connect", subject, error));
    const close = (socket: BunSocket<BunConnection | undefined>, error?: Error): void => {
      open.close(socket, error);
      // It may be gone before its addresses could be read.
      connectError(undefined, error ?? connectionLost());
    };
    const socket = { ...open, close, connectError };
    // The promise is rejected with the same error.
    bunApi()
      .connect({ ...target, allowHalfOpen: true, socket })
      .catch((error: Error) => connectError(undefined, error));

    function expire(): void {
      fail(timedOut(subject, timeoutMs));
    }
    function abort(): void {
      fail(canceled("connect", subject));
    }
    function settle(): void {
      isOver = true;
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    }
    function fail(error: SystemError): void {
      if (isOver) return;
      settle();
      reject(error);
    }
  });
}

function listen(address: Address, host: string, accept: (connection: Connection) => void): Listener {
  const socket = handlers(accept, addressesOf);
  try {
    const where = { hostname: host, port: address.port, ipv6Only: false, exclusive: true };
    const listener = bunApi().listen({ ...where, allowHalfOpen: true, socket });
    return new BunStreamListener(listener, { host: peerHost(listener.hostname), port: listener.port });
  } catch (error) {
    throw systemError("listen", joinHostPort(address.host, address.port), error);
  }
}

type Addresses = readonly [local: Address, remote: Address];

/** Returns the addresses of both ends, or `undefined` if the peer is gone already. */
function addressesOf(socket: BunSocket<unknown>): Addresses | undefined {
  const { localAddress, localPort, remoteAddress, remotePort } = socket;
  if (localAddress === undefined || remoteAddress === undefined) return undefined;
  return [
    { host: peerHost(localAddress), port: localPort },
    { host: peerHost(remoteAddress), port: remotePort },
  ];
}

/** Returns the handlers that all connections of a listener share. */
function handlers(
  accept: (connection: Connection) => void,
  addresses: (socket: BunSocket<unknown>) => Addresses | undefined,
): BunSocketHandlers<BunConnection | undefined> {
  return {
    binaryType: "uint8array",
    open(socket): void {
      const ends = addresses(socket);
      if (ends === undefined) {
        socket.close();
        return;
      }
      socket.data = new BunConnection(socket, ends);
      accept(socket.data);
    },
    data: (socket, bytes) => socket.data?.received(bytes),
    drain: (socket) => socket.data?.flush(),
    end: (socket) => socket.data?.ended(),
    close: (socket, error) => socket.data?.lost(error),
  };
}

function connectionLost(): Error {
  return Object.assign(new Error("connection lost"), { code: "ECONNRESET" });
}

class BunStreamListener implements Listener {
  readonly local: Address;
  readonly #listener: BunListener;

  constructor(listener: BunListener, local: Address) {
    this.local = local;
    this.#listener = listener;
  }

  async close(): Promise<void> {
    this.#listener.stop();
  }
}

/** A read that waits for bytes. */
interface PendingRead {
  readonly resolve: (bytes: Uint8Array | null) => void;
  readonly reject: (error: SystemError) => void;
}

/** A write whose bytes the system has not accepted yet, or not all of them. */
interface PendingWrite {
  rest: Uint8Array;
  readonly resolve: () => void;
  readonly reject: (error: SystemError) => void;
}

/**
 * A connection. It reads ahead until bytes come that nobody reads; then the socket pauses,
 * so that the peer gets back-pressure.
 */
class BunConnection implements Connection {
  readonly local: Address;
  readonly remote: Address;
  readonly #socket: BunSocket<unknown>;
  /** Bytes that were received and not read. */
  #held: Uint8Array[] | undefined;
  #reader: PendingRead | undefined;
  #writes: PendingWrite[] | undefined;
  #paused = false;
  #ended = false;
  #closed = false;
  /** Why the socket is closed, if it is. */
  #failure: Error | undefined;
  #linger: ReturnType<typeof setTimeout> | undefined;

  constructor(socket: BunSocket<unknown>, [local, remote]: Addresses) {
    this.local = local;
    this.remote = remote;
    this.#socket = socket;
  }

  read(): Promise<Uint8Array | null> {
    if (this.#reader) return Promise.reject(new Error("Cannot read: another read is pending"));
    if (this.#closed) return Promise.reject(canceled("read", this.#subject));
    const bytes = this.#take();
    if (bytes) return Promise.resolve(bytes);
    if (this.#ended) return Promise.resolve(null);
    if (this.#failure) return Promise.reject(systemError("read", this.#subject, this.#failure));
    if (this.#paused) {
      this.#paused = false;
      this.#socket.resume();
    }
    return new Promise((resolve, reject) => {
      this.#reader = { resolve, reject };
    });
  }

  write(bytes: Uint8Array): Promise<void> {
    if (this.#closed) return Promise.reject(canceled("write", this.#subject));
    if (this.#failure) return Promise.reject(this.#writeError(this.#failure));
    let count = 0;
    if (!this.#writes?.length) {
      count = bytes.length === 0 ? 0 : this.#socket.write(bytes);
      if (count === bytes.length) return Promise.resolve();
      if (count < 0) return Promise.reject(this.#writeError({ code: "EPIPE", message: "it was closed" }));
    }
    return new Promise((resolve, reject) => {
      this.#writes ??= [];
      this.#writes.push({ rest: bytes.subarray(count), resolve, reject });
    });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#held = undefined;
    this.#takeReader()?.reject(canceled("read", this.#subject));
    if (this.#failure) return;
    if (!this.#writes?.length) {
      this.#socket.close();
      return;
    }
    for (const { reject } of this.#writes) reject(canceled("write", this.#subject));
    this.#linger = setTimeout(() => this.#socket.close(), lingerMs);
  }

  /** Takes bytes of the socket, for the reader or to hold them. */
  received(bytes: Uint8Array): void {
    if (this.#closed) return;
    this.#held ??= [];
    this.#held.push(bytes);
    const reader = this.#takeReader();
    reader?.resolve(this.#take()!);
    if (this.#held.length === 0 || this.#paused) return;
    this.#paused = true;
    this.#socket.pause();
  }

  /** The peer sends no more. */
  ended(): void {
    this.#ended = true;
    this.#takeReader()?.resolve(null);
  }

  /** The socket is closed. Without `error` it closed in order. */
  lost(error: Error | undefined): void {
    clearTimeout(this.#linger);
    this.#failure = error ?? connectionLost();
    if (this.#closed) return;
    this.#takeReader()?.reject(systemError("read", this.#subject, this.#failure));
    for (const { reject } of this.#writes ?? []) reject(this.#writeError(this.#failure));
    this.#writes = undefined;
  }

  /** Sends what waits to be written, as far as the system accepts it. */
  flush(): void {
    const writes = this.#writes ?? [];
    for (let next = writes[0]; next; next = writes[0]) {
      const count = this.#socket.write(next.rest);
      if (count < next.rest.length) {
        next.rest = next.rest.subarray(Math.max(0, count));
        return;
      }
      writes.shift();
      next.resolve();
    }
    if (this.#closed) this.#socket.close();
  }

  get #subject(): string {
    return joinHostPort(this.remote.host, this.remote.port);
  }

  #takeReader(): PendingRead | undefined {
    const reader = this.#reader;
    this.#reader = undefined;
    return reader;
  }

  /** Takes the first of the held bytes. */
  #take(): Uint8Array | undefined {
    const first = this.#held?.[0];
    if (!first) return undefined;
    if (first.length <= readSizeMax) this.#held!.shift();
    else this.#held![0] = first.subarray(readSizeMax);
    return first.subarray(0, readSizeMax);
  }

  #writeError(error: unknown): SystemError {
    const { code, message, cause } = systemError("write", this.#subject, error);
    return new SystemError(code === "EUNKNOWN" ? "EPIPE" : code, "write", message, { cause });
  }
}
