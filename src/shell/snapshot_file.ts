/**
 * The snapshot file: one worker appends lines and syncs them to the disk, in order; the protocol
 * never waits for it. A file that cannot be written, or that was removed, is replaced as a whole as
 * soon as that is possible. Until then lines are dropped, because the replacement includes them.
 */

import { withTimeLimit } from "../async/time_limit.ts";
import { encodeUtf8 } from "../core/bytes.ts";
import type { LogLevel } from "../core/effects.ts";
import type { Meter } from "../core/metrics.ts";
import { type Replayed, replay } from "../core/serf/snapshot/format.ts";
import { SerfError } from "../errors.ts";
import { systemText } from "../go/system_errors.ts";
import type { AppendFile, Cancel, Clock, Files, Runtime } from "../runtime.ts";
import type { ParsedOptions } from "./options/options.ts";

/** What {@link SnapshotFile} needs. */
export interface SnapshotFileOptions {
  readonly path: string;
  readonly files: Files;
  readonly clock: Clock;
  readonly meter?: Meter | undefined;
  readonly log: (level: LogLevel, text: string) => void;
}

/** The mode of a new file: only its owner may read the addresses in it. */
const fileMode = 0o600;
/** The maximum size in bytes of a file that is read; compaction keeps ours far below it. */
const fileSizeMax = 268_435_456;
/**
 * The maximum number of characters that wait for a slow disk. If there are more, they are dropped
 * and the file is replaced.
 */
const waitingMax = 1_048_576;
/** How often a write is tried again after a failure. */
const retryMs = 30_000;
/** How long {@link SnapshotFile.close} waits for a slow disk. */
const closeTimeoutMs = 10_000;

/** The snapshot file of one node. */
export class SnapshotFile {
  readonly #options: SnapshotFileOptions;
  #file: AppendFile;
  /**
   * Returns the whole file in its shortest form. `undefined` until {@link start}; nothing is
   * written before.
   */
  #content: (() => string) | undefined;
  #waiting = "";
  /** Whether the file has to be replaced before lines can be appended. */
  #replace = false;
  /** How often writing has failed in a row. */
  #failures = 0;
  #retry: Cancel | undefined;
  #working = false;
  #worker: Promise<void> = Promise.resolve();
  #closing = false;

  private constructor(options: SnapshotFileOptions, file: AppendFile) {
    this.#options = options;
    this.#file = file;
  }

  /**
   * Opens or creates a file and replays it. Rejects with SerfError (ERR_OPTION) and Serf's message
   * if that fails.
   */
  static async open(
    options: SnapshotFileOptions,
    rejoinAfterLeave: boolean,
  ): Promise<{ file: SnapshotFile; restored: Replayed }> {
    const { path, files, log } = options;
    const opened = await files.append(path, fileMode).catch(setupFailed(`open snapshot: open ${path}`));
    try {
      const { size } = await files.status(path).catch(setupFailed(`stat snapshot: stat ${path}`));
      if (size > fileSizeMax)
        throw new SerfError("ERR_OPTION", `${setupText}read snapshot: ${path} has ${size} bytes`);
      const bytes = await files.read(path).catch(setupFailed(`read snapshot: read ${path}`));
      const restored = replay(bytes, rejoinAfterLeave);
      for (const { level, text } of restored.notes) log(level, text);
      const file = new SnapshotFile(options, opened);
      // Replace a file that ends in an incomplete line, because the next line would be appended to
      // it.
      file.#replace = restored.size < bytes.length;
      return { file, restored };
    } catch (error) {
      await opened.close();
      throw error;
    }
  }

  /**
   * Begins to write. `content` returns the whole file; it is called when the file has to be
   * replaced.
   */
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

  /** Replaces the file by its shortest form when the disk is ready. */
  compact(): void {
    this.#waiting = "";
    this.#replace = true;
    this.#work();
  }

  /**
   * Closes the file. Resolves when all lines are on the disk, or could not be written, or 10 s have
   * passed. Never rejects.
   */
  async close(): Promise<void> {
    const { clock, log } = this.#options;
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
    const { path, files, meter } = this.#options;
    const startedAt = meter?.now() ?? 0;
    const bytes = encodeUtf8(this.#waiting);
    this.#waiting = "";
    await attempt(`write ${path}`, this.#file.write(bytes));
    await attempt(`sync ${path}`, this.#file.sync());
    // Writing to a file that was removed succeeds, so check that its name still exists.
    await attempt(`stat ${path}`, files.status(path));
    meter?.sample("serf.snapshot.appendLine", meter.now() - startedAt);
  }

  async #rewrite(content: () => string): Promise<void> {
    const { path, files, meter } = this.#options;
    const startedAt = meter?.now() ?? 0;
    this.#replace = false;
    const bytes = encodeUtf8(content());
    // Windows does not let a file be replaced that is open. Until that has succeeded nothing is appended.
    await this.#file.close().catch(() => undefined);
    await attempt(`write ${path}`, files.replace(path, bytes, fileMode));
    this.#file = await attempt(`open ${path}`, files.append(path, fileMode));
    meter?.sample("serf.snapshot.compact", meter.now() - startedAt);
  }

  #recovered(): void {
    if (this.#failures > 0)
      this.#options.log("INFO", "Finished compaction, successfully recovered from error state");
    this.#failures = 0;
  }

  /**
   * Logs a failure and plans a replacement, because a line may be incomplete now. Returns whether
   * to try again at once.
   */
  #failed(error: unknown): boolean {
    const { clock, log } = this.#options;
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

/** An open snapshot file and what replaying it returned. */
export interface OpenedSnapshot {
  readonly file: SnapshotFile;
  readonly restored: Replayed;
}

/**
 * Opens the snapshot file of a node, if its options name one. Rejects with SerfError (ERR_OPTION).
 */
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
