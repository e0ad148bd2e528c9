/**
 * A disk in memory. When a program crashes, files stay as they are. A power failure removes some of
 * the bytes that were appended and not synced. The disk can be made to fail, for example with
 * `ENOSPC`.
 */
import {
  type AppendFile,
  type FileStatus,
  type Files,
  SystemError,
  type SystemErrorCode,
} from "../../src/runtime.ts";
import type { Process } from "./process.ts";
import type { SeededRandom } from "./random.ts";

/** How long an operation takes. */
const operationMs = 1;

interface StoredFile {
  bytes: Uint8Array;
  size: number;
  synced: number;
  readonly mode: number;
  /** Present if the file is a unix domain socket, which has no content. */
  readonly socket?: true;
}

/** The disk of one machine, with the directories `/`, `/tmp` and `/data`. */
export class Disk {
  readonly #files: Map<string, StoredFile> = new Map();
  readonly #directories: Set<string> = new Set(["/", "/tmp", "/data"]);
  /**
   * While it is set, every operation that writes fails with this code.
   *
   * @internal
   */
  failure: SystemErrorCode | undefined;

  /** Creates a directory, whose parent must exist. */
  makeDirectory(path: string): void {
    this.#directories.add(normal(path));
  }

  /** Removes a directory with everything in it. */
  removeDirectory(path: string): void {
    const inside = `${normal(path)}/`;
    for (const name of this.#files.keys()) if (name.startsWith(inside)) this.#files.delete(name);
    for (const name of this.#directories) if (`${name}/`.startsWith(inside)) this.#directories.delete(name);
  }

  /**
   * Simulates a power failure: removes a random number of unsynced bytes from the end of each file.
   *
   * @internal
   */
  tear(random: SeededRandom): void {
    for (const file of this.#files.values()) {
      if (file.size > file.synced) file.size = random.between(file.synced, file.size);
      file.synced = file.size;
    }
  }

  /** Returns what a file has. */
  read(path: string): Uint8Array {
    const { bytes, size } = this.#file("read", path);
    return bytes.slice(0, size);
  }

  /** Replaces a file at once, so that a power cut leaves the old one or the new. */
  replace(path: string, bytes: Uint8Array, mode: number): void {
    this.#write("replace", path);
    const kept = this.#files.get(normal(path))?.mode ?? mode;
    const size = bytes.length;
    this.#files.set(normal(path), { bytes: bytes.slice(), size, synced: size, mode: kept });
  }

  /**
   * Opens a file for appending. Returns the file itself, so that, as on a real disk, an open file
   * remains after its name was given to another.
   *
   * @internal
   */
  open(path: string, mode: number): StoredFile {
    this.#write("open", path);
    const file = this.#files.get(normal(path)) ?? { bytes: new Uint8Array(0), size: 0, synced: 0, mode };
    this.#files.set(normal(path), file);
    return file;
  }

  /** @internal */
  append(path: string, file: StoredFile, bytes: Uint8Array): void {
    if (this.failure) throw failed(this.failure, "write", path);
    const size = file.size + bytes.length;
    if (size > file.bytes.length) {
      const grown = new Uint8Array(Math.max(size, file.bytes.length * 2));
      grown.set(file.bytes.subarray(0, file.size));
      file.bytes = grown;
    }
    file.bytes.set(bytes, file.size);
    file.size = size;
  }

  /** Creates the file of a unix domain socket. */
  makeSocket(path: string, mode: number): void {
    this.#write("listen", path);
    if (this.#files.has(normal(path))) throw failed("EADDRINUSE", "listen", path);
    this.#files.set(normal(path), { bytes: new Uint8Array(0), size: 0, synced: 0, mode, socket: true });
  }

  /** @internal */
  status(path: string): FileStatus {
    if (this.#directories.has(normal(path))) return { kind: "directory", size: 0, mode: 0o755 };
    const { size, mode, socket } = this.#file("stat", path);
    return { kind: socket ? "other" : "file", size, mode };
  }

  /** Returns the names in a folder. */
  list(path: string): string[] {
    const directory = normal(path);
    if (!this.#directories.has(directory)) {
      throw failed(this.#files.has(directory) ? "ENOTDIR" : "ENOENT", "list", path);
    }
    return [...this.#files.keys(), ...this.#directories]
      .filter((name) => name !== "/" && parent(name) === directory)
      .map((name) => name.slice(name.lastIndexOf("/") + 1));
  }

  /** Removes a file. */
  remove(path: string): void {
    this.#file("remove", path);
    this.#write("remove", path);
    this.#files.delete(normal(path));
  }

  #file(operation: string, path: string): StoredFile {
    const name = normal(path);
    if (this.#directories.has(name)) throw failed("EISDIR", operation, path);
    const file = this.#files.get(name);
    if (file) return file;
    throw failed(this.#files.has(parent(name)) ? "ENOTDIR" : "ENOENT", operation, path);
  }

  #write(operation: string, path: string): void {
    const name = normal(path);
    if (this.failure) throw failed(this.failure, operation, path);
    if (this.#directories.has(name)) throw failed("EISDIR", operation, path);
    if (this.#directories.has(parent(name))) return;
    throw failed(this.#files.has(parent(name)) ? "ENOTDIR" : "ENOENT", operation, path);
  }
}

/** Returns the files of a disk for one program. */
export function simFiles(disk: Disk, process: Process): Files {
  const perform = <T>(run: () => T): Promise<T> => process.perform(operationMs, run);
  return {
    read: (path) => perform(() => disk.read(path)),
    replace: (path, bytes, mode) => perform(() => disk.replace(path, bytes, mode)),
    append: (path, mode) =>
      perform((): AppendFile => {
        const file = disk.open(path, mode);
        return {
          write: (bytes) => perform(() => disk.append(path, file, bytes)),
          sync: () =>
            perform(() => {
              file.synced = file.size;
            }),
          close: () => perform(() => {}),
        };
      }),
    status: (path) => perform(() => disk.status(path)),
    list: (path) => perform(() => disk.list(path)),
    remove: (path) => perform(() => disk.remove(path)),
  };
}

function failed(code: SystemErrorCode, operation: string, path: string): SystemError {
  return new SystemError(code, operation, `Cannot ${operation} ${path}: ${code}`);
}

function normal(path: string): string {
  return `/${path.split("/").filter(Boolean).join("/")}`;
}

function parent(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}
