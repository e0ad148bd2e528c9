/** What a runtime offers for multicast DNS (RFC 6762). */

/**
 * A DNS question, for example for the `PTR` records of `_serf_web._tcp.local`. Names have no final
 * dot; the type `ANY` stands for all types.
 */
export interface DnsQuestion {
  readonly name: string;
  readonly type: string;
}

/** A DNS record of one of the types that announce services (RFC 6763). `ttl` is in seconds. */
export type DnsRecord = { readonly name: string; readonly ttl: number } & (
  | { readonly type: "PTR"; readonly target: string }
  | {
      readonly type: "SRV";
      readonly priority: number;
      readonly weight: number;
      readonly port: number;
      readonly target: string;
    }
  | { readonly type: "A" | "AAAA"; readonly address: string }
  | { readonly type: "TXT"; readonly text: string }
);

/** Receives what arrives through multicast DNS. Neither method may throw. */
export interface MulticastHandler {
  /** Returns the answers to a question, for the asker alone; an empty list sends nothing. */
  asked(question: DnsQuestion): readonly DnsRecord[];
  /** Receives an answer, to a question of this node or of another. */
  answered(records: readonly DnsRecord[]): void;
}

/** The network interface and address families of multicast DNS. */
export interface MulticastOptions {
  /** The name of the network interface to use; `null` leaves the choice to the system. */
  readonly interface: string | null;
  /** Whether questions are sent over IPv4. Those of others arrive over both families. */
  readonly askIpv4: boolean;
  /** Whether questions are sent over IPv6. */
  readonly askIpv6: boolean;
}

/** The open sockets of multicast DNS. */
export interface MulticastSockets {
  /** Sends a question over every open family; rejects if none accepts it. `id` has 16 bits. */
  ask(question: DnsQuestion, id: number): Promise<void>;
  /** Closes the sockets. The port is free when the promise resolves. Idempotent. */
  close(): Promise<void>;
}

/** Multicast DNS (RFC 6762). */
export interface Multicast {
  /** Opens the sockets. Rejects with `EADDRNOTAVAIL` (no address), `EADDRINUSE`, `EACCES`. */
  open(options: MulticastOptions, handler: MulticastHandler): Promise<MulticastSockets>;
}
