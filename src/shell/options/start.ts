/**
 * The options of what a node does by itself: joining, looking for its cluster, and leaving when a
 * signal comes.
 */

import { SerfError } from "../../errors.ts";
import type { Signal, SignalName } from "../../runtime.ts";
import { checkOptions, type Kind, kinds, type OptionTable } from "./arguments.ts";
import { checkTime } from "./times.ts";

/** Joins in the background, again and again until one works. */
export interface RetryJoinOptions {
  /** See {@link Serf.join}. Names are resolved again at every attempt. */
  readonly seeds: readonly string[];
  /** The time between two attempts. Default 30000. */
  readonly intervalMs?: number | undefined;
  /** How many attempts there are. Default: no end. */
  readonly attemptsMax?: number | undefined;
}

/** How members find each other on the local network. */
export interface DiscoverOptions {
  /** The name of the cluster; its members announce themselves under it. */
  readonly cluster: string;
  /** The name of the network interface. Default: the system's choice. */
  readonly interface?: string | undefined;
  /** Whether to ask over IPv4. Default true. */
  readonly ipv4?: boolean | undefined;
  /** Whether to ask over IPv6. Default true. */
  readonly ipv6?: boolean | undefined;
}

/** What a node does by itself from its start on. */
export interface StartOptions {
  /**
   * Joins through these seeds before the start is over; if no address replies, the start rejects
   * with {@link JoinError}. See {@link Serf.join}.
   */
  readonly join?: readonly string[] | undefined;
  /**
   * Joins through these seeds in the background, until an attempt works, the attempts are used up or
   * the node leaves or stops. Every attempt is logged: those that failed as WARN, the last one as ERR.
   */
  readonly retryJoin?: readonly string[] | RetryJoinOptions | undefined;
  /**
   * Looks for the members of a cluster on the local network by multicast DNS, until the node leaves
   * or stops, and joins those that it finds. The start rejects with SerfError (ERR_BIND) if no socket
   * can be opened for that.
   */
  readonly discover?: string | DiscoverOptions | undefined;
  /** Whether these joins deliver also user events that were sent before. Default false. */
  readonly replay?: boolean | undefined;
  /**
   * At the first of these signals the node leaves and shuts down, at a second one it shuts down at
   * once. The process ends if nothing else keeps it running.
   */
  readonly leaveOn?: readonly SignalName[] | undefined;
  /** Ends the start when it is aborted: it rejects with the signal's reason. Later it has no effect. */
  readonly signal?: Signal | undefined;
}

/** Checked options of what a node does by itself. */
export interface ParsedStart {
  readonly join: readonly string[];
  readonly retryJoin: {
    readonly seeds: readonly string[];
    readonly intervalMs: number;
    readonly attemptsMax: number;
  };
  readonly discover:
    | {
        readonly cluster: string;
        readonly interface: string | undefined;
        readonly ipv4: boolean;
        readonly ipv6: boolean;
      }
    | undefined;
  readonly replay: boolean;
  readonly leaveOn: readonly SignalName[];
  readonly signal: Signal | undefined;
}

const signalNames: readonly SignalName[] = ["SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1"];
const defaultIntervalMs = 30_000;

const isObject = (value: unknown): boolean =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const listOrObject: Kind = {
  words: "a list of text, or an object with seeds",
  fits: (value) => kinds.texts.fits(value) || isObject(value),
};

const textOrObject: Kind = {
  words: "text, or an object with cluster",
  fits: (value) => kinds.text.fits(value) || isObject(value),
};

/** What each option must be. */
export const startKinds: OptionTable<StartOptions> = {
  join: kinds.texts,
  retryJoin: listOrObject,
  discover: textOrObject,
  replay: kinds.flag,
  leaveOn: {
    words: `a list of ${signalNames.join(", ")}`,
    fits: (value) => Array.isArray(value) && value.every((name) => signalNames.includes(name)),
  },
  signal: kinds.signal,
};

const retryKinds: OptionTable<RetryJoinOptions> = {
  seeds: kinds.texts,
  intervalMs: kinds.number,
  attemptsMax: kinds.count,
};

const discoverKinds: OptionTable<DiscoverOptions> = {
  cluster: kinds.text,
  interface: kinds.text,
  ipv4: kinds.flag,
  ipv6: kinds.flag,
};

/** Adds the defaults to options whose kinds were checked. Throws SerfError (ERR_OPTION). */
export function parseStart(options: StartOptions): ParsedStart {
  const { join = [], retryJoin = [], discover, replay = false, leaveOn = [], signal } = options;
  return {
    join: [...join],
    retryJoin: retried(isList(retryJoin) ? { seeds: retryJoin } : retryJoin),
    discover: discovered(typeof discover === "string" ? { cluster: discover } : discover),
    replay,
    leaveOn: [...new Set(leaveOn)],
    signal,
  };
}

function isList(value: readonly string[] | RetryJoinOptions): value is readonly string[] {
  return Array.isArray(value);
}

function retried(options: RetryJoinOptions): ParsedStart["retryJoin"] {
  checkOptions("start a node: retryJoin", retryKinds, options);
  const { seeds, intervalMs = defaultIntervalMs, attemptsMax = Number.POSITIVE_INFINITY } = options;
  if (seeds === undefined) throw new SerfError("ERR_OPTION", "Cannot start a node: retryJoin has no seeds");
  return {
    seeds: [...seeds],
    intervalMs: checkTime("intervalMs of retryJoin", intervalMs, Number.MIN_VALUE),
    attemptsMax,
  };
}

function discovered(options: DiscoverOptions | undefined): ParsedStart["discover"] {
  if (options === undefined) return undefined;
  checkOptions("start a node: discover", discoverKinds, options);
  const { cluster, ipv4 = true, ipv6 = true, interface: chosen } = options;
  if (cluster === undefined || cluster === "")
    throw new SerfError("ERR_OPTION", "Cannot start a node: discover names no cluster");
  if (!ipv4 && !ipv6)
    throw new SerfError("ERR_OPTION", "Cannot start a node: discover switches IPv4 and IPv6 off");
  return { cluster, ipv4, ipv6, interface: chosen };
}
