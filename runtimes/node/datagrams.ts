/**
 * UDP over `node:dgram`. Datagrams that the system does not accept at once wait in a bounded queue.
 * Deno uses it too if its own datagrams are not switched on.
 */
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { joinHostPort } from "../../src/net/address.ts";
import type { Address, DatagramHandler, DatagramSocket, Datagrams } from "../../src/runtime.ts";
import { systemError } from "../shared/errors.ts";
import { openOn, peerHost, socketHost } from "../shared/hosts.ts";
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
}

/** How long to wait for the callback of `close`. */
const closeWaitMs = 100;

/** Returns UDP sockets of `node:dgram`. */
export function nodeDatagrams(options: NodeDatagramsOptions): Datagrams {
  return {
    bind: (address, handler) => openOn(address.host, (host) => bind(address, host, handler, options)),
  };
}

function bind(
  address: Address,
  host: string,
  handler: DatagramHandler,
  options: NodeDatagramsOptions,
): Promise<DatagramSocket> {
  const ipv6 = host.includes(":");
  const socket = createSocket({ type: ipv6 ? "udp6" : "udp4", lookup: numeric });
  return new Promise((resolve, reject) => {
    socket.once("error", (error) => {
      socket.close();
      reject(systemError("bind", joinHostPort(address.host, address.port), error));
    });
    socket.bind({ address: host, port: address.port, exclusive: true }, () => {
      socket.removeAllListeners("error");
      // Windows reports a peer's closed port here. The socket stays open, whatever happens to a
      // datagram.
      socket.on("error", () => {});
      if (options.receiveBufferSize > 0) growReceiveBuffer(socket, options.receiveBufferSize);
      resolve(new NodeDatagramSocket(socket, ipv6, handler, options));
    });
  });
}

class NodeDatagramSocket implements DatagramSocket {
  readonly local: Address;
  readonly #socket: Socket;
  readonly #ipv6: boolean;
  readonly #inFlightMax: number;
  readonly #handler: DatagramHandler;
  readonly #queue: SendQueue = new SendQueue();
  #inFlight = 0;
  #closed: Promise<void> | undefined;
  #drained: () => void = () => {};

  constructor(
    socket: Socket,
    ipv6: boolean,
    handler: DatagramHandler,
    { inFlightMax }: NodeDatagramsOptions,
  ) {
    const { address, port } = socket.address();
    this.local = { host: peerHost(address), port };
    this.#socket = socket;
    this.#ipv6 = ipv6;
    this.#handler = handler;
    this.#inFlightMax = inFlightMax;
    socket.on("message", (message, from) => this.#receive(message, from));
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
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    if (this.#inFlight > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, lingerMs);
        this.#drained = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    // Deno does not always call back when it has closed a socket, and a closing socket does not
    // keep the program running. So the wait has a limit.
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, closeWaitMs);
      this.#socket.close(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #flush(): void {
    while (this.#inFlight < this.#inFlightMax) {
      const next = this.#queue.peek();
      if (!next) return;
      this.#queue.shift();
      this.#inFlight += 1;
      const { to, bytes } = next;
      try {
        this.#socket.send(bytes, to.port, socketHost(to.host, this.#ipv6), (error) => this.#sent(to, error));
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
