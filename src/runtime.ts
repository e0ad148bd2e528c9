/**
 * The outside world as the rest of the program sees it: a few sockets, files and a clock. Node, Deno, Bun and the
 * simulator implement these interfaces and contain no protocol. Every failure of an operation is a {@link SystemError}. How to add one: `runtimes/README.md`.
 */

/** A numeric endpoint. `host` is canonical IP text: IPv4-mapped IPv6 is dotted quad, IPv6 is lower case and compressed. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** A POSIX error name, the same on every runtime and system. */
export type SystemErrorCode =
  | "EACCES"
  | "EADDRINUSE"
  | "EADDRNOTAVAIL"
  | "ECONNREFUSED"
  | "ECONNRESET"
  | "EEXIST"
  | "EHOSTUNREACH"
  | "EINVAL"
  | "EISDIR"
  | "EMFILE"
  | "EMSGSIZE"
  | "ENETUNREACH"
  | "ENOENT"
  | "ENOSPC"
  | "ENOTDIR"
  | "ENOTFOUND" // a host name does not resolve
  | "EPERM"
  | "EPIPE"
  | "EROFS"
  | "ETIMEDOUT"
  | "ECANCELED" // aborted by the caller's signal, or the socket was closed
  | "EUNKNOWN";

/** An operation of the runtime failed. Adapters translate their runtime's own errors into this, keeping `cause`. */
export class SystemError extends Error {
  /** POSIX name of the failure. */
  readonly code: SystemErrorCode;
  /** The operation: `bind`, `listen`, `connect`, `read`, `write`, `open`, `lookup`, `spawn` and so on. */
  readonly operation: string;

  constructor(code: SystemErrorCode, operation: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "SystemError";
    this.code = code;
    this.operation = operation;
  }
}

/** Stops a timer, subscription or watch. Calling it again does nothing. */
export type Cancel = () => void;

/** Time. The simulator's is virtual. */
export interface Clock {
  /** Milliseconds, with fractions, of a clock that never runs backwards; its origin means nothing. Round trips are measured with it. */
  now(): number;
  /** Milliseconds since 1970-01-01 UTC, for log lines and files. */
  wallTime(): number;
  /** Calls `callback` once, not earlier than `delayMs` from now. `delayMs` of any size is honoured (also above 2^31). */
  after(delayMs: number, callback: () => void): Cancel;
}

/** Cryptographic randomness; seeded in the simulator. */
export interface RandomSource {
  /** Fills `bytes`, of any length. */
  fill(bytes: Uint8Array): void;
}

/** What a datagram socket reports. `bytes` belongs to the adapter and is valid only during the call. */
export interface DatagramHandler {
  packet(from: Address, bytes: Uint8Array): void;
  /** A datagram could not be handed to the system, for example `ENETUNREACH` or `EMSGSIZE`. The socket stays open. */
  sendFailed(to: Address, error: SystemError): void;
}

/** A bound UDP socket. */
export interface DatagramSocket {
  readonly local: Address;
  /** Datagrams dropped here because the bounded send queue was full. */
  readonly dropped: number;
  /** Queues one datagram, in order; never blocks, never throws. `bytes` must not be changed afterwards. */
  send(to: Address, bytes: Uint8Array): void;
  /** Hands what is queued to the system, waiting at most a second, then closes; the port is free afterwards. Idempotent. */
  close(): Promise<void>;
}

/** UDP. */
export interface Datagrams {
  /**
   * Binds a socket. Port 0 picks a free one; host `0.0.0.0`, `::` or empty is a dual-stack wildcard where the system has IPv6, and
   * its `local.host` is then `::`.
   * Fails with `EADDRINUSE`, `EADDRNOTAVAIL`, `EACCES`.
   */
  bind(address: Address, handler: DatagramHandler): Promise<DatagramSocket>;
}

/** A connection, read by pulling and written with back-pressure. Both addresses of a local one have its path as `host` and port 0. */
export interface Connection {
  readonly local: Address;
  readonly remote: Address;
  /** The next bytes (at most 64 KiB), or `null` at the end of the stream. One read at a time. `ECONNRESET`, `ECANCELED`. */
  read(): Promise<Uint8Array | null>;
  /** Resolves when the bytes were accepted and the peer keeps up. Writes are sent in call order. `EPIPE`, `ECONNRESET`, `ECANCELED`. */
  write(bytes: Uint8Array): Promise<void>;
  /** Flushes accepted writes for at most 5 s, then closes both directions. Pending reads and writes fail with `ECANCELED`. Idempotent, never fails. */
  close(): void;
}

