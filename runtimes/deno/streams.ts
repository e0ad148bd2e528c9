/**
 * TCP and unix domain sockets over Deno's own sockets, which are read by pulling, like {@link
 * Connection}.
 */
import { joinHostPort } from "../../src/net/address.ts";
import type {
  Address,
  Connection,
  ConnectOptions,
  Listener,
  Streams,
  SystemError,
} from "../../src/runtime.ts";
import { canceled, systemError, timedOut } from "../shared/errors.ts";
import { openOn, peerHost } from "../shared/hosts.ts";
import { localAddress } from "../shared/local.ts";
import { type DenoAddress, type DenoConn, type DenoListener, denoApi, hasDualStack } from "./api.ts";

/**
 * The size of the buffer of a pending read. It is taken while the connection is idle, so it is small
 * until the peer fills it.
 */
const readSize = 1_024;
const readSizeMax = 64 * 1_024;
/** How long a closed connection flushes to a peer that does not read. */
const lingerMs = 5_000;
/** The pause after a failed accept, for example because there are no file descriptors left. */
const failurePauseMs = 10;
/** The longest time of a timer. */
const timeoutMaxMs = 2 ** 31 - 1;

/** TCP and unix domain sockets of Deno. */
export const streams: Streams = {
  listen: (address, accept) => openOn(address.host, (host) => listen(address, host, accept), hasDualStack()),
  connect: ({ host, port }, options) =>
    dial(
      joinHostPort(host, port),
      (signal) => denoApi().connect({ hostname: host, port, signal }),
      undefined,
      options,
    ),
  async listenLocal(path, mode, accept): Promise<Listener> {
    const local = localAddress("listen", path);
    // The umask makes the file get its mode when it is created, so it never has another.
    const umask = denoApi().umask(0o777 & ~mode);
    try {
      return new DenoStreamListener(denoApi().listen({ transport: "unix", path }), local, accept);
    } catch (error) {
      throw systemError("listen", path, error);
    } finally {
      denoApi().umask(umask);
    }
  },
  async connectLocal(path, options): Promise<Connection> {
    const local = localAddress("connect", path);
    return await dial(path, () => denoApi().connect({ transport: "unix", path }), local, options);
  },
};

function listen(address: Address, host: string, accept: (connection: Connection) => void): Listener {
  try {
    return new DenoStreamListener(
      denoApi().listen({ hostname: host, port: address.port }),
      undefined,
      accept,
    );
  } catch (error) {
    throw systemError("listen", joinHostPort(address.host, address.port), error);
  }
}

function addressOf({ hostname, port }: DenoAddress): Address {
  return { host: peerHost(hostname), port };
}

class DenoStreamListener implements Listener {
  readonly local: Address;
  readonly #path: Address | undefined;
  readonly #listener: DenoListener;
  readonly #accept: (connection: Connection) => void;
  readonly #accepting: Promise<void>;
  #closed = false;

  /** `path` is the address of both ends if this is a unix domain socket. */
  constructor(listener: DenoListener, path: Address | undefined, accept: (connection: Connection) => void) {
    this.local = path ?? addressOf(listener.addr);
    this.#path = path;
    this.#listener = listener;
    this.#accept = accept;
    this.#accepting = this.#acceptAll();
  }

