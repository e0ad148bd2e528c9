/**
 * What the rest of the program needs from a runtime: a few sockets, files and a clock. Node, Deno,
 * Bun and the simulator implement these interfaces and contain no protocol. Operations throw or
 * reject with {@link SystemError} and nothing else; where a method lists codes, these are the ones
 * to expect. `runtimes/README.md` describes how to add a runtime.
 */

import type { Multicast } from "./host/multicast.ts";

/**
 * An IP address and a port. `host` is canonical text: dotted quad for IPv4 and IPv4-mapped IPv6,
 * otherwise lower-case compressed IPv6 (RFC 5952).
 */
export interface Address {
  /** The IP address, without brackets or zone. */
  readonly host: string;
  /** From 0, which stands for any when something is bound, to 65,535. */
  readonly port: number;
}

/** A POSIX error name, which is the same on every runtime and operating system. */
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

/** A failed operation, translated by the adapter; `cause` is the runtime's own error. */
export class SystemError extends Error {
  /** The POSIX name of the failure. */
  readonly code: SystemErrorCode;
  /** The operation that failed: `bind`, `listen`, `connect`, `read`, `open`, `spawn` and so on. */
  readonly operation: string;

  constructor(code: SystemErrorCode, operation: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "SystemError";
    this.code = code;
    this.operation = operation;
  }
}

/** Stops a timer or a subscription. Calling it again does nothing. */
export type Cancel = () => void;

/** The time. In the simulator it is virtual. */
export interface Clock {
  /** Returns milliseconds, with fractions, from an arbitrary origin; never runs backwards. */
  now(): number;
  /** Returns milliseconds since 1970-01-01 UTC, for log lines and files. */
  wallTime(): number;
  /** Calls `callback` once, not earlier than `delayMs` from now. `delayMs` may be above 2^31. */
  after(delayMs: number, callback: () => void): Cancel;
  /**
   * Calls `callback` once, after the input that has arrived and before the program waits for more.
   * Absent where every input comes alone.
   */
  soon?(callback: () => void): void;
  /**
   * Returns a promise with the outcome of `promise`, which settles only if time passes. Absent where
   * it always does. The simulator's rejects if nobody lets time pass.
   */
  waitFor?<T>(promise: Promise<T>): Promise<T>;
}

/** Cryptographic randomness. In the simulator it is seeded. */
export interface RandomSource {
  /** Fills `bytes`, which may have any length. */
  fill(bytes: Uint8Array): void;
}

/** Receives what a datagram socket reports. */
export interface DatagramHandler {
  /** Receives one datagram. `bytes` belongs to the adapter and is valid only during the call. */
  packet(from: Address, bytes: Uint8Array): void;
  /** Receives the error of a datagram that the system did not accept. The socket stays open. */
  sendFailed(to: Address, error: SystemError): void;
}

/** A bound UDP socket. */
export interface DatagramSocket {
  readonly local: Address;
  /** The number of datagrams that were dropped because the bounded send queue was full. */
  readonly dropped: number;
  /** Queues one datagram, in order. Never throws. The caller must not change `bytes` afterwards. */
  send(to: Address, bytes: Uint8Array): void;
  /**
   * Reserves a receive buffer for each of these peers and for nobody else, so that a flood from others
   * does not crowd out what they send. Until the list is empty, other programs can bind the port too.
   * Never throws: a refused peer shares the common buffer. Absent where the system cannot do it.
   */
  reserve?(peers: readonly Address[]): void;
  /** Sends what is queued, for at most a second, then closes and frees the port. Idempotent. */
  close(): Promise<void>;
}

/** UDP sockets. */
export interface Datagrams {
  /**
   * Binds a socket. Port 0 picks a free port. Host `0.0.0.0`, `::` or empty is a dual-stack
   * wildcard if the system has IPv6; `local.host` is then `::`. Rejects with `EADDRINUSE`,
   * `EADDRNOTAVAIL` or `EACCES`.
   */
  bind(address: Address, handler: DatagramHandler): Promise<DatagramSocket>;
}

/**
 * A stream connection, read by pulling and written with back-pressure. If it is a unix domain
 * socket, both addresses have its path as `host` and port 0.
 */
export interface Connection {
  readonly local: Address;
  readonly remote: Address;
  /**
   * Returns the next bytes, at most 64 KiB, or `null` at the end of the stream. There may be one
   * read at a time. Rejects with `ECONNRESET` or `ECANCELED`.
   */
  read(): Promise<Uint8Array | null>;
  /**
   * Writes bytes, in call order. Resolves when the system accepted them and the peer keeps up.
   * Rejects with `EPIPE`, `ECONNRESET` or `ECANCELED`.
   */
  write(bytes: Uint8Array): Promise<void>;
  /**
   * Flushes accepted writes for at most 5 s, then closes both directions. Pending reads and writes
   * reject with `ECANCELED`. Idempotent; never throws.
   */
  close(): void;
}

