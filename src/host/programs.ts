/**
 * The parts of a runtime that only agents and commands need: child programs and the terminal. They
 * are part of `src/runtime.ts`, which exports them.
 */

/** The standard input of a program that was started with `input: "open"`. */
export interface ChildInput {
  /**
   * Writes bytes; resolves when the system accepted them, so it waits while the program does not
   * read. Rejects with `EPIPE` if the program has ended or closed its input.
   */
  write(bytes: Uint8Array): Promise<void>;
  /**
   * Closes the input: after what was written, the program reads the end of the file. Idempotent;
   * never throws.
   */
  close(): void;
}

/** How to start a program. */
export interface SpawnOptions {
  readonly args: readonly string[];
  /** Variables added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /**
   * Bytes written to standard input, which is then closed; it is no error if the program does not
   * read them. `"open"` leaves it open as {@link ChildProcess.input}.
   */
  readonly input?: Uint8Array | "open";
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
  kill(signal: "SIGTERM" | "SIGKILL"): void;
  /** Resolves when the program has ended and its output is closed. */
  readonly ended: Promise<ProcessEnd>;
}

/** Child processes. */
export interface Processes {
  /** Starts a program. Rejects with `ENOENT` or `EACCES` if it cannot be started. */
  spawn(program: string, options: SpawnOptions): Promise<ChildProcess>;
}

/** The program's arguments, environment and standard streams. */
export interface Terminal {
  /** The arguments after the program's name. */
  readonly args: readonly string[];
  /** The width of standard output in characters, or `null` if it is not a terminal. */
  readonly columns: number | null;
  /** Returns the value of an environment variable. */
  env(name: string): string | undefined;
  /**
   * Writes to standard output, in order; resolves when the system accepted it. A closed pipe is not
   * an error.
   */
  write(text: string | Uint8Array): Promise<void>;
  /** Writes text to standard error. */
  writeError(text: string): Promise<void>;
  /** Ends the process at once. */
  exit(code: number): never;
}
