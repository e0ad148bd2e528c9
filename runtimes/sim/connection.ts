/**
 * One end of a simulated TCP connection. Pieces arrive in order. A window limits what is on its way
 * or unread, so that a slow reader slows the writer. A cut link stalls the connection; if it stays
 * cut, the connection is reset.
 */
import { joinHostPort } from "../../src/net/address.ts";
import { type Address, type Connection, SystemError, type SystemErrorCode } from "../../src/runtime.ts";
import { canceled } from "../shared/errors.ts";
import type { Machine } from "./machine.ts";
import type { Process } from "./process.ts";

/** The maximum number of bytes that are on their way or unread. */
const windowSize = 256 * 1024;
const pieceSizeMax = 16 * 1024;
const readSizeMax = 64 * 1024;
/** When a lost piece is sent again. */
const retransmitMs = 200;
/** How long a link may be cut until the connection is reset. */
const stallMaxMs = 15_000;
/** How long a closed connection flushes to a peer that does not read. */
const lingerMs = 5_000;
const nothing: Uint8Array = new Uint8Array(0);

interface Outgoing {
  readonly bytes: Uint8Array;
  offset: number;
  readonly resolve: () => void;
  readonly reject: (error: SystemError) => void;
}

/** A piece, an end or a reset on its way to the other end. */
interface Travelling {
  readonly arrival: number;
  readonly bytes: Uint8Array;
  readonly deliver: (peer: SimConnection) => void;
}

interface PendingRead {
  readonly resolve: (bytes: Uint8Array | null) => void;
  readonly reject: (error: SystemError) => void;
}

/** One end of a connection. */
export class SimConnection implements Connection {
  readonly local: Address;
  readonly remote: Address;
  readonly #machine: Machine;
  readonly #process: Process;
  readonly #incoming: Uint8Array[] = [];
  readonly #outgoing: Outgoing[] = [];
  readonly #wire: Travelling[] = [];
  readonly #atDeath: (silent: boolean) => void;
  #peer: SimConnection | undefined;
  #window = windowSize;
  #pendingRead: PendingRead | undefined;
  #ended = false;
  #failure: SystemErrorCode | undefined;
  #closed = false;
  /** Whether the system has forgotten this end too; then what arrives is answered with a reset. */
  #released = false;

  constructor(machine: Machine, process: Process, local: Address, remote: Address) {
    this.#machine = machine;
    this.#process = process;
    this.local = local;
    this.remote = remote;
    this.#atDeath = (silent) => {
      this.#release();
      if (!silent) this.#transmit((peer) => peer.#fail("ECONNRESET"));
    };
    machine.atDeath.add(this.#atDeath);
  }

  /** Connects this end with another. */
  join(peer: SimConnection): void {
    this.#peer = peer;
    peer.#peer = this;
    this.#pump();
    peer.#pump();
  }

  /** Resets the connection at both ends. */
  reset(): void {
    this.#fail("ECONNRESET");
    this.#transmit((peer) => peer.#fail("ECONNRESET"));
  }

