/**
 * The event streams and the log monitor of one client. What they deliver goes through the client's
 * write queue, which is bounded: a record that does not fit is dropped, and the agent logs that at
 * most once a second.
 */

import type { LogLevel } from "../../core/effects.ts";
import { parseLogLevel, passesLevel } from "../../core/log_levels.ts";
import type { RpcCodec } from "../codec.ts";
import type { EventFilter } from "../filter.ts";
import { isValidFilter, matchesFilter, parseFilter } from "../filter.ts";
import { responseHeader, rpcErrors } from "../protocol.ts";
import type { EventRecord } from "../records.ts";
import type { ClientQueries } from "./client_queries.ts";
import type { Share, WriteQueue } from "./write_queue.ts";

/** A line of the agent's log. `text` is the whole line, without a final newline. */
export interface MonitoredLine {
  readonly level: LogLevel;
  readonly text: string;
}

/** A line's record for monitors, encoded when the first monitor wants it and then shared by all. */
export class LineRecord {
  readonly line: MonitoredLine;
  #shared: Uint8Array | undefined;

  constructor(line: MonitoredLine) {
    this.line = line;
  }

  encode(codec: RpcCodec): Uint8Array {
    this.#shared ??= codec.encode({ Log: this.line.text });
    return this.#shared;
  }
}

/** Streams that one client may have open. */
export const streamsMax = 1024;

/** A warning about drops is repeated no sooner than this. */
const dropWarningIntervalMs = 1000;

interface Stream extends Share {
  readonly header: Uint8Array;
  readonly filters: readonly EventFilter[];
}

interface Monitor extends Share {
  readonly sequence: bigint;
  readonly header: Uint8Array;
  readonly level: LogLevel;
}

/** All subscriptions of one client. */
export class Subscriptions {
  readonly #codec: RpcCodec;
  readonly #writes: WriteQueue;
  readonly #queries: ClientQueries;
  readonly #warn: (text: string) => void;
  readonly #streams = new Map<bigint, Stream>();
  #monitor: Monitor | undefined;
  #nextWarning = Number.NEGATIVE_INFINITY;

  constructor(codec: RpcCodec, writes: WriteQueue, queries: ClientQueries, warn: (text: string) => void) {
    this.#codec = codec;
    this.#writes = writes;
    this.#queries = queries;
    this.#warn = warn;
  }

  /** Number of streams and monitors. */
  get count(): number {
    return this.#streams.size + (this.#monitor === undefined ? 0 : 1);
  }

  /** Opens a stream; returns the error text, empty for success. */
  openStream(sequence: bigint, filter: string): string {
    const filters = parseFilter(filter);
    if (!filters.every(isValidFilter)) return rpcErrors.filterInvalid;
    if (this.#streams.has(sequence)) return rpcErrors.streamExists;
    if (this.#streams.size >= streamsMax) return `More than ${streamsMax} streams on one connection`;
    this.#streams.set(sequence, { word: "event", queued: 0, header: this.#header(sequence), filters });
    return "";
  }

  /** Opens the monitor; returns the error text, empty for success. */
  openMonitor(sequence: bigint, name: string): string {
    const level = parseLogLevel(name);
    if (level === undefined) return `Unknown log level: ${name.toUpperCase()}`;
    if (this.#monitor !== undefined) return rpcErrors.monitorExists;
    this.#monitor = { word: "log", queued: 0, sequence, header: this.#header(sequence), level };
    return "";
  }

  /** Ends the stream and the monitor of that sequence number, if there are any. */
  stop(sequence: bigint): void {
    this.#streams.delete(sequence);
    if (this.#monitor?.sequence === sequence) this.#monitor = undefined;
  }

  /** Delivers an event to every stream that wants it. */
  event(now: number, record: EventRecord, client: string): void {
    for (const stream of this.#streams.values()) {
      if (!stream.filters.some((filter) => matchesFilter(filter, record.event))) continue;
      const body = record.encode(this.#queries.nextId);
      const queued = this.#writes.record(stream, stream.header, ...body);
      if (!queued) this.#dropped(now, `Dropping event to ipc.client: ${client}`);
      else if (record.event.type === "query") this.#queries.delivered(now, record.event);
    }
  }

  /** Whether there is a monitor of lines of a level. */
  monitors(level: LogLevel): boolean {
    return this.#monitor !== undefined && passesLevel(level, this.#monitor.level);
  }

  /** Delivers a log line to the monitor. */
  line(now: number, record: LineRecord, client: string): void {
    const monitor = this.#monitor;
    if (monitor === undefined || !this.monitors(record.line.level)) return;
    const queued = this.#writes.record(monitor, monitor.header, record.encode(this.#codec));
    if (!queued) this.#dropped(now, `Dropping logs to ipc.client: ${client}`);
  }

  /** The warning is a log line itself and comes back to a full monitor: without a pause it would never end. */
  #dropped(now: number, warning: string): void {
    if (now < this.#nextWarning) return;
    this.#nextWarning = now + dropWarningIntervalMs;
    this.#warn(warning);
  }

  #header(sequence: bigint): Uint8Array {
    return this.#codec.encode(responseHeader(sequence, ""));
  }
}
