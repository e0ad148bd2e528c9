/**
 * The sockets of one UDP port. Normally that is one socket, and no other program can bind the port.
 * While receive buffers are reserved for peers, there is a further socket for each peer, bound to
 * the same port and connected to the peer: the system puts the peer's datagrams into the buffer of
 * that socket, and those of all others into the buffer of the common one. A port can be bound twice
 * only if all its sockets were opened for that, so the common one is opened anew at the beginning
 * and at the end.
 */
import { joinHostPort } from "../../src/net/address.ts";
import type { Address } from "../../src/runtime.ts";
import { systemError } from "./errors.ts";

/** What kind of socket to open. */
export interface PortSocketOptions {
  /** Whether further sockets, even of other programs, may be bound to the port. */
  readonly shared: boolean;
  /** The peer to connect to; without it the socket receives from everybody. */
  readonly peer?: Address;
}

/** What {@link Port} needs of a runtime. */
export interface PortOptions<Socket> {
  /**
   * Opens a socket. It has to be bound and connected before the first wait, so that nothing comes
   * between the end of the old common socket and the beginning of the new one.
   */
  open(options: PortSocketOptions): Promise<Socket>;
  /** Closes a socket; the port is free when this returns. May resolve later, never rejects. */
  close(socket: Socket): Promise<void> | void;
  /** Resolves when the sends that the common socket can take are done, in limited time. */
  idle(): Promise<void>;
  /** Called when there is a new common socket. */
  reopened(): void;
}

/** How long to wait before the common socket is opened again, if it could not be opened as wanted. */
const retryMs = 100;

/** All sockets of one port. */
export class Port<Socket> {
  readonly #options: PortOptions<Socket>;
  #common: Socket | undefined;
  #reservedMax = Number.POSITIVE_INFINITY;
  #shared = false;
  #wanted: ReadonlyMap<string, Address> = new Map();
  readonly #reserved = new Map<string, Socket>();
  #changing: Promise<void> | undefined;
  #closed = false;

  constructor(options: PortOptions<Socket>) {
    this.#options = options;
  }

  /** Opens the common socket. Rejects with the runtime's error. */
  async open(): Promise<Socket> {
    this.#common = await this.#options.open({ shared: false });
    return this.#common;
  }

  /** The socket to send with; `undefined` while it is opened anew. */
  get common(): Socket | undefined {
    return this.#common;
  }

  /** Reserves receive buffers for these peers and for no others. */
  reserve(peers: readonly Address[]): void {
    this.#wanted = new Map(peers.map((peer) => [joinHostPort(peer.host, peer.port), peer]));
    if (!this.#closed) this.#changing ??= this.#change();
  }

  /** Replaces a socket, with the loss of what waits in its buffer. */
  renew(socket: Socket): void {
    if (this.#closed) return;
    if (socket === this.#common) this.#common = undefined;
    for (const [key, reserved] of this.#reserved) if (reserved === socket) this.#reserved.delete(key);
    void this.#options.close(socket);
    this.#changing ??= this.#change();
  }

  /** Waits until the common socket has sent what it can, then closes all sockets. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#changing;
    await this.#options.idle();
    const sockets = [...this.#reserved.values(), ...(this.#common === undefined ? [] : [this.#common])];
    await Promise.all(sockets.map((socket) => this.#options.close(socket)));
  }

  /** Whether the common socket is open in the way that is wanted. */
  get #isOpen(): boolean {
    return this.#common !== undefined && this.#shared === this.#wanted.size > 0;
  }

  async #change(): Promise<void> {
    let done: ReadonlyMap<string, Address> | undefined;
    while ((done !== this.#wanted || !this.#isOpen) && !this.#closed) {
      if (done === this.#wanted) await new Promise<void>((resolve) => setTimeout(resolve, retryMs));
      done = this.#wanted;
      await this.#reserveFor(done);
    }
    this.#changing = undefined;
  }

  async #reserveFor(wanted: ReadonlyMap<string, Address>): Promise<void> {
    for (const [key, socket] of this.#reserved) {
      if (wanted.has(key)) continue;
      this.#reserved.delete(key);
      void this.#options.close(socket);
    }
    if (!this.#isOpen) await this.#reopen(wanted.size > 0);
    if (wanted.size === 0) this.#reservedMax = Number.POSITIVE_INFINITY;
    if (!this.#shared || this.#common === undefined) return;
    for (const [key, peer] of wanted) {
      if (this.#reserved.has(key)) continue;
      if (this.#reserved.size >= this.#reservedMax) return;
      try {
        this.#reserved.set(key, await this.#options.open({ shared: true, peer }));
      } catch (error) {
        // A peer whose socket the system refuses shares the common one, until the next call.
        if (systemError("bind", key, error).code === "EMFILE") this.#giveBack();
      }
    }
  }

  /** File descriptors ran out: leaves some for other sockets, until the list is empty. */
  #giveBack(): void {
    this.#reservedMax = Math.floor(this.#reserved.size / 2);
    for (const [key, socket] of [...this.#reserved].slice(this.#reservedMax)) {
      this.#reserved.delete(key);
      void this.#options.close(socket);
    }
  }

  /** Replaces the common socket. What is sent meanwhile has to wait. */
  async #reopen(shared: boolean): Promise<void> {
    const old = this.#common;
    this.#common = undefined;
    await this.#options.idle();
    if (old !== undefined) void this.#options.close(old);
    // While another program is bound to the port, it can be shared, but not exclusive. The other may
    // be a child between fork and exec, which still has all our sockets.
    if (!(await this.#opens(shared)) && !shared) await this.#opens(true);
  }

  async #opens(shared: boolean): Promise<boolean> {
    try {
      this.#common = await this.#options.open({ shared });
    } catch {
      return false;
    }
    this.#shared = shared;
    this.#options.reopened();
    return true;
  }
}