  read(): Promise<Uint8Array | null> {
    if (this.#pendingRead) return Promise.reject(new Error("Cannot read: another read is pending"));
    return this.#process.promise((resolve, reject) => {
      this.#pendingRead = { resolve, reject };
      this.#serveRead();
      return () => {
        this.#pendingRead = undefined;
      };
    });
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.#process.promise((resolve, reject) => {
      if (this.#closed) reject(canceled("write", this.#subject));
      else if (this.#failure) reject(this.#error(this.#failure, "write"));
      else {
        this.#outgoing.push({ bytes: bytes.slice(), offset: 0, resolve, reject });
        this.#pump();
      }
      // Bytes that were accepted cannot be taken back.
      return undefined;
    });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#pendingRead?.reject(canceled("read", this.#subject));
    this.#pendingRead = undefined;
    for (const { reject } of this.#outgoing) reject(canceled("write", this.#subject));
    this.#machine.surroundings.events.after(lingerMs, () => {
      if (!this.#released) this.#abandon();
    });
    this.#pump();
  }

  get #subject(): string {
    return joinHostPort(this.remote.host, this.remote.port);
  }

  /**
   * Sends as much as the peer's window allows, and after the last byte of a closed end the end of
   * the stream.
   */
  #pump(): void {
    if (!this.#peer || this.#failure || this.#released) return;
    for (let next = this.#outgoing[0]; next; next = this.#outgoing[0]) {
      while (next.offset < next.bytes.length && this.#window > 0) {
        const size = Math.min(pieceSizeMax, this.#window, next.bytes.length - next.offset);
        const piece = next.bytes.subarray(next.offset, next.offset + size);
        next.offset += size;
        this.#window -= size;
        this.#transmit((peer) => peer.#arrive(piece), piece);
      }
      if (next.offset < next.bytes.length) return;
      this.#outgoing.shift();
      next.resolve();
    }
    if (!this.#closed) return;
    this.#transmit((peer) => peer.#end());
    this.#release();
  }

  /** Sends something to the other end, after everything that was sent before. */
  #transmit(deliver: (peer: SimConnection) => void, bytes: Uint8Array = nothing): void {
    const peer = this.#peer;
    if (!peer) return;
    const { events, network } = this.#machine.surroundings;
    const delay = network.segment(this.#machine.name, peer.#machine.name, retransmitMs);
    this.#wire.push({ arrival: events.now + delay, bytes, deliver });
    if (this.#wire.length === 1) this.#carry(peer);
  }

  /** Delivers the first item on the wire, then the next. */
  #carry(peer: SimConnection): void {
    const [first] = this.#wire;
    if (!first) return;
    const { events, network, note } = this.#machine.surroundings;
    const [from, to] = [this.#machine.name, peer.#machine.name];
    const attempt = (stalledMs: number): void => {
      if (network.reaches(from, to) && peer.#machine.powered) {
        note("stream", from, to, first.bytes);
        first.deliver(peer);
        this.#wire.shift();
        this.#carry(peer);
      } else if (stalledMs >= stallMaxMs) {
        this.#wire.length = 0;
        this.#fail("ETIMEDOUT");
      } else {
        events.after(retransmitMs, () => attempt(stalledMs + retransmitMs));
      }
    };
    events.after(first.arrival - events.now, () => attempt(0));
  }

  #arrive(bytes: Uint8Array): void {
    if (this.#failure) return;
    // Bytes for an end that its program has closed are answered with a reset.
    if (this.#closed || this.#released) {
      this.#transmit((peer) => peer.#fail("ECONNRESET"));
      return;
    }
    this.#incoming.push(bytes);
    this.#process.enter(() => this.#serveRead());
  }

  #end(): void {
    this.#ended = true;
    this.#process.enter(() => this.#serveRead());
  }

  #serveRead(): void {
    const pending = this.#pendingRead;
    if (!pending) return;
    const bytes = this.#take();
    if (bytes === undefined && !this.#closed && !this.#failure) return;
    this.#pendingRead = undefined;
    if (this.#closed) pending.reject(canceled("read", this.#subject));
    else if (bytes !== undefined) pending.resolve(bytes);
    else pending.reject(this.#error(this.#failure ?? "ECONNRESET", "read"));
  }

  /**
   * Returns the next bytes, `null` at the end of the stream, or `undefined` if none have arrived
   * yet.
   */
  #take(): Uint8Array | null | undefined {
    if (this.#closed || this.#failure) return undefined;
    const [first] = this.#incoming;
    if (!first) return this.#ended ? null : undefined;
    const parts: Uint8Array[] = [];
    let size = 0;
    for (
      let part: Uint8Array | undefined = first;
      part && size + part.length <= readSizeMax;
      [part] = this.#incoming
    ) {
      parts.push(part);
      size += part.length;
      this.#incoming.shift();
    }
    const bytes = new Uint8Array(size);
    let offset = 0;
    for (const part of parts) {
      bytes.set(part, offset);
      offset += part.length;
    }
    this.#transmit((peer) => {
      peer.#window += size;
      peer.#pump();
    });
    return bytes;
  }

  #fail(code: SystemErrorCode): void {
    if (this.#failure) return;
    this.#failure = code;
    this.#release();
    this.#process.enter(() => {
      for (const { reject } of this.#outgoing.splice(0)) reject(this.#error(code, "write"));
      this.#serveRead();
    });
  }

  /** Drops the rest of a closed end, because its peer did not read in time. */
  #abandon(): void {
    this.#release();
    this.#transmit((peer) => peer.#fail("ECONNRESET"));
  }

  #release(): void {
    this.#released = true;
    this.#machine.atDeath.delete(this.#atDeath);
  }

  #error(code: SystemErrorCode, operation: string): SystemError {
    return new SystemError(code, operation, `Cannot ${operation} ${this.#subject}: ${code}`);
  }
}
