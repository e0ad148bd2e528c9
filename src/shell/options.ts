/**
 * Options of a node, in Serf's own names. They are parsed once, in {@link parseOptions}; the core only sees checked values.
 */

import { utf8Length } from "../core/bytes.ts";
import type { LogLevel } from "../core/effects.ts";
import type { Metrics } from "../core/metrics.ts";
import type { Member } from "../core/serf/api.ts";
import { type SerfConfig, serfDefaults, serfProtocolRange, userEventSizeMax } from "../core/serf/config.ts";
import { type AdmissionHooks, strictNameFault } from "../core/serf/members/admission.ts";
import { tagRecord } from "../core/serf/wire/tags.ts";
import { profiles, protocolRange, type SwimConfig } from "../core/swim/config.ts";
import { nameFault } from "../core/swim/validity.ts";
import { SerfError } from "../errors.ts";
import { parseKey } from "../go/parse_key.ts";
import { parseBlock } from "../net/cidr.ts";
import type { Files } from "../runtime.ts";
import { defaultPort, type Endpoint, parseEndpoint } from "./endpoint.ts";
import { readKeyring } from "./keyring_file.ts";

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
  /**
   * File of keys, as JSON list of base64, primary first: read at start unless `encryptKey` or `keyring` is given, and written after every
   * change of a key.
   */
  readonly keyringFile?: string;
  /** Most bytes of a user event as encoded, at most 9216. Default 512. */
  readonly userEventSizeLimit?: number;
  /** Most bytes of a query and of an answer as encoded; a packet has about 1,350. Default 1024. */
  readonly querySizeLimit?: number;
  readonly queryResponseSizeLimit?: number;
  /** When another node has our name, let the cluster vote; the loser stops. Default true. */
  readonly enableNameConflictResolution?: boolean;
  /** Allow only letters, digits, dashes and dots in names, at most 128 of them. Default false. */
  readonly validateNodeNames?: boolean;
  /**
   * Called for every alive message, so repeatedly per member. Returns a reason to ignore the message,
   * or `null` to accept it. Synchronous.
   */
  readonly admitMember?: (member: Member) => string | null;
  /**
   * Called before two clusters become one, on both sides. Returns a reason to refuse the join, or
   * `null`. Synchronous.
   */
  readonly admitMerge?: (members: readonly Member[]) => string | null;
  /** Separates clusters that share a network (memberlist 0.3 and newer; old agents cannot join a labelled cluster). */
  readonly label?: string;
  /** Blocks in CIDR notation where members may live; IPv4 and IPv6 are listed separately. Default: everywhere. */
  readonly allowedCidrs?: readonly string[];
  /** Refuse plaintext, and encrypt, once there is a key. Default true; false is for moving a running cluster to encryption. */
  readonly verifyIncoming?: boolean;
  readonly verifyOutgoing?: boolean;
  /** After this a failed member's name may return from another address. Default 0, which is never. */
  readonly deadNodeReclaimMs?: number;
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
  /** File that keeps what the node needs to find its cluster again after a restart. Default: none. */
  readonly snapshotPath?: string;
  /** Whether a node that left and starts again returns to its cluster. Default false. */
  readonly rejoinAfterLeave?: boolean;
  /** Member events of one burst are merged: held until none came for `quiescentMs`, and `coalesceMs` at most. Default 0, no merging. */
  readonly coalesceMs?: number;
  readonly quiescentMs?: number;
  /** The same for user events that were sent with `coalesce`. Default 0, no merging. */
  readonly userCoalesceMs?: number;
  readonly userQuiescentMs?: number;
  /** Receives measurements, for example to feed Prometheus or OpenTelemetry; see {@link Metrics}. Default: nothing is measured. */
  readonly metrics?: Metrics;
  /** Receives every log line; called synchronously, must not throw. */
  readonly log?: (line: LogLine) => void;
}

/** Options after parsing: everything is checked, nothing is absent. Addresses are still text, as they depend on the host. */
export interface ParsedOptions {
  readonly serf: SerfConfig;
  readonly swim: Omit<SwimConfig, "address" | "port" | "bindPort">;
  readonly bind: Endpoint;
  readonly advertise: Endpoint | undefined;
  /** Raw keys, primary first; empty is no encryption. */
  readonly keys: readonly Uint8Array[];
  readonly keyringFile: string | undefined;
  readonly admission: AdmissionHooks;
  readonly label: string;
  readonly compression: boolean;
  readonly snapshotPath: string | undefined;
  readonly metrics: Metrics | undefined;
  readonly log: (line: LogLine) => void;
}

const labelSizeMax = 255;
/** The largest UDP payload, which bounds every message that is not split. */
const datagramSizeMax = 65_507;

/** Options with the keys of the keyring file, if that is where keys are. ERR_KEY. */
export async function withKeyring(parsed: ParsedOptions, files: Files): Promise<ParsedOptions> {
  if (parsed.keyringFile === undefined || parsed.keys.length > 0) return parsed;
  return { ...parsed, keys: (await readKeyring(parsed.keyringFile, files)).map(parseKey) };
}