/** A socket that accepts connections. */
export interface Listener {
  readonly local: Address;
  /** Stops accepting and frees the port or path; open connections stay open. Idempotent. */
  close(): Promise<void>;
}

/** The platform's `AbortSignal`, or its essence for programs whose settings lack that name. */
export type Signal = typeof globalThis extends { AbortSignal: { prototype: infer Platform } }
  ? Platform
  : { readonly aborted: boolean; readonly reason: unknown };

/** When to give up dialling. */
export interface ConnectOptions {
  /** Rejects with `ETIMEDOUT` after this time; by default only the system's own limit applies. */
  readonly timeoutMs?: number;
  /** Rejects with `ECANCELED` when it is aborted. */
  readonly signal?: Signal | undefined;
}

/** TCP, and unix domain sockets, which have a path instead of an address. */
export interface Streams {
  /** Listens. Wildcard hosts, port 0 and errors are those of {@link Datagrams.bind}. */
  listen(address: Address, accept: (connection: Connection) => void): Promise<Listener>;
  /** Dials. Rejects with `ECONNREFUSED`, `ETIMEDOUT`, `E(HOST|NET)UNREACH`, `ECANCELED`. */
  connect(address: Address, options?: ConnectOptions): Promise<Connection>;
  /**
   * Listens at a path of at most 103 bytes; its file gets exactly `mode`. Rejects with `EADDRINUSE`
   * if there is a file already, and with `ENOENT` or `EACCES`.
   */
  listenLocal(path: string, mode: number, accept: (connection: Connection) => void): Promise<Listener>;
  /** Dials a path. Rejects with `ECONNREFUSED` (no listener), `ENOENT`, `EACCES`, `ECANCELED`. */
  connectLocal(path: string, options?: ConnectOptions): Promise<Connection>;
}

/** The kind, size and permissions of a file. */
export interface FileStatus {
  readonly kind: "file" | "directory" | "other";
  /** In bytes. */
  readonly size: number;
  /** Permission bits, without the file type. */
  readonly mode: number;
}

