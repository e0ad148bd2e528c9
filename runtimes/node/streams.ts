/**
 * TCP and unix domain sockets over `node:net`, which is loaded with the first of them; Bun dials
 * with it too. A socket is read on demand: the runtime reads ahead until its stream buffer is full,
 * and then the peer gets back-pressure.
 */
import type { AddressInfo, ListenOptions, NetConnectOpts, Server, Socket } from "node:net";
import { joinHostPort } from "../../src/net/address.ts";
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
import { builtin } from "./builtin.ts";

type Net = typeof import("node:net");

const readSizeMax = 64 * 1024;
/** How long a closed connection flushes to a peer that does not read. */
const lingerMs = 5_000;

/** TCP and unix domain sockets of `node:net`. */
export const streams: Streams = {
  listen: (address, accept) => openOn(address.host, (host) => listen(address, host, accept)),
  async connect(address, options): Promise<Connection> {
    const { host, port } = address;
    const target = { host, port, noDelay: true, autoSelectFamily: false };
    return await dial(joinHostPort(host, port), target, undefined, options);
  },
  async listenLocal(path, mode, accept): Promise<Listener> {
    const local = localAddress("listen", path);
    const net = builtin("net");
    // The umask makes the file get its mode when it is created, so it never has another.
    const umask = process.umask(0o777 & ~mode);
    try {
      return await open(net, path, { path }, local, accept, () => process.umask(umask));
    } catch (error) {
      throw await whyNoFile(error as SystemError, path);
    }
  },
  async connectLocal(path, options): Promise<Connection> {
    return await dial(path, { path }, localAddress("connect", path), options);
  },
};

async function listen(
  address: Address,
  host: string,
  accept: (connection: Connection) => void,
): Promise<Listener> {
  const where = { host, port: address.port, ipv6Only: false, exclusive: true };
  return await open(builtin("net"), joinHostPort(address.host, address.port), where, undefined, accept);
}

/**
 * Listens. `local` is the address of both ends if this is a unix domain socket. `begun` is called
 * right after the system call.
 */
function open(
  { createServer }: Net,
  subject: string,
  where: ListenOptions,
  local: Address | undefined,
  accept: (connection: Connection) => void,
  begun?: () => void,
): Promise<Listener> {
  const server = createServer({ allowHalfOpen: true, noDelay: local === undefined }, (socket) => {
    // A peer that has closed the connection already has no address any more.
    if (local === undefined && socket.remoteAddress === undefined) socket.destroy();
    else accept(new NodeConnection(socket, local));
  });
  return new Promise((resolve, reject) => {
    server.once("error", (error) => reject(systemError("listen", subject, error)));
    server.listen(where, () => {
      server.removeAllListeners("error");
      // If a connection cannot be accepted, for example because there are no file descriptors left,
      // the listener continues.
      server.on("error", () => {});
      resolve(new NodeListener(server, local ?? addressOf(server)));
    });
    begun?.();
  });
}

/**
 * Returns the real reason why the file of a socket cannot be created: Node reports `EACCES` also if
 * its directory does not exist.
 */
async function whyNoFile(error: SystemError, path: string): Promise<SystemError> {
  if (error.code !== "EACCES") return error;
  const { stat } = await import("node:fs/promises");
  try {
    await stat(builtin("path").dirname(path));
    return error;
  } catch (missing) {
    return systemError("listen", path, missing);
  }
}

function addressOf(server: Server): Address {
  const bound = server.address() as AddressInfo;
  return { host: peerHost(bound.address), port: bound.port };
}

class NodeListener implements Listener {
  readonly local: Address;
  readonly #server: Server;

  constructor(server: Server, local: Address) {
    this.local = local;
    this.#server = server;
  }

