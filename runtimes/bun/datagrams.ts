/**
 * UDP over `Bun.udpSocket`, because Bun's `node:dgram` loses what the system does not take at once. Here that waits in a bounded queue
 * until Bun reports `drain`.
 */
import { joinHostPort } from "../../src/net/address.ts";
import type { Address, DatagramHandler, DatagramSocket, Datagrams, SystemError } from "../../src/runtime.ts";
import { systemError } from "../shared/errors.ts";
import { openOn, peerHost, socketHost } from "../shared/hosts.ts";
import { SendQueue } from "../shared/send_queue.ts";
import { type BunUdpSocket, bunApi } from "./api.ts";

/** How long a closing socket waits for the system to take what is queued, and how often it looks. */
const lingerMs = 1_000;
const lingerStepMs = 10;

/** UDP of Bun. */
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
        // Answers of the network to earlier datagrams, such as a closed port. A socket outlives them.
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

  /** False when the datagram must wait. A failure is reported and is no reason to wait. */
  #attempt(to: Address, bytes: Uint8Array): boolean {
    const host = socketHost(to.host, this.#ipv6);
    try {
      return this.#socket.send(bytes, to.port, host);
    } catch {
      // Bun throws the network's answer to an earlier datagram at the next send, and throws it once.
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
