/**
 * The format of the snapshot file: its lines, replay, and the compact form (serf `snapshot.go`).
 * Serf can continue our files and we can continue those of Serf. What only we record is in comment
 * lines, which Serf skips silently:
 *
 *     #failed: NAME IP:PORT    a member failed; after a restart we try this address
 *     #incarnation: N          our own incarnation; after a restart we begin above it
 */

import type { LogLevel } from "../../effects.ts";
import { incarnationHalf } from "../../swim/validity.ts";
import { lamportHalf, lamportMax } from "../lamport.ts";

/** The content of a snapshot. Addresses are `IP:PORT`, with brackets around IPv6. */
export interface SnapshotState {
  /** Names to addresses of live members. */
  readonly alive: Map<string, string>;
  /** Names to addresses of failed members. */
  readonly failed: Map<string, string>;
  /** The last Lamport times of members, user events and queries. */
  clock: bigint;
  eventClock: bigint;
  queryClock: bigint;
  /** Our own incarnation; 0 if it is not known. */
  incarnation: number;
}

/** A log line about something that replay found. */
export interface ReplayNote {
  readonly level: LogLevel;
  readonly text: string;
}

/** The result of a replay. */
export interface Replayed {
  readonly state: SnapshotState;
  readonly notes: readonly ReplayNote[];
  /** The size of all complete lines in bytes. An incomplete line may follow. */
  readonly size: number;
}

/** The maximum number of log lines about a damaged file. */
const notesMax = 32;
/** The maximum length of such a log line. */
const quotedMax = 200;

/** Returns the content of an empty file. */
export function emptySnapshot(): SnapshotState {
  return { alive: new Map(), failed: new Map(), clock: 0n, eventClock: 0n, queryClock: 0n, incarnation: 0 };
}

/** Functions that return single lines, without the line feed. */
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

/** Returns the shortest file that replays to `state`. It always includes the clocks, as in Serf. */
export function compact(state: SnapshotState): string {
  const lines: string[] = [];
  for (const [name, address] of state.alive) lines.push(line.alive(name, address));
  for (const [name, address] of state.failed) lines.push(line.failed(name, address));
  if (state.incarnation > 0) lines.push(line.incarnation(state.incarnation));
  // Last, so that a `not-alive` line that is appended later never comes right after the `#failed`
  // line of the same name.
  lines.push(line.clock(state.clock), line.eventClock(state.eventClock), line.queryClock(state.queryClock));
  return `${lines.join("\n")}\n`;
}

/**
 * Replays a file. A recorded leave clears the state, unless `rejoinAfterLeave`. Never throws: skips
 * malformed lines and returns a note about each.
 */
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
  /**
   * The name in the `#failed` line that was just read. A `not-alive` line follows it for Serf, and
   * must not remove the name here.
   */
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

  /** Malformed comment lines are skipped without a note, like any comment. */
  #failed(value: string): void {
    const space = value.lastIndexOf(" ");
    if (space < 0) return;
    const name = value.slice(0, space);
    this.state.alive.delete(name);
    this.state.failed.set(name, value.slice(space + 1));
    this.#justFailed = name;
  }

  #incarnation(value: string): void {
    // A file must not bring back an incarnation that peers would not believe.
    if (/^[0-9]{1,10}$/.test(value) && Number(value) < incarnationHalf)
      this.state.incarnation = Number(value);
  }

  #time(what: string, value: string): bigint | undefined {
    const fault = !/^[0-9]+$/.test(value)
      ? "invalid syntax"
      : value.length > 100 || BigInt(value) > lamportMax
        ? "value out of range"
        : undefined;
    if (fault === undefined && BigInt(value) >= lamportHalf) {
      // A file that recorded a hostile time would keep its node from taking part for ever.
      this.#warn(`Ignoring ${what} time ${value}: it is too far ahead`);
      return undefined;
    }
    if (fault === undefined) return BigInt(value);
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

/** Returns the text before and after the first separator; `undefined` after it if there is none. */
function cut(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + separator.length)];
}
