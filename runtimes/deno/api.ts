/**
 * The part of Deno's API that the adapter uses, with types of our own, so that the package compiles
 * without Deno's.
 */

/** An IP address and port. */
export interface DenoAddress {
  readonly hostname: string;
  readonly port: number;
}

/** The path of a unix domain socket. */
export interface DenoPath {
  readonly transport: "unix";
  readonly path: string;
}

/** A UDP socket of `Deno.listenDatagram`. */
export interface DenoDatagramConn {
  readonly addr: DenoAddress;
  receive(buffer: Uint8Array): Promise<[Uint8Array, DenoAddress]>;
  send(bytes: Uint8Array, to: DenoAddress & { transport: "udp" }): Promise<number>;
  close(): void;
}

/**
 * A connection. Over a unix domain socket its addresses are {@link DenoPath} instead, and it has no
 * `setNoDelay`.
 */
export interface DenoConn {
  readonly localAddr: DenoAddress;
  readonly remoteAddr: DenoAddress;
  read(buffer: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
  setNoDelay(on: boolean): void;
  close(): void;
}

/** A listener. */
export interface DenoListener {
  readonly addr: DenoAddress;
  accept(): Promise<DenoConn>;
  close(): void;
}

/** The result of `Deno.stat`. */
export interface DenoFileInfo {
  readonly isFile: boolean;
  readonly isDirectory: boolean;
  readonly size: number;
  readonly mode: number | null;
  readonly uid: number | null;
  readonly gid: number | null;
}

/** An open file. */
export interface DenoFile {
  write(bytes: Uint8Array): Promise<number>;
  sync(): Promise<void>;
  close(): void;
}

/** Options of `Deno.open`. */
export interface DenoOpenOptions {
  readonly read?: boolean;
  readonly write?: boolean;
  readonly append?: boolean;
  readonly create?: boolean;
  readonly createNew?: boolean;
  readonly mode?: number;
}

/** A running program. */
export interface DenoChild {
  readonly pid: number;
  readonly stdin: WritableStream<Uint8Array>;
  readonly stdout: ReadableStream<Uint8Array>;
  readonly stderr: ReadableStream<Uint8Array>;
  readonly status: Promise<{ readonly code: number; readonly signal: string | null }>;
  kill(signal: string): void;
}

type DenoStdio = "piped" | "null";

/** Options of `Deno.Command`. */
export interface DenoCommandOptions {
  readonly args: string[];
  readonly env: Readonly<Record<string, string>>;
  readonly stdin: DenoStdio;
  readonly stdout: DenoStdio;
  readonly stderr: DenoStdio;
  /** Starts a process group. */
  readonly detached: boolean;
  /** On Windows: joins the arguments with blanks, without quotes and escapes. */
  readonly windowsRawArguments: boolean;
}

/** A standard stream. */
export interface DenoWriter {
  write(bytes: Uint8Array): Promise<number>;
  isTerminal(): boolean;
}

/** One address of an interface. */
export interface DenoInterface {
  readonly name: string;
  readonly address: string;
  readonly cidr: string | null;
}

/** The global `Deno`. */
export interface DenoApi {
  readonly args: string[];
  readonly pid: number;
  readonly build: { readonly os: string; readonly arch: string };
  readonly version: { readonly deno: string };
  readonly stdout: DenoWriter;
  readonly stderr: DenoWriter;
  readonly env: { get(name: string): string | undefined };
  readonly Command: new (program: string, options: DenoCommandOptions) => { spawn(): DenoChild };
  /** Present if the unstable feature `net` is switched on. */
  readonly listenDatagram?: (
    options: DenoAddress & { readonly transport: "udp"; readonly reuseAddress?: boolean },
  ) => DenoDatagramConn;
  listen(options: DenoAddress | DenoPath): DenoListener;
  connect(options: (DenoAddress & { readonly signal: AbortSignal }) | DenoPath): Promise<DenoConn>;
  /** Sets the umask of the process and returns the previous one. */
  umask(mask: number): number;
  readFile(path: string): Promise<Uint8Array>;
  open(path: string, options: DenoOpenOptions): Promise<DenoFile>;
  chmod(path: string, mode: number): Promise<void>;
  chown(path: string, uid: number | null, gid: number | null): Promise<void>;
  stat(path: string): Promise<DenoFileInfo>;
  lstat(path: string): Promise<DenoFileInfo>;
  realPath(path: string): Promise<string>;
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  readDir(path: string): AsyncIterable<{ readonly name: string }>;
  addSignalListener(signal: string, listener: () => void): void;
  removeSignalListener(signal: string, listener: () => void): void;
  consoleSize(): { readonly columns: number };
  hostname(): string;
  memoryUsage(): { readonly heapUsed: number; readonly rss: number };
  networkInterfaces(): DenoInterface[];
  /** A negative number is a process group. */
  kill(pid: number, signal: string): void;
  exit(code: number): never;
}

/** Returns the global `Deno`. Throws an Error on another runtime. */
export function denoApi(): DenoApi {
  const { Deno } = globalThis as { Deno?: DenoApi };
  if (!Deno) throw new Error("Cannot use the Deno runtime: this program does not run on Deno");
  return Deno;
}

/**
 * Whether a socket that Deno binds to `::` is for IPv4, too. Windows begins with the opposite, and
 * Deno leaves that as it is.
 */
export function hasDualStack(): boolean {
  return denoApi().build.os !== "windows";
}
