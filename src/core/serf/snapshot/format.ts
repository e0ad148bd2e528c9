/**
 * The snapshot file: what each line means, replay, and the compact form. Spec: serf.md, section 18; the original continues our files and
 * we continue its. What only we record stands in comment lines, which the original skips silently:
 *
 *     #failed: NAME IP:PORT    a member failed; its address is kept to find it again
 *     #incarnation: N          our own incarnation, so that the next life starts above what others remember
 */

import type { LogLevel } from "../../effects.ts";
import { incarnationMax } from "../../swim/validity.ts";

/** What a snapshot says. Addresses are `IP:PORT`, with brackets around IPv6. */
export interface SnapshotState {
  readonly alive: Map<string, string>;
  readonly failed: Map<string, string>;
  /** Lamport times that were seen. */
  clock: bigint;
  eventClock: bigint;
  queryClock: bigint;
  /** Our own incarnation; 0 when it is not known. */
  incarnation: number;
}

/** A line for the log about what replay found. */
export interface ReplayNote {
  readonly level: LogLevel;
  readonly text: string;
}

/** The result of a replay. */
export interface Replayed {
  readonly state: SnapshotState;
  readonly notes: readonly ReplayNote[];
  /** Bytes of complete lines; what follows is a torn line. */
  readonly size: number;
}

/** The highest Lamport time. No clock moves past it, so that it is not worth keeping. */
export const lamportMax = 0xffff_ffff_ffff_ffffn;

/** A damaged file has at most this many lines of log, each of a bounded length. */
const notesMax = 32;
const quotedMax = 200;

/** What an absent or empty file says. */
export function emptySnapshot(): SnapshotState {
  return { alive: new Map(), failed: new Map(), clock: 0n, eventClock: 0n, queryClock: 0n, incarnation: 0 };
}

/** Writers of single lines, without the line feed. */
export const line = {
  alive: (name: string, address: string): string => `alive: ${name} ${address}`,
  notAlive: (name: string): string => `not-alive: ${name}`,
  failed: (name: string, address: string): string => `#failed: ${name} ${address}`,
  clock: (time: bigint): string => `clock: ${time}`,
  eventClock: (time: bigint): string => `event-clock: ${time}`,
  queryClock: (time: bigint): string => `query-clock: ${time}`,
  incarnation: (incarnation: number): string => `#incarnation: ${incarnation}`,
  leave: "leave",
} as const;

/** The shortest file that replays to `state`. The clocks are always there, as the original writes them. */
export function compact(state: SnapshotState): string {
  const lines: string[] = [];
  for (const [name, address] of state.alive) lines.push(line.alive(name, address));
  for (const [name, address] of state.failed) lines.push(line.failed(name, address));
  if (state.incarnation > 0) lines.push(line.incarnation(state.incarnation));
  // Last, so that a `not-alive` line that is appended later never stands behind the `#failed` line of its name.
  lines.push(line.clock(state.clock), line.eventClock(state.eventClock), line.queryClock(state.queryClock));
  return `${lines.join("\n")}\n`;
}

/** Reads a file. With `rejoinAfterLeave` a recorded leave forgets nothing. Never throws: what is not understood is noted and skipped. */
export function replay(bytes: Uint8Array, rejoinAfterLeave: boolean): Replayed {
  const reader = new Reader(rejoinAfterLeave);
  const decoder = new TextDecoder();
  let start = 0;
  for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
    reader.line(decoder.decode(bytes.subarray(start, end)));
    start = end + 1;
  }
  return { state: reader.state, notes: reader.notes(), size: start };
}

class Reader {
  readonly state: SnapshotState = emptySnapshot();
  readonly #rejoinAfterLeave: boolean;
  readonly #notes: ReplayNote[] = [];
  #noteCount = 0;
  /** Name of the `#failed` line just read: the original is told the same by a `not-alive` line behind it. */
  #justFailed: string | undefined;

  constructor(rejoinAfterLeave: boolean) {
    this.#rejoinAfterLeave = rejoinAfterLeave;
  }

  notes(): ReplayNote[] {
    const more = this.#noteCount - this.#notes.length;
    if (more === 0) return this.#notes;
    return [...this.#notes, { level: "WARN", text: `Skipped ${more} more snapshot lines` }];
  }

  line(text: string): void {
    const justFailed = this.#justFailed;
    this.#justFailed = undefined;
    if (text === line.leave) {
      this.#leave();
      return;
    }
    const [key, value] = cut(text, ": ");
    switch (value === undefined ? "" : key) {
      case "alive":
        this.#alive(text, value!);
        return;
      case "not-alive":
        this.state.alive.delete(value!);
        if (value !== justFailed) this.state.failed.delete(value!);
        return;
      case "clock":
        this.state.clock = this.#time("clock", value!) ?? this.state.clock;
        return;
      case "event-clock":
        this.state.eventClock = this.#time("event clock", value!) ?? this.state.eventClock;
        return;
      case "query-clock":
        this.state.queryClock = this.#time("query clock", value!) ?? this.state.queryClock;
        return;
      case "#failed":
        this.#failed(value!);
        return;
      case "#incarnation":
        this.#incarnation(value!);
        return;
      case "coordinate":
        return;
      default:
        if (!text.startsWith("#")) this.#warn(`Unrecognized snapshot line: ${text}`);
    }
  }

  #leave(): void {
    if (this.#rejoinAfterLeave) {
      this.#note("INFO", "Ignoring previous leave in snapshot");
      return;
    }
    this.state.alive.clear();
    this.state.failed.clear();
    this.state.clock = 0n;
    this.state.eventClock = 0n;
    this.state.queryClock = 0n;
  }

  #alive(text: string, value: string): void {
    const space = value.lastIndexOf(" ");
    if (space < 0) {
      this.#warn(`Failed to parse address: ${text}`);
      return;
    }
    const name = value.slice(0, space);
    this.state.failed.delete(name);
    this.state.alive.set(name, value.slice(space + 1));
  }

  /** Bad comment lines are skipped like any comment. */
  #failed(value: string): void {
    const space = value.lastIndexOf(" ");
    if (space < 0) return;
    const name = value.slice(0, space);
    this.state.alive.delete(name);
    this.state.failed.set(name, value.slice(space + 1));
    this.#justFailed = name;
  }

  #incarnation(value: string): void {
    // Above half of the range something is wrong, and little would be left to refute accusations with.
    if (/^[0-9]{1,10}$/.test(value) && Number(value) <= incarnationMax / 2)
      this.state.incarnation = Number(value);
  }

  #time(what: string, value: string): bigint | undefined {
    const fault = !/^[0-9]+$/.test(value)
      ? "invalid syntax"
      : value.length > 100 || BigInt(value) > lamportMax
        ? "value out of range"
        : null;
    if (fault === null) return BigInt(value);
    this.#warn(
      `Failed to convert ${what} time: strconv.ParseUint: parsing ${JSON.stringify(value)}: ${fault}`,
    );
    return undefined;
  }

  #warn(text: string): void {
    this.#note("WARN", text);
  }

  #note(level: LogLevel, text: string): void {
    this.#noteCount += 1;
    if (this.#notes.length < notesMax) this.#notes.push({ level, text: text.slice(0, quotedMax) });
  }
}

/** The text before and behind the first separator; `undefined` behind when there is none. */
function cut(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + separator.length)];
}
