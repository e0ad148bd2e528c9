/**
 * The snapshot on the disk: lines are appended and forced to the disk in order by one worker, which the protocol never waits for. A file
 * that cannot be written, or that vanished, is replaced whole as soon as that is possible; until then lines are not kept, as the
 * replacement has them all.
 */

import { withTimeLimit } from "../async/time_limit.ts";
import { encodeUtf8 } from "../core/bytes.ts";
import type { LogLevel } from "../core/effects.ts";
import type { Meter } from "../core/metrics.ts";
import { type Replayed, replay } from "../core/serf/snapshot/format.ts";
import { SerfError } from "../errors.ts";
import { systemText } from "../go/system_errors.ts";
import type { AppendFile, Cancel, Clock, Files, Runtime } from "../runtime.ts";
import type { ParsedOptions } from "./options.ts";

/** What a snapshot on the disk needs. */
export interface SnapshotFileOptions {
  readonly path: string;
  readonly files: Files;
  readonly clock: Clock;
  readonly meter?: Meter | undefined;
  readonly log: (level: LogLevel, text: string) => void;
}

/** Mode of a new file: it tells addresses. */
const fileMode = 0o600;
/** A larger file is not one of ours. */
const fileSizeMax = 268_435_456;
/** Characters that wait for a slow disk at most; then they are dropped for a replacement. */
const waitingMax = 1_048_576;
/** A disk that fails is tried again this often. */
const retryMs = 30_000;
/** A disk that hangs holds up the end at most this long. */
const closeTimeoutMs = 10_000;

/** The file of one node. */
export class SnapshotFile {
  readonly #parts: SnapshotFileOptions;
  #file: AppendFile;
  /** Gives the whole file in its shortest form; nothing is written before it is known. */
  #content: (() => string) | undefined;
  #waiting = "";
  /** Whether the file has to be replaced before lines make sense. */
  #replace = false;
  /** 0 while the disk works; else how often in a row it failed. */
  #failures = 0;
  #retry: Cancel | undefined;
  #working = false;
  #worker: Promise<void> = Promise.resolve();
  #closing = false;

  private constructor(parts: SnapshotFileOptions, file: AppendFile) {
    this.#parts = parts;
    this.#file = file;
  }

  /** Opens or creates a file and reads it. ERR_OPTION with the original's text when that fails. */
  static async open(
    parts: SnapshotFileOptions,
    rejoinAfterLeave: boolean,
  ): Promise<{ file: SnapshotFile; restored: Replayed }> {
    const { path, files, log } = parts;
    const opened = await files.append(path, fileMode).catch(setupFailed(`open snapshot: open ${path}`));
    try {
      const { size } = await files.status(path).catch(setupFailed(`stat snapshot: stat ${path}`));
      if (size > fileSizeMax)
        throw new SerfError("ERR_OPTION", `${setupText}read snapshot: ${path} has ${size} bytes`);
      const bytes = await files.read(path).catch(setupFailed(`read snapshot: read ${path}`));
      const restored = replay(bytes, rejoinAfterLeave);
      for (const { level, text } of restored.notes) log(level, text);
      const file = new SnapshotFile(parts, opened);
      // The rest of a torn line would merge with the next one.
      file.#replace = restored.size < bytes.length;
      return { file, restored };
    } catch (error) {
      await opened.close();
      throw error;
    }
  }

  /** Begins to write; `content` gives the whole file whenever it has to be replaced. */
  start(content: () => string): void {
    this.#content = content;
    this.#work();
  }