/** A file that is open for appending. */
export interface AppendFile {
  /** Appends bytes; resolves when the system accepted all of them. */
  write(bytes: Uint8Array): Promise<void>;
  /** Forces everything that was written to the disk (`fsync`). */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Files. Paths are the system's own. Every method rejects with `ENOENT`, `EACCES`, `EISDIR`,
 * `ENOTDIR`, `ENOSPC` or `EROFS`.
 */
export interface Files {
  read(path: string): Promise<Uint8Array>;
  /**
   * Replaces the whole content of a file atomically: writes a temporary file beside it, syncs,
   * renames. An existing file keeps its mode, and its owner if the system allows; a new one gets
   * exactly `mode`, whatever the umask. A symbolic link stays and its target is replaced.
   */
  replace(path: string, bytes: Uint8Array, mode: number): Promise<void>;
  /** Opens a file for appending. Creates it with exactly `mode` if it does not exist. */
  append(path: string, mode: number): Promise<AppendFile>;
  /** Returns the kind, size and permissions of a file, following symbolic links. */
  status(path: string): Promise<FileStatus>;
  /** Returns the names in a directory, unsorted. */
  list(path: string): Promise<string[]>;
  /** Removes a file. Rejects with `EISDIR` or `EPERM` for a directory. */
  remove(path: string): Promise<void>;
}

/** The standard input of a program that was started with `input: "open"`. */
export interface ChildInput {
  /** Writes bytes; resolves when the system accepted them. Rejects with `EPIPE` if nobody reads. */
  write(bytes: Uint8Array): Promise<void>;
  /** Closes the input, so that the program reads its end. Idempotent; never throws. */
  close(): void;
}

/** How to start a program. */
export interface SpawnOptions {
  readonly args: readonly string[];
  /**
   * On Windows: passes the arguments as they are, separated by blanks, to a program that reads its
   * command line in its own way, as `cmd` does. Default false: they are quoted for others.
   */
  readonly verbatim?: boolean;
  /** Variables added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Bytes for standard input, which is then closed; `"open"` gives {@link ChildProcess.input}. */
  readonly input?: Uint8Array | "open";
  /**
   * Starts the program in its own process group, which {@link ChildProcess.kill} then signals. On
   * Windows, which has none, only the program itself is signalled.
   */
  readonly group?: boolean;
  /** Receives standard output and standard error as they arrive. */
  readonly output?: (stream: "stdout" | "stderr", bytes: Uint8Array) => void;
}

/** How a program ended. */
export interface ProcessEnd {
  /** The exit code, or `null` if a signal ended the program. */
  readonly code: number | null;
  /** The signal that ended the program, or `null`. */
  readonly signal: string | null;
}

/** A running program. */
export interface ChildProcess {
  readonly pid: number;
  /** Present if the program was started with `input: "open"`. */
  readonly input?: ChildInput;
  /** Sends a signal. Does nothing if the program has ended. */
  kill(signal: "SIGINT" | "SIGTERM" | "SIGKILL"): void;
  /** Resolves when the program has ended and its output is closed. */
  readonly ended: Promise<ProcessEnd>;
}

/** Child processes. */
export interface Processes {
  /** Starts a program. Rejects with `ENOENT` or `EACCES` if it cannot be started. */
  spawn(program: string, options: SpawnOptions): Promise<ChildProcess>;
}

/** The signals that an agent reacts to. */
export type SignalName = "SIGINT" | "SIGTERM" | "SIGHUP" | "SIGUSR1";

/** Process signals. */
export interface Signals {
  /** Calls `callback` at each signal until cancelled; never, if the system lacks the signal. */
  on(signal: SignalName, callback: () => void): Cancel;
}

/** The program's arguments, environment and standard streams. */
export interface Terminal {
  /** The arguments after the program's name. */
  readonly args: readonly string[];
  /** The bytes of an argument, which may not be UTF-8; `undefined` if the system does not give them. */
  readonly rawArgument?: (place: number) => Uint8Array | undefined;
  /** The width of standard output in characters, or `null` if it is not a terminal. */
  readonly columns: number | null;
  /** Whether standard error is a terminal; absent where the runtime does not say. */
  readonly errorIsTerminal?: boolean;
  env(name: string): string | undefined;
  /** Writes to standard output; resolves with `false` if it is a pipe that nobody reads. Never rejects. */
  write(text: string | Uint8Array): Promise<boolean>;
  /**
   * Like {@link write}, but may hold the whole program up until the text is taken: for commands that have nothing else to
   * do. Absent where it would not be faster.
   */
  readonly print?: (text: string | Uint8Array) => Promise<boolean>;
  /** Writes text to standard error. */
  writeError(text: string): Promise<void>;
  /** Ends the process at once. */
  exit(code: number): never;
}

/** One address of a network interface. */
export interface InterfaceAddress {
  readonly interface: string;
  readonly address: string;
  /** The length of the network prefix in bits: 24 in `192.0.2.1/24`. */
  readonly prefixLength: number;
  /** Whether the interface is a loopback. */
  readonly internal: boolean;
}

/** The memory use of this process, in bytes. */
export interface MemoryUse {
  /** Memory of the program's own objects. */
  readonly used: number;
  /** Physical memory of the whole process (resident set size). */
  readonly resident: number;
}

/** A host name or address, and a port, where a service can be reached. */
export interface ServiceTarget {
  readonly name: string;
  readonly port: number;
}

/** Facts about the machine, and its name resolver. */
export interface Host {
  hostname(): string;
  /** Returns the addresses of all network interfaces that are up. */
  interfaces(): InterfaceAddress[];
  /** Returns the addresses of a name in the resolver's order. Rejects with `ENOTFOUND`. */
  resolve(name: string): Promise<string[]>;
  /** Returns the targets of SRV records (RFC 2782), best first. Rejects with `ENOTFOUND`, `ETIMEDOUT`. */
  resolveService(name: string): Promise<ServiceTarget[]>;
  /** The operating system by Go's name: `linux`, `darwin`, `windows`. */
  readonly os: string;
  /** The machine by Go's name: `amd64`, `arm64`. */
  readonly arch: string;
  /** The version of the runtime, without its name: `20.20.2`. */
  readonly version: string;
  /** The number of logical processors. */
  readonly cores: number;
  readonly pid: number;
  memory(): MemoryUse;
  /**
   * Called once when a program is up that will run long and owns its process: from now on memory is
   * worth more than the time of the garbage collector. Absent where the engine has no such choice.
   */
  keepHeapSmall?(): Promise<void>;
}

/**
 * Everything a node needs from the outside: pass one to `Serf.start` to replace the runtime's own,
 * for example by the simulator's.
 */
export interface Runtime {
  /** Which of them it is. */
  readonly name: "node" | "deno" | "bun" | "sim";
  /** @internal Time and timers. */
  readonly clock: Clock;
  /** @internal Chance, for keys and nonces as well. */
  readonly random: RandomSource;
  /** @internal UDP. */
  readonly datagrams: Datagrams;
  /** @internal TCP, and sockets of Unix. */
  readonly streams: Streams;
  /** @internal Files, for snapshots and key rings. */
  readonly files: Files;
  /** @internal Programs to start, such as handlers. */
  readonly processes: Processes;
  /** @internal Signals of the system. */
  readonly signals: Signals;
  /** @internal Arguments, input and output of a command. */
  readonly terminal: Terminal;
  /** @internal Names, interfaces and versions of the machine. */
  readonly host: Host;
  /** @internal Loads multicast DNS, which only some agents use. Absent in the simulator. */
  readonly multicast?: () => Promise<Multicast>;
}
