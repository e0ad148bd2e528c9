/**
 * UDP over `node:dgram`. What the system does not take at once waits in a bounded queue; addresses are numeric, so nothing is looked up. Also the fallback of Deno when its own datagrams are not switched on.
 */
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { joinHostPort } from "../../src/net/address.ts";
import type { Address, DatagramHandler, DatagramSocket, Datagrams } from "../../src/runtime.ts";
import { systemError } from "../shared/errors.ts";
import { openOn, peerHost, socketHost } from "../shared/hosts.ts";
import { SendQueue } from "../shared/send_queue.ts";

/** How long a closing socket waits for the system to take what is queued. */
const lingerMs = 1_000;

/** Settings of {@link nodeDatagrams}. */
export interface NodeDatagramsOptions {
  /** Bytes that the system may buffer for us, 0 for its default. The system may grant less. */
  readonly receiveBufferSize: number;
  /** How many sends the runtime is given at once. Deno needs 1: it sends a burst in reverse. */
  readonly inFlightMax: number;
}

/** How long a closed socket may take to say so. */
const closeWaitMs = 100;

/** UDP of `node:dgram`. */
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
      // Windows reports a peer's closed port here. A socket outlives whatever happens to one datagram.
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
    // Deno does not always tell when it has closed a socket, nor does a closing one keep the program alive: the wait has an end.
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
        // Bad ports are thrown; every failure is reported in the same way, after the call.
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
    // A plain array instead of a Buffer, whose `slice` does not copy.
    const bytes = new Uint8Array(message.buffer, message.byteOffset, message.length);
    this.#handler.packet({ host: peerHost(from.address), port: from.port }, bytes);
  }
}

/** Answers at once, so that sends stay in call order and cost no turn of the event loop. */
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
    // Some systems refuse instead of granting less; their default serves.
  }
}