  async close(): Promise<void> {
    if (!this.#closed) this.#listener.close();
    this.#closed = true;
    // The port is free when the pending accept has ended.
    await this.#accepting;
  }

  async #acceptAll(): Promise<void> {
    while (!this.#closed) {
      let accepted: DenoConn;
      try {
        accepted = await this.#listener.accept();
      } catch {
        if (this.#closed) return;
        await new Promise<void>((resolve) => setTimeout(resolve, failurePauseMs));
        continue;
      }
      if (this.#closed) accepted.close();
      else this.#accept(new DenoConnection(accepted, this.#path));
    }
  }
}

/** Dials. `local` is the address of both ends if this is a unix domain socket. */
async function dial(
  subject: string,
  open: (signal: AbortSignal) => Promise<DenoConn>,
  local: Address | undefined,
  options: ConnectOptions = {},
): Promise<Connection> {
  const { timeoutMs, signal } = options;
  if (signal?.aborted) throw canceled("connect", subject);
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  const limit = timeoutMs === undefined ? undefined : limitOf(timeoutMs);
  for (const source of [signal, limit]) source?.addEventListener("abort", abort);
  try {
    const connected = await open(controller.signal);
    if (!controller.signal.aborted) return new DenoConnection(connected, local);
    connected.close();
    throw canceled("connect", subject);
  } catch (error) {
    if (limit?.aborted !== true || signal?.aborted) throw systemError("connect", subject, error);
    throw timedOut(subject, timeoutMs);
  } finally {
    for (const source of [signal, limit]) source?.removeEventListener("abort", abort);
  }
}

/**
 * Returns a signal that aborts after a time. The first `setTimeout` of a program takes four milliseconds and four megabytes on Deno. The
 * timer of this one stays until it fires, but keeps no program that has ceased to listen from its end.
 */
function limitOf(timeoutMs: number): AbortSignal {
  return AbortSignal.timeout(Math.min(Math.max(0, Math.ceil(timeoutMs)), timeoutMaxMs));
}

class DenoConnection implements Connection {
  readonly local: Address;
  readonly remote: Address;
  readonly #socket: DenoConn;
  #buffer: Uint8Array | undefined;
  /** Rejects the pending read, if there is one. */
  #cancelRead: ((error: SystemError) => void) | undefined;
  /** The reject functions of pending writes, for when the connection is closed. */
  readonly #writes: Set<(error: SystemError) => void> = new Set();
  #writing: Promise<void> | undefined;
  #closed = false;

  constructor(socket: DenoConn, local: Address | undefined) {
    this.local = local ?? addressOf(socket.localAddr);
    this.remote = local ?? addressOf(socket.remoteAddr);
    this.#socket = socket;
    if (local === undefined) socket.setNoDelay(true);
  }

  read(): Promise<Uint8Array | null> {
    if (this.#closed) return Promise.reject(canceled("read", this.#subject));
    if (this.#cancelRead) return Promise.reject(new Error("Cannot read: another read is pending"));
    this.#buffer ??= new Uint8Array(readSize);
    const buffer = this.#buffer;
    return new Promise((resolve, reject) => {
      this.#cancelRead = reject;
      this.#socket.read(buffer).then(
        (count) => {
          this.#cancelRead = undefined;
          if (count === buffer.length && count < readSizeMax) this.#buffer = new Uint8Array(4 * count);
          resolve(count === null ? null : buffer.slice(0, count));
        },
        (error) => {
          this.#cancelRead = undefined;
          // A closed connection has told its reader already.
          if (!this.#closed) reject(systemError("read", this.#subject, error));
        },
      );
    });
  }

  write(bytes: Uint8Array): Promise<void> {
    if (this.#closed) return Promise.reject(canceled("write", this.#subject));
    const before = this.#writing;
    const written = before ? before.then(() => this.#writeAll(bytes)) : this.#writeAll(bytes);
    this.#writing = written;
    return new Promise((resolve, reject) => {
      this.#writes.add(reject);
      const settled = (): void => {
        this.#writes.delete(reject);
        if (this.#writing === written) this.#writing = undefined;
      };
      written.then(
        () => {
          resolve();
          settled();
        },
        (error) => {
          reject(systemError("write", this.#subject, error));
          settled();
        },
      );
    });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelRead?.(canceled("read", this.#subject));
    for (const reject of this.#writes) reject(canceled("write", this.#subject));
    if (this.#writing === undefined) {
      this.#release();
      return;
    }
    const timer = setTimeout(() => this.#release(), lingerMs);
    const flushed = (): void => {
      clearTimeout(timer);
      this.#release();
    };
    this.#writing.then(flushed, flushed);
  }

  get #subject(): string {
    return joinHostPort(this.remote.host, this.remote.port);
  }

  #release(): void {
    try {
      this.#socket.close();
    } catch {
      // The timer has closed it already.
    }
  }

  async #writeAll(bytes: Uint8Array): Promise<void> {
    for (let offset = 0; offset < bytes.length; ) {
      offset += await this.#socket.write(bytes.subarray(offset));
    }
  }
}
