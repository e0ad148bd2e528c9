/**
 * The disk of a bare core, and who writes to it as the shell does: lines are appended until that
 * fails; then the file is replaced as a whole, at once and every half minute, until that succeeds.
 */

import type { SerfEffect } from "../../../src/core/serf/effects.ts";
import type { SerfCore } from "../../../src/core/serf/serf_core.ts";

/** How often a replacement is tried again, as in the shell's `SnapshotFile`. */
const retryMs = 30_000;

/** The snapshot file of one node, on a disk that can be full and can lose what was appended last. */
export class CoreDisk {
  /** The content of the file. It is ASCII, so that a character is a byte. */
  file = "";
  /** Whether the file lacks something, so that it has to be replaced. */
  behind = false;
  /** The number of writes that failed. */
  failures = 0;
  /** The number of times that the file was replaced because it lacked something. */
  replacements = 0;
  /** How many bytes have room; `Infinity` unless the disk is full. */
  #room = Number.POSITIVE_INFINITY;
  /** The size of what was written as a whole or read back, of which a power cut takes nothing. */
  #safe = 0;

  /** A program opens the file. What it reads stays, and a torn line at the end has to be cut off. */
  open(): void {
    this.#safe = this.file.length;
    this.behind ||= this.file !== "" && !this.file.endsWith("\n");
  }

  /** Fills the disk up to so many bytes: no more can be appended, and no file replaced. */
  fill(room: number): void {
    this.#room = room;
  }

  /** Makes room again. */
  empty(): void {
    this.#room = Number.POSITIVE_INFINITY;
  }

  /** Appends lines, or as much of them as there is room for. Returns whether all were written. */
  append(text: string): boolean {
    if (text.length <= this.#room) {
      this.file += text;
      this.#room -= text.length;
      return true;
    }
    this.file += text.slice(0, this.#room);
    this.#room = 0;
    this.failures += 1;
    this.behind = true;
    return false;
  }

  /** Replaces the file, by a rename: all of it or nothing. Returns whether that succeeded. */
  replace(text: string): boolean {
    if (this.#room < Number.POSITIVE_INFINITY) {
      this.failures += 1;
      this.behind = true;
      return false;
    }
    this.file = text;
    this.#safe = text.length;
    if (this.behind) this.replacements += 1;
    this.behind = false;
    return true;
  }

  /**
   * Loses at most so many bytes from the end of what the last program appended, as in a power cut when
   * the disk reported writes that it had not made. Returns how many were lost.
   */
  tear(bytes: number): number {
    const lost = Math.min(bytes, this.file.length - this.#safe);
    this.file = this.file.slice(0, this.file.length - lost);
    return lost;
  }
}

/** A node, as far as writing its file needs it. */
export interface Writer {
  readonly core: Pick<SerfCore, "snapshot">;
  readonly disk: CoreDisk;
  readonly running: boolean;
  readonly starts: number;
}

/** Writes the snapshot files of a world's nodes. */
export class Scribe {
  readonly #later: (delayMs: number, run: () => void) => void;

  /** `later` calls back after a delay. */
  constructor(later: (delayMs: number, run: () => void) => void) {
    this.#later = later;
  }

  /** Begins to write for a program that has replayed its file and had no input yet. */
  open(node: Writer): void {
    node.disk.open();
    // The next line would be appended to one that is torn.
    if (node.disk.behind) this.#replace(node);
  }

  /** Carries out what a core wants to have written. */
  write(node: Writer, effect: Extract<SerfEffect, { kind: "record" | "compact" }>): void {
    const { disk } = node;
    // The replacement, which is tried now and then, includes it.
    if (disk.behind) return;
    if (effect.kind === "record" && disk.append(effect.text)) return;
    this.#replace(node);
  }

  #replace(node: Writer): void {
    if (node.disk.replace(node.core.snapshot())) return;
    const { starts } = node;
    this.#later(retryMs, () => {
      if (node.running && node.starts === starts) this.#replace(node);
    });
  }
}
