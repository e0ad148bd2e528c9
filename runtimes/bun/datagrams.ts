/**
 * UDP over `Bun.udpSocket`, because Bun's `node:dgram` drops datagrams that the system does not
 * accept at once. Here they wait in a bounded queue until Bun calls `drain`.
 */
import { joinHostPort } from "../../src/net/address.ts";
import type { Address, DatagramHandler, DatagramSocket, Datagrams, SystemError } from "../../src/runtime.ts";
import { systemError } from "../shared/errors.ts";
import { openOn, peerHost, socketHost } from "../shared/hosts.ts";
import { SendQueue } from "../shared/send_queue.ts";
import { type BunUdpSocket, bunApi } from "./api.ts";

/** How long a closing socket waits until the queue is sent, and how often it tries. */
const lingerMs = 1_000;
const lingerStepMs = 10;

/** UDP sockets of Bun. */
export const datagrams: Datagrams = {
  bind: (address, handler) => openOn(address.host, (host) => bind(address, host, handler)),
};

async function bind(address: Address, host: string, handler: DatagramHandler): Promise<DatagramSocket> {
  const socket = new BunDatagramSocket(host.includes(":"), handler);
  await socket.open(host, address).catch((error: unknown) => {
    throw systemError("bind", joinHostPort(address.host, address.port), error);
  });
  return socket;
}

class BunDatagramSocket implements DatagramSocket {
  readonly #ipv6: boolean;
  readonly #handler: DatagramHandler;
  readonly #queue: SendQueue = new SendQueue();
  #socket!: BunUdpSocket;
  #local!: Address;
  #closed: Promise<void> | undefined;

  constructor(ipv6: boolean, handler: DatagramHandler) {
    this.#ipv6 = ipv6;
    this.#handler = handler;
  }

  async open(host: string, { port }: Address): Promise<void> {
    this.#socket = await bunApi().udpSocket({
      hostname: host,
      port,
      binaryType: "uint8array",
      socket: {
        data: (_socket, bytes, fromPort, from) => {
          if (this.#closed) return;
          this.#handler.packet({ host: peerHost(from), port: fromPort }, bytes);
        },
        drain: () => this.#flush(),
        // Replies of the network to earlier datagrams, such as a closed port. The socket stays
        // open.
        error: () => {},
      },
    });
    const bound = this.#socket.address;
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
    if (this.#queue.count > 0 || !this.#attempt(to, bytes)) this.#queue.push(to, bytes);
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    for (let waited = 0; this.#queue.count > 0 && waited < lingerMs; waited += lingerStepMs) {
      await new Promise<void>((resolve) => setTimeout(resolve, lingerStepMs));
      this.#flush();
    }
    this.#socket.close();
  }

  #flush(): void {
    for (let next = this.#queue.peek(); next; next = this.#queue.peek()) {
      if (!this.#attempt(next.to, next.bytes)) return;
      this.#queue.shift();
    }
  }

  /**
   * Sends a datagram. Returns false if it has to wait; a datagram that failed is reported and need
   * not.
   */
  #attempt(to: Address, bytes: Uint8Array): boolean {
    const host = socketHost(to.host, this.#ipv6);
    try {
      return this.#socket.send(bytes, to.port, host);
    } catch {
      // Bun throws the network's reply to an earlier datagram at the next send, once, so send
      // again.
    }
    try {
      return this.#socket.send(bytes, to.port, host);
    } catch (error) {
      const failure = systemError("send", joinHostPort(to.host, to.port), error);
      queueMicrotask(() => this.#report(to, failure));
      return true;
    }
  }

  #report(to: Address, error: SystemError): void {
    if (!this.#closed) this.#handler.sendFailed(to, error);
  }
}
