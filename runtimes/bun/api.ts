/**
 * The part of Bun's API that the adapter uses, with types of our own, so that the package compiles
 * without Bun's.
 */

/** A socket of `Bun.udpSocket`. */
export interface BunUdpSocket {
  readonly address: { readonly address: string; readonly port: number };
  /**
   * Returns false if the system does not accept the datagram now; `drain` is called when it does.
   */
  send(bytes: Uint8Array, port: number, address: string): boolean;
  close(): void;
}

/** Options of `Bun.udpSocket`. */
export interface BunUdpOptions {
  readonly hostname: string;
  readonly port: number;
  readonly binaryType: "uint8array";
  /** Bits of uSockets: 16 lets other sockets that have it bind the same port. */
  readonly flags?: number;
  /** The only peer to receive from. */
  readonly connect?: { readonly hostname: string; readonly port: number };
  readonly socket: {
    data(socket: BunUdpSocket, bytes: Uint8Array, port: number, address: string): void;
    drain(socket: BunUdpSocket): void;
    error(socket: BunUdpSocket, error: Error): void;
  };
}

/** A connection of `Bun.listen` or `Bun.connect`. Its addresses are `undefined` when it is not connected any more. */
export interface BunSocket<Data> {
  data: Data;
  readonly localAddress?: string;
  readonly localPort: number;
  readonly remoteAddress?: string;
  readonly remotePort: number;
  /**
   * Returns how many bytes the system accepted, or -1 if the socket is closed. If these are not all,
   * `drain` is called when it accepts more.
   */
  write(bytes: Uint8Array): number;
  pause(): void;
  resume(): void;
  /** Closes both directions; what the system accepted is sent. */
  close(): void;
}

/** What happens to the connections of a listener. */
export interface BunSocketHandlers<Data> {
  readonly binaryType: "uint8array";
  open(socket: BunSocket<Data>): void;
  data(socket: BunSocket<Data>, bytes: Uint8Array): void;
  drain(socket: BunSocket<Data>): void;
  /** The peer has closed its direction. */
  end(socket: BunSocket<Data>): void;
  /** The connection is closed: by us, by both ends, or because of an error. */
  close(socket: BunSocket<Data>, error?: Error): void;
}

/** Options of `Bun.listen`: an address, or the path of a unix domain socket. */
export interface BunListenOptions<Data> {
  readonly hostname?: string;
  readonly port?: number;
  readonly unix?: string;
  readonly ipv6Only?: boolean;
  /** Whether nobody else may bind the port. */
  readonly exclusive?: boolean;
  /** Whether a connection stays open for writing after the peer's end. */
  readonly allowHalfOpen: boolean;
  readonly socket: BunSocketHandlers<Data>;
}

/** Where `Bun.connect` dials: an address, or the path of a unix domain socket. */
export type BunTarget = Pick<BunListenOptions<unknown>, "hostname" | "port" | "unix">;

/** Options of `Bun.connect`. */
export interface BunConnectOptions<Data> extends BunTarget {
  readonly allowHalfOpen: boolean;
  readonly socket: BunSocketHandlers<Data> & {
    /** There is no connection. */
    connectError(socket: unknown, error: Error): void;
  };
}

/** A listener of `Bun.listen`. */
export interface BunListener {
  readonly hostname: string;
  readonly port: number;
  /** Stops listening. Connections stay open. */
  stop(): void;
}

/** The global `Bun`. */
export interface BunApi {
  readonly version: string;
  connect<Data>(options: BunConnectOptions<Data>): Promise<BunSocket<Data>>;
  listen<Data>(options: BunListenOptions<Data>): BunListener;
  udpSocket(options: BunUdpOptions): Promise<BunUdpSocket>;
  readonly stdout: unknown;
  /** Returns how many bytes were written. */
  write(file: unknown, bytes: Uint8Array): Promise<number>;
}

/** Returns the global `Bun`. Throws an Error on another runtime. */
export function bunApi(): BunApi {
  const { Bun } = globalThis as { Bun?: BunApi };
  if (!Bun) throw new Error("Cannot use the Bun runtime: this program does not run on Bun");
  return Bun;
}
