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

/** The global `Bun`. */
export interface BunApi {
  readonly version: string;
  udpSocket(options: BunUdpOptions): Promise<BunUdpSocket>;
}

/** Returns the global `Bun`. Throws an Error on another runtime. */
export function bunApi(): BunApi {
  const { Bun } = globalThis as { Bun?: BunApi };
  if (!Bun) throw new Error("Cannot use the Bun runtime: this program does not run on Bun");
  return Bun;
}
