/**
 * UDP over `Bun.udpSocket`, because Bun's `node:dgram` drops datagrams that the system does not
 * accept at once. Here they wait in a bounded queue until Bun calls `drain`.
 */
import { joinHostPort } from "../../src/net/address.ts";
import type { Address, DatagramHandler, DatagramSocket, Datagrams, SystemError } from "../../src/runtime.ts";
import { systemError } from "../shared/errors.ts";
import { openOn, peerHost, socketHost } from "../shared/hosts.ts";
import { Port, type PortSocketOptions } from "../shared/port.ts";
import { SendQueue } from "../shared/send_queue.ts";
import { type BunUdpSocket, bunApi } from "./api.ts";

/** How long a closing socket waits until the queue is sent, and how often it tries. */
const lingerMs = 1_000;
const lingerStepMs = 10;

/**
 * Bun's flag for `SO_REUSEADDR`, as Node has it. The flag 4 is `SO_REUSEPORT`, with which kernels before
 * 6.9 deliver strangers' datagrams to connected sockets.
 */
const reuseAddress = 16;
/** Elsewhere a port that is bound twice means something else. */
const reserves = process.platform === "linux";

/** After so many datagrams in one turn of the event loop it has to do something else. */
const burstMax = 500;

/** UDP sockets of Bun. */
export const datagrams: Datagrams = {
  bind: (address, handler) => openOn(address.host, (host) => bind(address, host, handler)),
};

async function bind(address: Address, host: string, handler: DatagramHandler): Promise<DatagramSocket> {
  const socket = new BunDatagramSocket(host, handler);
  await socket.open(address).catch((error: unknown) => {
    throw systemError("bind", joinHostPort(address.host, address.port), error);
  });
  return socket;
}

class BunDatagramSocket implements DatagramSocket {
  readonly reserve?: (peers: readonly Address[]) => void;
  readonly #host: string;
  readonly #ipv6: boolean;
  readonly #handler: DatagramHandler;
  readonly #queue: SendQueue = new SendQueue();
  readonly #port: Port<BunUdpSocket>;
  #local!: Address;
  /** The number of datagrams that were received in this turn of the event loop. */
  #burst = 0;
  #closed: Promise<void> | undefined;

  constructor(host: string, handler: DatagramHandler) {
    this.#host = host;
    this.#ipv6 = host.includes(":");
    this.#handler = handler;
    this.#port = new Port({
      open: (kind) => this.#openSocket(this.#local.port, kind),
      close: (socket) => socket.close(),
      idle: () => this.#idle(),
      reopened: () => this.#flush(),
    });
    if (reserves) this.reserve = (peers) => this.#port.reserve(peers);
  }

  async open(address: Address): Promise<void> {
    this.#local = address;
    const bound = (await this.#port.open()).address;
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
    this.#closed ??= this.#port.close();
    return this.#closed;
  }

  /** Opens a socket. All of that happens at once, because addresses are numeric. */
  async #openSocket(port: number, { shared, peer }: PortSocketOptions): Promise<BunUdpSocket> {
    return await bunApi().udpSocket({
      hostname: this.#host,
      port,
      binaryType: "uint8array",
      ...(shared && { flags: reuseAddress }),
      ...(peer && { connect: { hostname: socketHost(peer.host, this.#ipv6), port: peer.port } }),
      socket: {
        data: (socket, bytes, fromPort, from) => {
          if (this.#closed) return;
          this.#limitBurst(socket);
          this.#handler.packet({ host: peerHost(from), port: fromPort }, bytes);
        },
        drain: () => this.#flush(),
        // Replies of the network to earlier datagrams, such as a closed port. The socket stays
        // open.
        error: () => {},
      },
    });
  }

  /**
   * Bun reads a socket until its buffer is empty and does nothing else meanwhile; during a flood it
   * would never stop. It does stop if the socket is closed.
   */
  #limitBurst(socket: BunUdpSocket): void {
    if (this.#burst === 0) {
      setImmediate(() => {
        this.#burst = 0;
      });
    }
    this.#burst += 1;
    if (this.#burst % burstMax === 0) this.#port.renew(socket);
  }

  /** Waits until the queue is sent, unless there is no socket to send it. */
  async #idle(): Promise<void> {
    for (let waited = 0; this.#waitsForSystem && waited < lingerMs; waited += lingerStepMs) {
      await new Promise<void>((resolve) => setTimeout(resolve, lingerStepMs));
      this.#flush();
    }
  }

  get #waitsForSystem(): boolean {
    return this.#queue.count > 0 && this.#port.common !== undefined;
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
    const socket = this.#port.common;
    if (socket === undefined) return false;
    const host = socketHost(to.host, this.#ipv6);
    try {
      return socket.send(bytes, to.port, host);
    } catch {
      // Bun throws the network's reply to an earlier datagram at the next send, once, so send
      // again.
    }
    try {
      return socket.send(bytes, to.port, host);
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