  /** Appends complete lines. */
  append(text: string): void {
    if (this.#replace || text === "") return;
    if (this.#waiting.length + text.length > waitingMax) {
      this.compact();
      return;
    }
    this.#waiting += text;
    this.#work();
  }

  /** Replaces the file by its shortest form, when the disk is ready for it. */
  compact(): void {
    this.#waiting = "";
    this.#replace = true;
    this.#work();
  }

  /** Settles when all lines are on the disk or cannot get there. Never rejects. */
  async close(): Promise<void> {
    const { clock, log } = this.#parts;
    this.#closing = true;
    this.#retry?.();
    this.#retry = undefined;
    this.#work();
    const done = this.#worker.then(() => this.#file.close()).catch(() => undefined);
    if ((await withTimeLimit(clock, closeTimeoutMs, done)) === "late")
      log("ERR", "failed to flush snapshot: timeout");
  }

  #work(): void {
    if (this.#retry !== undefined || this.#working || this.#content === undefined) return;
    this.#working = true;
    this.#worker = this.#write(this.#content);
  }

  async #write(content: () => string): Promise<void> {
    let again = true;
    while (again && (this.#replace || this.#waiting !== "")) {
      try {
        if (this.#replace) await this.#rewrite(content);
        else await this.#extend();
        this.#recovered();
      } catch (error) {
        again = this.#failed(error);
      }
    }
    this.#working = false;
  }

  async #extend(): Promise<void> {
    const { path, files, meter } = this.#parts;
    const startedAt = meter?.now() ?? 0;
    const bytes = encodeUtf8(this.#waiting);
    this.#waiting = "";
    await attempt(`write ${path}`, this.#file.write(bytes));
    await attempt(`sync ${path}`, this.#file.sync());
    // An open file outlives its name: only this tells that somebody removed it.
    await attempt(`stat ${path}`, files.status(path));
    meter?.sample("serf.snapshot.appendLine", meter.now() - startedAt);
  }

  async #rewrite(content: () => string): Promise<void> {
    const { path, files, meter } = this.#parts;
    const startedAt = meter?.now() ?? 0;
    this.#replace = false;
    const bytes = encodeUtf8(content());
    await attempt(`write ${path}`, files.replace(path, bytes, fileMode));
    const file = await attempt(`open ${path}`, files.append(path, fileMode));
    await this.#file.close().catch(() => undefined);
    this.#file = file;
    meter?.sample("serf.snapshot.compact", meter.now() - startedAt);
  }

  #recovered(): void {
    if (this.#failures > 0)
      this.#parts.log("INFO", "Finished compaction, successfully recovered from error state");
    this.#failures = 0;
  }

  /** Says so once, and whether to try again at once; only a replacement can help, as a line may be torn. */
  #failed(error: unknown): boolean {
    const { clock, log } = this.#parts;
    this.#waiting = "";
    this.#replace = true;
    this.#failures += 1;
    if (this.#failures === 1) {
      log("ERR", `Failed to update snapshot: ${(error as Error).message}`);
      log("INFO", "Attempting compaction to recover from error...");
      return true;
    }
    if (this.#failures === 2)
      log("ERR", `Compaction failed, will reattempt after ${retryMs / 1000}s: ${(error as Error).message}`);
    if (this.#closing) return false;
    this.#retry = clock.after(retryMs, () => {
      this.#retry = undefined;
      this.#work();
    });
    return false;
  }
}

/** A snapshot file, opened, and what it says of an earlier life. */
export interface OpenedSnapshot {
  readonly file: SnapshotFile;
  readonly restored: Replayed;
}

/** Opens the snapshot of a node, if it has one. */
export async function openSnapshot(
  runtime: Pick<Runtime, "files" | "clock">,
  options: ParsedOptions,
  meter: Meter | undefined,
): Promise<OpenedSnapshot | undefined> {
  if (options.snapshotPath === undefined) return undefined;
  const { files, clock } = runtime;
  const write = (level: LogLevel, text: string): void =>
    options.log({ time: clock.wallTime(), level, component: "serf", text });
  return await SnapshotFile.open(
    { path: options.snapshotPath, files, clock, meter, log: write },
    options.serf.rejoinAfterLeave,
  );
}

const setupText = "Failed to setup snapshot: failed to ";

function setupFailed(what: string): (error: unknown) => never {
  return (cause) => {
    throw new SerfError("ERR_OPTION", `${setupText}${what}: ${systemText(cause)}`, { cause });
  };
}

async function attempt<T>(what: string, done: Promise<T>): Promise<T> {
  try {
    return await done;
  } catch (cause) {
    throw new Error(`${what}: ${systemText(cause)}`, { cause });
  }
}