  async close(): Promise<void> {
    // Do not wait for the callback of `close`, which waits for all accepted connections. The port
    // is free in the next turn of the event loop.
    if (this.#server.listening) this.#server.close();
    await new Promise<void>((resolve) => setTimeout(resolve, 0));
  }
}

async function dial(
  subject: string,
  target: NetConnectOpts,
  local: Address | undefined,
  options: ConnectOptions = {},
): Promise<Connection> {
  const { timeoutMs, signal } = options;
  const { connect } = builtin("net");
  return await new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(canceled("connect", subject));
    const socket = connect({ ...target, allowHalfOpen: true });
    const timer = timeoutMs === undefined ? undefined : setTimeout(expire, timeoutMs);
    signal?.addEventListener("abort", abort);
    socket.on("error", refuse);
    socket.once("connect", () => {
      settle();
      resolve(new NodeConnection(socket, local));
    });

    function expire(): void {
      fail(timedOut(subject, timeoutMs));
    }
    function abort(): void {
      fail(canceled("connect", subject));
    }
    function refuse(error: Error): void {
      fail(systemError("connect", subject, error));
    }
    function settle(): void {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
      socket.off("error", refuse);
    }
    function fail(error: SystemError): void {
      settle();
      socket.on("error", () => {});
      socket.destroy();
      reject(error);
    }
  });
}

class NodeConnection implements Connection {
  readonly local: Address;
  readonly remote: Address;
  readonly #socket: Socket;
  readonly #writes: Set<(error: SystemError) => void> = new Set();
  #wake: (() => void) | undefined;
  #failure: SystemError | undefined;
  #ended = false;
  #closed = false;

  /** `local` is the address of both ends if this is a unix domain socket. */
  constructor(socket: Socket, local: Address | undefined) {
    this.local = local ?? { host: peerHost(socket.localAddress ?? ""), port: socket.localPort ?? 0 };
    this.remote = local ?? { host: peerHost(socket.remoteAddress ?? ""), port: socket.remotePort ?? 0 };
    this.#socket = socket;
    const wake = (): void => this.#wake?.();
    socket.on("readable", wake);
    socket.on("end", () => {
      this.#ended = true;
      wake();
    });
    socket.on("error", (error) => {
      this.#failure ??= systemError("read", this.#subject, error);
      wake();
    });
    socket.on("close", () => {
      this.#failure ??= new SystemError(
        "ECONNRESET",
        "read",
        `Cannot read ${this.#subject}: connection lost`,
      );
      wake();
    });
  }

  async read(): Promise<Uint8Array | null> {
    if (this.#wake) throw new Error("Cannot read: another read is pending");
    for (;;) {
      if (this.#closed) throw canceled("read", this.#subject);
      const chunk = this.#take();
      if (chunk) return chunk;
      if (this.#ended) return null;
      if (this.#failure) throw this.#failure;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
  }

  write(bytes: Uint8Array): Promise<void> {
    if (this.#closed) return Promise.reject(canceled("write", this.#subject));
    if (this.#failure) return Promise.reject(this.#writeError(this.#failure));
    if (bytes.length === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#writes.add(reject);
      this.#socket.write(bytes, (error) => {
        this.#writes.delete(reject);
        if (error) reject(this.#writeError(error));
        else resolve();
      });
    });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#wake?.();
    for (const reject of this.#writes) reject(canceled("write", this.#subject));
    if (this.#socket.destroyed) return;
    const timer = setTimeout(() => this.#socket.destroy(), lingerMs);
    this.#socket.once("close", () => clearTimeout(timer));
    this.#socket.end(() => this.#socket.destroy());
  }

  get #subject(): string {
    return joinHostPort(this.remote.host, this.remote.port);
  }

  #take(): Uint8Array | null {
    const size = Math.min(this.#socket.readableLength, readSizeMax);
    // With an empty buffer `read()` returns nothing, but makes the runtime fill its buffer again.
    const chunk: Uint8Array | null = size > 0 ? this.#socket.read(size) : this.#socket.read();
    // A plain array, because the `slice` of a Buffer does not copy.
    return chunk && new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length);
  }

  /** Returns the error of a write. If the connection has failed before, it has that reason. */
  #writeError(error: Error): SystemError {
    const { code, message } = systemError("write", this.#subject, this.#failure?.cause ?? error);
    return new SystemError(code === "EUNKNOWN" ? "EPIPE" : code, "write", message, { cause: error });
  }
}
