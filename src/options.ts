/**
 * Options of a node, in Serf's own names. They are parsed once, in {@link parseOptions}; the core only sees checked values.
 */

import type { LogLevel } from "./core/effects.ts";

/** One line of a node's log. */
export interface LogLine {
  /** Milliseconds since 1970-01-01 UTC. */
  readonly time: number;
  readonly level: LogLevel;
  /** `memberlist`, `serf`, `agent` or `agent.ipc`. */
  readonly component: string;
  readonly text: string;
}

/** Options of {@link Serf.start}; every one has a default. */
export interface SerfOptions {
  /** Unique name in the cluster. Default: the host name. */
  readonly name?: string;
  /** `host`, `host:port` or `[v6]:port` to listen on, UDP and TCP. Port 0 picks a free one. Default `0.0.0.0:7946`. */
  readonly bind?: string;
  /** Address and port told to others. Default: the bound one, or the first private address of the host. */
  readonly advertise?: string;
  /** Tags of this node; encoded at most 512 bytes. */
  readonly tags?: Readonly<Record<string, string>>;
  /** Timings for a network: `lan` (default), `wan` or `local`. */
  readonly profile?: "lan" | "wan" | "local";
  /** Serf protocol to speak, 2 to 5. Default 5. */
  readonly protocol?: number;
  /** Base64 of 16, 24 or 32 bytes: encrypts all traffic. */
  readonly encryptKey?: string;
  /** Base64 keys, primary first, instead of `encryptKey`. */
  readonly keyring?: readonly string[];
  /** Separates clusters that share a network (memberlist 0.3 and newer; old agents cannot join a labelled cluster). */
  readonly label?: string;
  /** Compress packets and streams. Default true. */
  readonly compression?: boolean;
  /** Wait at most this long for broadcasts to spread. Default 5000. */
  readonly broadcastTimeoutMs?: number;
  /** How long a leaving node stays to pass on its goodbye. Default 1000. */
  readonly leavePropagateDelayMs?: number;
  /** Try to reach failed members again this often. Default 30000. */
  readonly reconnectIntervalMs?: number;
  /** Forget failed members after this. Default 24 hours. */
  readonly reconnectTimeoutMs?: number;
  /** Forget members that left after this. Default 24 hours. */
  readonly tombstoneTimeoutMs?: number;
  /** Receives every log line; called synchronously, must not throw. */
  readonly log?: (line: LogLine) => void;
}