/** Checks options. `hostname` is the default name. Throws SerfError naming the option and the fault. */
export function parseOptions(options: SerfOptions, hostname: () => string): ParsedOptions {
  const name = options.name ?? hostname();
  const fault = nameFault(name);
  if (fault !== undefined)
    throw new SerfError("ERR_NAME", `Invalid node name ${JSON.stringify(name)}: ${fault}`);
  const strictFault = options.validateNodeNames === true ? strictNameFault(name) : undefined;
  if (strictFault !== undefined) throw new SerfError("ERR_NAME", strictFault);
  const protocol = options.protocol ?? serfProtocolRange.default;
  checkProtocol(protocol);
  const profile = options.profile ?? "lan";
  const timings = Object.hasOwn(profiles, profile) ? profiles[profile] : undefined;
  if (timings === undefined) throw new SerfError("ERR_OPTION", `Unknown profile: ${profile}`);
  const label = options.label ?? "";
  const labelLength = utf8Length(label);
  if (labelLength > labelSizeMax) {
    throw new SerfError("ERR_OPTION", `label is too long: ${labelLength} bytes, at most ${labelSizeMax}`);
  }
  return {
    serf: {
      ...serfDefaults,
      name,
      tags: Object.freeze(tagRecord(Object.entries(options.tags ?? {}))),
      protocol,
      ...durations(options),
      ...holds(options),
      rejoinAfterLeave: options.rejoinAfterLeave ?? false,
      ...sizes(options),
      enableNameConflictResolution:
        options.enableNameConflictResolution ?? serfDefaults.enableNameConflictResolution,
      validateNodeNames: options.validateNodeNames ?? serfDefaults.validateNodeNames,
    },
    swim: {
      ...timings,
      name,
      protocol: protocolRange.default,
      delegate: { min: serfProtocolRange.min, max: serfProtocolRange.max, current: protocol },
      labelLength,
      verifyIncoming: options.verifyIncoming ?? true,
      verifyOutgoing: options.verifyOutgoing ?? true,
      allowedBlocks: (options.allowedCidrs ?? []).map(parseBlock),
      deadNodeReclaimMs: duration("deadNodeReclaimMs", options.deadNodeReclaimMs ?? 0, 0),
    },
    bind: parseEndpoint(options.bind ?? "0.0.0.0", defaultPort),
    advertise: options.advertise === undefined ? undefined : parseEndpoint(options.advertise, defaultPort),
    keys: parseKeys(options),
    keyringFile: options.keyringFile,
    admission: {
      ...(options.admitMember === undefined ? {} : { admitMember: options.admitMember }),
      ...(options.admitMerge === undefined ? {} : { admitMerge: options.admitMerge }),
    },
    label,
    compression: options.compression ?? true,
    snapshotPath: options.snapshotPath === "" ? undefined : options.snapshotPath,
    metrics: options.metrics,
    log: options.log ?? (() => undefined),
  };
}

function parseKeys(options: SerfOptions): Uint8Array[] {
  if (options.encryptKey !== undefined && options.keyring !== undefined) {
    throw new SerfError("ERR_OPTION", "Encryption key not allowed while using a keyring");
  }
  const texts = options.keyring ?? (options.encryptKey === undefined ? [] : [options.encryptKey]);
  return texts.map(parseKey);
}

function checkProtocol(protocol: number): void {
  const { min, max } = serfProtocolRange;
  const fault = protocol < min ? "low" : protocol > max ? "high" : null;
  if (fault === null && Number.isInteger(protocol)) return;
  throw new SerfError(
    "ERR_OPTION",
    `Protocol version '${protocol}' too ${fault ?? "vague"}. Must be in range: [${min}, ${max}]`,
  );
}

function durations(options: SerfOptions): Partial<SerfConfig> {
  const names = [
    "broadcastTimeoutMs",
    "leavePropagateDelayMs",
    "reconnectIntervalMs",
    "reconnectTimeoutMs",
    "tombstoneTimeoutMs",
  ] as const;
  const given: { -readonly [Name in (typeof names)[number]]?: number } = {};
  for (const name of names) {
    const value = options[name];
    if (value === undefined) continue;
    given[name] = duration(name, value, Number.MIN_VALUE);
  }
  return given;
}

function duration(name: string, value: number, min: number): number {
  if (Number.isFinite(value) && value >= min) return value;
  const wanted = min === 0 ? "a number of milliseconds" : "a positive number of milliseconds";
  throw new SerfError("ERR_OPTION", `${name} must be ${wanted}, got ${value}`);
}

function holds(options: SerfOptions): Partial<SerfConfig> {
  const names = ["coalesceMs", "quiescentMs", "userCoalesceMs", "userQuiescentMs"] as const;
  const given: { -readonly [Name in (typeof names)[number]]?: number } = {};
  for (const name of names) {
    const value = options[name];
    if (value === undefined) continue;
    given[name] = duration(name, value, 0);
  }
  return given;
}

function sizes(options: SerfOptions): Partial<SerfConfig> {
  if ((options.userEventSizeLimit ?? 0) > userEventSizeMax) {
    throw new SerfError("ERR_LIMIT", `user event size limit exceeds limit of ${userEventSizeMax} bytes`);
  }
  const limits = [
    ["userEventSizeLimit", "user event size limit"],
    ["querySizeLimit", "query size limit"],
    ["queryResponseSizeLimit", "query response size limit"],
  ] as const;
  const given: { -readonly [Name in (typeof limits)[number][0]]?: number } = {};
  for (const [name, words] of limits) {
    const value = options[name];
    if (value === undefined) continue;
    if (!Number.isInteger(value) || value <= 0 || value > datagramSizeMax) {
      // An agent shows this to someone who has set it under another name.
      throw new SerfError("ERR_OPTION", `${words} must be 1 to ${datagramSizeMax} bytes, got ${value}`);
    }
    given[name] = value;
  }
  return given;
}
