/**
 * What the adapters for files share: failures, and an open file whose operations happen one after
 * another.
 */
import type { AppendFile } from "../../src/runtime.ts";
import { systemError } from "./errors.ts";

/** Bits of a mode that are permissions, not the kind of the file. */
export const modeMask = 0o7777;

/** Runs an operation on a path; what it throws becomes a SystemError. */
export async function attempt<Result>(
  operation: string,
  path: string,
  run: () => Promise<Result>,
): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    throw systemError(operation, path, error);
  }
}

/** For `catch`: a path that does not exist is no failure. */
export function absent(error: unknown): undefined {
  if ((error as { code?: unknown }).code !== "ENOENT") throw error;
}

/** How often a rename is tried again on Windows, and how long the first pause is; each is twice as long. */
const renameAttempts = 8;
const renamePauseMs = 5;

/**
 * Renames a file over another, by a runtime's own function. On Windows that fails while another
 * program, such as a virus scanner, has one of the files open, so it is tried again for about a
 * second. Rejects with the runtime's error.
 */
export async function renameOver(os: string, rename: () => Promise<void>): Promise<void> {
  let pauseMs = renamePauseMs;
  for (let attempt = 1; ; attempt++) {
    try {
      await rename();
      return;
    } catch (error) {
      const isBusy = ["EACCES", "EPERM"].includes(systemError("rename", "", error).code);
      if (os !== "windows" || !isBusy || attempt === renameAttempts) throw error;
    }
    await new Promise<void>((resolve) => setTimeout(resolve, pauseMs));
    pauseMs *= 2;
  }
}

/** An open file as a runtime has it. */
export interface FileOperations {
  write(bytes: Uint8Array): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** An open file whose operations wait for each other. */
export class OrderedFile implements AppendFile {
  readonly #file: FileOperations;
  readonly #path: string;
  #last: Promise<unknown> = Promise.resolve();
  #closed: Promise<void> | undefined;

  constructor(path: string, file: FileOperations) {
    this.#file = file;
    this.#path = path;
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.#enqueue("write", () => this.#file.write(bytes));
  }

  sync(): Promise<void> {
    return this.#enqueue("sync", () => this.#file.sync());
  }

  close(): Promise<void> {
    this.#closed ??= this.#enqueue("close", () => this.#file.close());
    return this.#closed;
  }

  #enqueue(operation: string, run: () => Promise<void>): Promise<void> {
    const done = this.#last.then(() => attempt(operation, this.#path, run));
    this.#last = done.catch(() => {});
    return done;
  }
}
