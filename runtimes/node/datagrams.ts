/**
 * UDP over `node:dgram`. Datagrams that the system does not accept at once wait in a bounded queue.
 * Deno uses it too if its own datagrams are not switched on.
 */
import type { RemoteInfo, Socket } from "node:dgram";
import { joinHostPort } from "../../src/net/address.ts";
import type { Address, DatagramHandler, DatagramSocket, Datagrams } from "../../src/runtime.ts";
import { systemError } from "../shared/errors.ts";
import { openOn, peerHost, socketHost } from "../shared/hosts.ts";
import { Port, type PortSocketOptions } from "../shared/port.ts";
import { SendQueue } from "../shared/send_queue.ts";

/** How long a closing socket waits until the queue is sent. */
const lingerMs = 1_000;

/** Settings of {@link nodeDatagrams}. */
export interface NodeDatagramsOptions {
  /**
   * The size of the system's receive buffer in bytes, or 0 for its default. The system may grant
   * less.
   */
  readonly receiveBufferSize: number;
  /**
   * How many sends may be under way at the same time. Deno needs 1, because it sends a burst in
   * reverse order.
   */
  readonly inFlightMax: number;
  /** Whether receive buffers can be reserved. Deno does not connect sockets in the system. */
  readonly reserves: boolean;
}

/** How long to wait for the callback of `close`. */
const closeWaitMs = 100;

/** Returns UDP sockets of `node:dgram`. */
export function nodeDatagrams(options: NodeDatagramsOptions): Datagrams {
  return {
    bind: (address, handler) => openOn(address.host, (host) => bind(address, host, handler, options)),
  };
}

async function bind(
  address: Address,
  host: string,
  handler: DatagramHandler,
  options: NodeDatagramsOptions,
): Promise<DatagramSocket> {
  const { createSocket } = await import("node:dgram");
  const socket = new NodeDatagramSocket(createSocket, host, handler, options);
  await socket.open(address).catch((error: unknown) => {
    throw systemError("bind", joinHostPort(address.host, address.port), error);
  });
  return socket;
}

type CreateSocket = typeof import("node:dgram").createSocket;

class NodeDatagramSocket implements DatagramSocket {
  readonly reserve?: (peers: readonly Address[]) => void;
  readonly #createSocket: CreateSocket;
  readonly #host: string;
  readonly #ipv6: boolean;
  readonly #options: NodeDatagramsOptions;
  readonly #handler: DatagramHandler;
  readonly #queue: SendQueue = new SendQueue();
  readonly #port: Port<Socket>;
  #local!: Address;
  #inFlight = 0;
  #closed: Promise<void> | undefined;
  #drained: () => void = () => {};

  constructor(
    createSocket: CreateSocket,
    host: string,
    handler: DatagramHandler,
    options: NodeDatagramsOptions,
  ) {
    this.#createSocket = createSocket;
    this.#host = host;
    this.#ipv6 = host.includes(":");
    this.#handler = handler;
    this.#options = options;
    this.#port = new Port({
      open: (kind) => this.#openSocket(this.#local.port, kind),
      close: closeSocket,
      idle: () => this.#idle(),
      reopened: () => this.#flush(),
    });
    if (options.reserves) this.reserve = (peers) => this.#port.reserve(peers);
  }

  async open(address: Address): Promise<void> {
    this.#local = address;
    const bound = (await this.#port.open()).address();
    this.#local = { host: peerHost(bound.address), port: bound.port };
  }

  get local(): Address {
    return this.#local;
  }

  get dropped(): number {
    return this.#queue.dropped;
  }

  send(to: Address, bytes: Uint8Array): void {
    if (this.#closed) return;
    this.#queue.push(to, bytes);
    this.#flush();
  }

  close(): Promise<void> {
    this.#closed ??= this.#port.close();
    return this.#closed;
  }

  /** Opens a socket. All of that happens at once, because addresses are numeric. */
  async #openSocket(port: number, { shared, peer }: PortSocketOptions): Promise<Socket> {
    const type = this.#ipv6 ? "udp6" : "udp4";
    const socket = this.#createSocket({ type, lookup: numeric, reuseAddr: shared });
    socket.on("message", (message, from) => this.#receive(message, from));
    try {
      await new Promise<void>((resolve, reject) => {
        socket.once("error", reject);
        socket.once("connect", resolve);
        socket.bind({ address: this.#host, port, exclusive: true }, () => {
          if (peer === undefined) resolve();
          else socket.connect(peer.port, socketHost(peer.host, this.#ipv6));
        });
      });
    } catch (error) {
      socket.close();
      throw error;
    }
    socket.removeAllListeners("error");
    // Windows reports a peer's closed port here, and connected sockets report it everywhere. The
    // socket stays open, whatever happens to a datagram.
    socket.on("error", () => {});
    const { receiveBufferSize } = this.#options;
    if (receiveBufferSize > 0 && peer === undefined) growReceiveBuffer(socket, receiveBufferSize);
    return socket;
  }

  /** Resolves when no send is under way. */
  async #idle(): Promise<void> {
    if (this.#inFlight === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, lingerMs);
      this.#drained = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #flush(): void {
    const socket = this.#port.common;
    while (socket !== undefined && this.#inFlight < this.#options.inFlightMax) {
      const next = this.#queue.peek();
      if (!next) return;
      this.#queue.shift();
      this.#inFlight += 1;
      const { to, bytes } = next;
      try {
        socket.send(bytes, to.port, socketHost(to.host, this.#ipv6), (error) => this.#sent(to, error));
      } catch (error) {
        // Node throws for invalid ports. Report that like any other failure, after the call.
        queueMicrotask(() => this.#sent(to, error));
      }
    }
  }

  #sent(to: Address, error: unknown): void {
    this.#inFlight -= 1;
    if (error && !this.#closed) {
      this.#handler.sendFailed(to, systemError("send", joinHostPort(to.host, to.port), error));
    }
    this.#flush();
    if (this.#inFlight === 0) this.#drained();
  }

  #receive(message: Uint8Array, from: RemoteInfo): void {
    if (this.#closed) return;
    // A plain array, because the `slice` of a Buffer does not copy.
    const bytes = new Uint8Array(message.buffer, message.byteOffset, message.length);
    this.#handler.packet({ host: peerHost(from.address), port: from.port }, bytes);
  }
}

/**
 * Replaces the DNS lookup: addresses are numeric. It calls back at once, so that sends stay in
 * order and do not wait for the event loop.
 */
function numeric(
  host: string,
  _options: unknown,
  callback: (error: null, address: string, family: number) => void,
): void {
  callback(null, host, host.includes(":") ? 6 : 4);
}

function growReceiveBuffer(socket: Socket, size: number): void {
  try {
    socket.setRecvBufferSize(size);
  } catch {
    // Some systems refuse a size instead of granting less. Keep their default.
  }
}

/**
 * Closes a socket. Deno does not always call back when it has closed one, and a closing socket does
 * not keep the program running. So the wait has a limit.
 */
function closeSocket(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, closeWaitMs);
    socket.close(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