/** A listener. */
export interface Listener {
  readonly local: Address;
  /** Stops accepting; accepted connections live on, and the port or path is free afterwards. Idempotent. */
  close(): Promise<void>;
}

/** Limits of a dial. */
export interface ConnectOptions {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** TCP, and the same within a machine: unix domain sockets, which have a path instead of an address. */
export interface Streams {
  /** Listens; see {@link Datagrams.bind} for wildcard hosts, port 0 and errors. */
  listen(address: Address, accept: (connection: Connection) => void): Promise<Listener>;
  /** Dials. `ECONNREFUSED`, `ETIMEDOUT`, `EHOSTUNREACH`, `ENETUNREACH`, `ECANCELED`. */
  connect(address: Address, options?: ConnectOptions): Promise<Connection>;
  /** Listens at a path of at most 103 bytes, whose file gets exactly `mode`. `EADDRINUSE` when there is a file already; `ENOENT`, `EACCES`. */
  listenLocal(path: string, mode: number, accept: (connection: Connection) => void): Promise<Listener>;
  /** Dials a path. `ENOENT`, `ECONNREFUSED` when nobody listens there any more, `EACCES`, `ECANCELED`. */
  connectLocal(path: string, options?: ConnectOptions): Promise<Connection>;
}

/** What is known of a file. */
export interface FileStatus {
  readonly kind: "file" | "directory" | "other";
  readonly size: number;
  /** Permission bits. */
  readonly mode: number;
}

/** An open file that grows at its end. */
export interface AppendFile {
  /** Appends; resolves when the system took all bytes. */
  write(bytes: Uint8Array): Promise<void>;
  /** Forces what was written to the disk. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** Files. Paths are the system's own. Errors: `ENOENT`, `EACCES`, `EISDIR`, `ENOTDIR`, `ENOSPC`, `EROFS`. */
export interface Files {
  read(path: string): Promise<Uint8Array>;
  /**
   * Replaces a file whole and atomically: temporary file beside it, sync, rename. An existing file keeps its mode,
   * and its owner where the system allows; a new one gets exactly `mode`, whatever the umask. A symbolic link stays and its target is replaced.
   */
  replace(path: string, bytes: Uint8Array, mode: number): Promise<void>;
  /** Opens for appending; creates a missing file with exactly `mode`. */
  append(path: string, mode: number): Promise<AppendFile>;
  status(path: string): Promise<FileStatus>;
  /** Names in a directory, unsorted. */
  list(path: string): Promise<string[]>;
  /** Removes a file; a directory is `EISDIR` or `EPERM`. */
  remove(path: string): Promise<void>;
}

/** The open standard input of a program. */
export interface ChildInput {
  /** Resolves when the system took the bytes, which waits for a program that does not read. `EPIPE` when it has ended or closed its input. */
  write(bytes: Uint8Array): Promise<void>;
  /** The program reads the end behind what was written. Idempotent, never fails. */
  close(): void;
}

/** How to start a program. */
export interface SpawnOptions {
  readonly args: readonly string[];
  /** Added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Written to standard input, which is then closed. A child that does not read it is no error. `"open"` gives {@link ChildProcess.input}. */
  readonly input?: Uint8Array | "open";
  /** Starts a process group of its own, which {@link ChildProcess.kill} then signals as a whole. */
  readonly group?: boolean;
  /** Receives standard output and standard error as they arrive. */
  readonly output?: (stream: "stdout" | "stderr", bytes: Uint8Array) => void;
}

/** How a program ended. */
export interface ProcessEnd {
  /** Exit code, or `null` when a signal ended it. */
  readonly code: number | null;
  readonly signal: string | null;
}

/** A running program. */
export interface ChildProcess {
  readonly pid: number;
  /** There when the program was started with `input: "open"`. */
  readonly input?: ChildInput;
  kill(signal: "SIGINT" | "SIGTERM" | "SIGKILL"): void;
  /** Settles when the program has ended and its output is closed. */
  readonly ended: Promise<ProcessEnd>;
}

/** Child processes. */
export interface Processes {
  /** Starts a program; `ENOENT` and `EACCES` when it cannot be. */
  spawn(program: string, options: SpawnOptions): Promise<ChildProcess>;
}

/** Signals that an agent listens to. */
export type SignalName = "SIGINT" | "SIGTERM" | "SIGHUP" | "SIGUSR1";

/** Process signals. */
export interface Signals {
  /** Calls `callback` at each signal until cancelled. A signal that the system does not have is never reported. */
  on(signal: SignalName, callback: () => void): Cancel;
}

/** The program's arguments, environment and standard streams. */
export interface Terminal {
  /** Arguments after the program's name. */
  readonly args: readonly string[];
  /**
   * The bytes of an argument with U+FFFD, which may stand for bytes that are not UTF-8; `undefined`
   * if the system does not give them. Absent where arguments are always text.
   */
  readonly rawArgument?: (place: number) => Uint8Array | undefined;
  readonly columns: number | null;
  env(name: string): string | undefined;
  /**
   * Writes text to standard output, in order; resolves when the system took it, with `false` if it
   * is a pipe that nobody reads any more. Never rejects.
   */
  write(text: string | Uint8Array): Promise<boolean>;
  /** Writes text to standard error. */
  writeError(text: string): Promise<void>;
  /** Ends the process at once. */
  exit(code: number): never;
}

/** One address of a network interface. */
export interface InterfaceAddress {
  readonly interface: string;
  readonly address: string;
  readonly prefixLength: number;
  readonly internal: boolean;
}

/** Memory of this process, in bytes. */
export interface MemoryUse {
  /** Taken by the program's own objects. */
  readonly used: number;
  /** Held in the machine's memory for the whole process. */
  readonly resident: number;
}

/** Where a service is: a host name or address, and a port. */
export interface ServiceTarget {
  readonly name: string;
  readonly port: number;
}

/** Facts of the host. */
export interface Host {
  hostname(): string;
  interfaces(): InterfaceAddress[];
  /** Numeric addresses of a name by the system's resolver, in its order. `ENOTFOUND`. */
  resolve(name: string): Promise<string[]>;
  /** Targets of a service's SRV records in DNS (RFC 2782), best first. `ENOTFOUND`, `ETIMEDOUT`. */
  resolveService(name: string): Promise<ServiceTarget[]>;
  /** The system by Go's name: `linux`, `darwin`, `windows`. */
  readonly os: string;
  /** The machine by Go's name: `amd64`, `arm64`. */
  readonly arch: string;
  /** The version of the runtime, without its name: `20.20.2`. */
  readonly version: string;
  readonly cores: number;
  readonly pid: number;
  memory(): MemoryUse;
}

/** A question of DNS, such as `_serf_web._tcp.local` of type `PTR`. Names are without the final dot, and `type` is `ANY` for all types. */
export interface DnsQuestion {
  readonly name: string;
  readonly type: string;
}

/** A record of DNS, of the kinds that services are announced with. `ttl` is in seconds. */
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

/** What comes in through multicast DNS. Neither may throw. */
export interface MulticastHandler {
  /** Somebody asks. What is returned goes to them alone; an empty list is no answer. */
  asked(question: DnsQuestion): readonly DnsRecord[];
  /** An answer to a question of ours, or to another's. */
  answered(records: readonly DnsRecord[]): void;
}

/** Where multicast DNS goes. */
export interface MulticastOptions {
  /** Name of the only network interface; `null` leaves the choice to the system. */
  readonly interface: string | null;
  /** Whether questions are asked over IPv4. Those of others are always heard. */
  readonly askIpv4: boolean;
  readonly askIpv6: boolean;
}

/** Open sockets of multicast DNS. */
export interface MulticastSockets {
  /** Asks over every family that there is; fails when none took the question. `id` has 16 bits. */
  ask(question: DnsQuestion, id: number): Promise<void>;
  /** The port is free afterwards. Idempotent. */
  close(): Promise<void>;
}

/** Multicast DNS (RFC 6762). */
export interface Multicast {
  /** Begins to listen. `EADDRINUSE`, `EACCES`, and `EADDRNOTAVAIL` when the interface has no address. */
  open(options: MulticastOptions, handler: MulticastHandler): Promise<MulticastSockets>;
}

/** Everything a node needs from the outside. */
export interface Runtime {
  readonly name: "node" | "deno" | "bun" | "sim";
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly datagrams: Datagrams;
  readonly streams: Streams;
  readonly files: Files;
  readonly processes: Processes;
  readonly signals: Signals;
  readonly terminal: Terminal;
  readonly host: Host;
  /** Loads multicast DNS, which only some agents use. The simulator has none. */
  readonly multicast?: () => Promise<Multicast>;
}
