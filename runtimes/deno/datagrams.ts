/**
 * UDP over `Deno.listenDatagram`. It sends asynchronously and in no particular order, so datagrams
 * wait in a bounded queue and are sent one by one. Without the unstable feature `net` there is only
 * `node:dgram`, which takes about 25 times the processor time per packet.
 */
import { joinHostPort } from "../../src/net/address.ts";
import type { Address, DatagramHandler, DatagramSocket, Datagrams } from "../../src/runtime.ts";
import { systemError } from "../shared/errors.ts";
import { openOn, peerHost, socketHost } from "../shared/hosts.ts";
import { SendQueue } from "../shared/send_queue.ts";
import { type DenoDatagramConn, denoApi, hasDualStack } from "./api.ts";

/** Larger than any datagram. */
const bufferSize = 65_536;
/** How long a closing socket waits until the queue is sent. */
const lingerMs = 1_000;
/** The pause after a failed receive, so that a lasting failure does not become a busy loop. */
const failurePauseMs = 10;

/** Setting the size of the receive buffer makes Deno's `node:dgram` even slower. */
const fallback = { receiveBufferSize: 0, inFlightMax: 1, reserves: false };

/** UDP sockets of Deno. */
export const datagrams: Datagrams = {
  async bind(address, handler): Promise<DatagramSocket> {
    if (!denoApi().listenDatagram) {
      const { nodeDatagrams } = await import("../node/datagrams.ts");
      return await nodeDatagrams(fallback).bind(address, handler);
    }
    return await openOn(address.host, (host) => bind(address, host, handler), hasDualStack());
  },
};

function bind(address: Address, host: string, handler: DatagramHandler): DatagramSocket {
  try {
    const socket = denoApi().listenDatagram!({ transport: "udp", hostname: host, port: address.port });
    return new DenoDatagramSocket(socket, host.includes(":"), handler);
  } catch (error) {
    throw systemError("bind", joinHostPort(address.host, address.port), error);
  }
}

class DenoDatagramSocket implements DatagramSocket {
  readonly local: Address;
  readonly #socket: DenoDatagramConn;
  readonly #ipv6: boolean;
  readonly #handler: DatagramHandler;
  readonly #queue: SendQueue = new SendQueue();
  readonly #receiving: Promise<void>;
  #sending: Promise<void> | undefined;
  #closed: Promise<void> | undefined;

  constructor(socket: DenoDatagramConn, ipv6: boolean, handler: DatagramHandler) {
    this.local = { host: peerHost(socket.addr.hostname), port: socket.addr.port };
    this.#socket = socket;
    this.#ipv6 = ipv6;
    this.#handler = handler;
    this.#receiving = this.#receive();
  }

  get dropped(): number {
    return this.#queue.dropped;
  }

  send(to: Address, bytes: Uint8Array): void {
    if (this.#closed) return;
    this.#queue.push(to, bytes);
    this.#sending ??= this.#flush();
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    if (this.#sending) {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const expired = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, lingerMs);
      });
      await Promise.race([this.#sending, expired]);
      clearTimeout(timer);
    }
    this.#socket.close();
    // The port is free when the pending receive has ended.
    await this.#receiving;
  }

  async #flush(): Promise<void> {
    for (let next = this.#queue.peek(); next; next = this.#queue.peek()) {
      const { to, bytes } = next;
      try {
        const hostname = socketHost(to.host, this.#ipv6);
        await this.#socket.send(bytes, { transport: "udp", hostname, port: to.port });
      } catch (error) {
        if (!this.#closed) {
          this.#handler.sendFailed(to, systemError("send", joinHostPort(to.host, to.port), error));
        }
      }
      this.#queue.shift();
    }
    this.#sending = undefined;
  }

  async #receive(): Promise<void> {
    const buffer = new Uint8Array(bufferSize);
    while (!this.#closed) {
      let received: [Uint8Array, { hostname: string; port: number }];
      try {
        received = await this.#socket.receive(buffer);
      } catch {
        if (this.#closed) return;
        // Windows reports a peer's closed port here. The socket stays open, whatever happens to a
        // datagram.
        await new Promise<void>((resolve) => setTimeout(resolve, failurePauseMs));
        continue;
      }
      if (this.#closed) return;
      const [bytes, { hostname, port }] = received;
      this.#handler.packet({ host: peerHost(hostname), port }, bytes);
    }
  }
}
