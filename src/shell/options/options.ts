/**
 * The options of a node, under Serf's names. They are checked once, in {@link parseOptions}; the
 * core receives checked values only.
 */

import { utf8Length } from "../../core/bytes.ts";
import type { Metrics } from "../../core/metrics.ts";
import type { Member } from "../../core/serf/api.ts";
import {
  type SerfConfig,
  serfDefaults,
  serfProtocolRange,
  userEventSizeMax,
} from "../../core/serf/config.ts";
import { type AdmissionHooks, strictNameFault } from "../../core/serf/members/admission.ts";
import { tagRecord } from "../../core/serf/wire/tags.ts";
import { profiles, protocolRange, type SwimConfig } from "../../core/swim/config.ts";
import { nameFault } from "../../core/swim/validity.ts";
import { SerfError } from "../../errors.ts";
import { parseKey } from "../../go/parse_key.ts";
import { portMax } from "../../net/address.ts";
import { parseBlock } from "../../net/cidr.ts";
import type { Files } from "../../runtime.ts";
import { readKeyring } from "../keyring_file.ts";
import { checkOptions, kinds, type OptionTable } from "./arguments.ts";
import { defaultPort, type Endpoint, PortError, parseEndpoint } from "./endpoint.ts";
import { type LogLine, type LogOptions, logKind, logOf } from "./log.ts";
import { type ParsedStart, parseStart, type StartOptions, startKinds } from "./start.ts";
import { checkCrashHold, checkTime, givenTimes } from "./times.ts";

/**
 * Options of {@link Serf.start} (serf `Config`). All are optional. Times are in milliseconds, sizes
 * in bytes.
 */
export interface SerfOptions extends StartOptions {
  /** The name of this node, unique in the cluster. Default: the host name. */
  readonly name?: string | undefined;
  /**
   * Where to listen, UDP and TCP: `host`, `host:port` or `[v6]:port`. Port 0 picks a free port.
   * Default `0.0.0.0:7946`.
   */
  readonly bind?: string | undefined;
  /**
   * The address and port that are announced to others. Default: those of `bind`, with the first
   * private address of the host if that is a wildcard.
   */
  readonly advertise?: string | undefined;
  /** The tags of this node, at most 512 bytes when encoded. Default: none. */
  readonly tags?: Readonly<Record<string, string>> | undefined;
  /** The kind of network, on which timings depend: `lan` (default), `wan` or `local`. */
  readonly profile?: "lan" | "wan" | "local" | undefined;
  /** The version of Serf's protocol, 2 to 5. Default 5. */
  readonly protocol?: number | undefined;
  /** The key that encrypts all traffic: base64 of 16, 24 or 32 bytes. Default: no encryption. */
  readonly encryptKey?: string | undefined;
  /** Base64 keys, primary first. Not together with `encryptKey`. */
  readonly keyring?: readonly string[] | undefined;
  /**
   * A file with keys: a JSON list of base64, primary first. It is read at the start unless
   * `encryptKey` or `keyring` is given, and written after every change of the keys.
   */
  readonly keyringFile?: string | undefined;
  /** The maximum size of an encoded user event, at most 9216. Default 512. */
  readonly userEventSizeLimit?: number | undefined;
  /**
   * The maximum size of an encoded query; a packet has room for about 1,350 bytes. Default 1024.
   */
  readonly querySizeLimit?: number | undefined;
  /** The maximum size of an encoded answer to a query. Default 1024. */
  readonly queryResponseSizeLimit?: number | undefined;
  /** Whether the cluster votes if another node has our name; the loser stops. Default true. */
  readonly enableNameConflictResolution?: boolean | undefined;
  /** Whether names are limited to 128 letters, digits, dashes and dots. Default false. */
  readonly validateNodeNames?: boolean | undefined;
  /**
   * Called for every alive message that says something new about a member. Returns a reason to ignore the
   * message, or `null` to accept it. Synchronous.
   */
  readonly admitMember?: ((member: Member) => string | null) | undefined;
  /**
   * Called before two clusters become one, on both sides. Returns a reason to refuse the join, or
   * `null`. Synchronous.
   */
  readonly admitMerge?: ((members: readonly Member[]) => string | null) | undefined;
  /**
   * Separates clusters that share a network: nodes ignore traffic with another label. At most 255
   * bytes. Agents before memberlist 0.3 cannot join a cluster with a label. Default: none.
   */
  readonly label?: string | undefined;
  /**
   * The networks in CIDR notation in which members must have their addresses; list IPv4 and IPv6
   * separately. Default: any.
   */
  readonly allowedCidrs?: readonly string[] | undefined;
  /**
   * Whether plaintext is refused if there is a key. Default true; false is for moving a running
   * cluster to encryption.
   */
  readonly verifyIncoming?: boolean | undefined;
  /**
   * Whether traffic is encrypted if there is a key. Default true; false is for moving a running
   * cluster to encryption.
   */
  readonly verifyOutgoing?: boolean | undefined;
  /**
   * How long a member must have failed before its name may come back with another address. Default
   * 0, which means never.
   */
  readonly deadNodeReclaimMs?: number | undefined;
  /**
   * Whether what is new leaves at once, and not at the next gossip interval. Default true. memberlist
   * always waits for the interval.
   */
  readonly eagerGossip?: boolean | undefined;
  /**
   * How long the host of a member that does not reply has to refuse connections until that counts as
   * evidence that the member has crashed: at least 300, or 0 for never. Default 2000.
   */
  readonly crashHoldMs?: number | undefined;
  /** Whether packets and streams are compressed. Default true. */
  readonly compression?: boolean | undefined;
  /**
   * How long `leave`, `setTags` and `removeFailedNode` wait for a broadcast to spread. Default
   * 5000.
   */
  readonly broadcastTimeoutMs?: number | undefined;
  /** How long a node that leaves still runs, so that its leave can spread. Default 1000. */
  readonly leavePropagateDelayMs?: number | undefined;
  /** How often the node tries to reach a failed member. Default 30000. */
  readonly reconnectIntervalMs?: number | undefined;
  /** How long failed members are remembered. Default 24 hours. */
  readonly reconnectTimeoutMs?: number | undefined;
  /** How long members that left are remembered. Default 24 hours. */
  readonly tombstoneTimeoutMs?: number | undefined;
  /**
   * A file in which the node records what it needs to find its cluster again after a restart.
   * Default: none.
   */
  readonly snapshotPath?: string | undefined;
  /**
   * Whether a node that left joins its cluster again when it is restarted with its snapshot.
   * Default false.
   */
  readonly rejoinAfterLeave?: boolean | undefined;
  /**
   * How long member events are held to be merged with later ones, at most. Both this and
   * `quiescentMs` must be above 0. Default 0, which merges none.
   */
  readonly coalesceMs?: number | undefined;
  /** Held member events are emitted earlier if none has come for this long. Default 0. */
  readonly quiescentMs?: number | undefined;
  /**
   * How long user events that were sent with `coalesce` are held to be merged with later ones, at
   * most. Both this and `userQuiescentMs` must be above 0. Default 0, which merges none.
   */
  readonly userCoalesceMs?: number | undefined;
  /** Held user events are emitted earlier if none has come for this long. Default 0. */
  readonly userQuiescentMs?: number | undefined;
  /**
   * Receives measurements, for example for Prometheus or OpenTelemetry. Default: nothing is
   * measured.
   */
  readonly metrics?: Metrics | undefined;
  /**
   * Receives every log line, called synchronously, and must not throw; or says which lines go where;
   * `false` is for none. Default: lines of the level WARN or above are printed to standard error.
   */
  readonly log?: false | ((line: LogLine) => void) | LogOptions | undefined;
}

/** Checked options with all defaults. Host names are not resolved yet. */
export interface ParsedOptions {
  readonly serf: SerfConfig;
  readonly swim: Omit<SwimConfig, "address" | "port" | "bindPort">;
  readonly bind: Endpoint;
  readonly advertise: Endpoint | undefined;
  /** Raw keys, primary first; empty for no encryption. */
  readonly keys: readonly Uint8Array[];
  readonly keyringFile: string | undefined;
  readonly admission: AdmissionHooks;
  readonly label: string;
  readonly compression: boolean;
  readonly snapshotPath: string | undefined;
  readonly metrics: Metrics | undefined;
  readonly log: (line: LogLine) => void;
  readonly start: ParsedStart;
}

/** What every option must be. Ranges are checked where the options are parsed. */
const optionKinds: OptionTable<SerfOptions> = {
  name: kinds.text,
  bind: kinds.text,
  advertise: kinds.text,
  tags: kinds.textMap,
  profile: kinds.text,
  protocol: kinds.number,
  encryptKey: kinds.secret,
  keyring: kinds.secrets,
  keyringFile: kinds.text,
  userEventSizeLimit: kinds.number,
  querySizeLimit: kinds.number,
  queryResponseSizeLimit: kinds.number,
  enableNameConflictResolution: kinds.flag,
  validateNodeNames: kinds.flag,
  admitMember: kinds.call,
  admitMerge: kinds.call,
  label: kinds.text,
  allowedCidrs: kinds.texts,
  verifyIncoming: kinds.flag,
  verifyOutgoing: kinds.flag,
  deadNodeReclaimMs: kinds.number,
  eagerGossip: kinds.flag,
  crashHoldMs: kinds.number,
  compression: kinds.flag,
  broadcastTimeoutMs: kinds.number,
  leavePropagateDelayMs: kinds.number,
  reconnectIntervalMs: kinds.number,
  reconnectTimeoutMs: kinds.number,
  tombstoneTimeoutMs: kinds.number,
  snapshotPath: kinds.text,
  rejoinAfterLeave: kinds.flag,
  coalesceMs: kinds.number,
  quiescentMs: kinds.number,
  userCoalesceMs: kinds.number,
  userQuiescentMs: kinds.number,
  metrics: kinds.metrics,
  log: logKind,
  ...startKinds,
};

/** Times that must not be 0. */
const lasting = [
  "broadcastTimeoutMs",
  "leavePropagateDelayMs",
  "reconnectIntervalMs",
  "reconnectTimeoutMs",
  "tombstoneTimeoutMs",
] as const;

/** Times for which events are held back; 0 for not at all. */
const holding = ["coalesceMs", "quiescentMs", "userCoalesceMs", "userQuiescentMs"] as const;

const labelSizeMax = 255;
/** The maximum size of a UDP payload over IPv4 in bytes; no message is split over several. */
const datagramSizeMax = 65_507;

/**
 * Returns the options with the keys of the keyring file, if there is one and no keys were given.
 * Rejects with SerfError (ERR_KEY) if it cannot be read.
 */
export async function withKeyring(parsed: ParsedOptions, files: Files): Promise<ParsedOptions> {
  if (parsed.keyringFile === undefined || parsed.keys.length > 0) return parsed;
  return { ...parsed, keys: (await readKeyring(parsed.keyringFile, files)).map(parseKey) };
}

/**
 * Checks options and adds defaults; `hostname` returns the default name, and `print` writes the log
 * to standard error. Throws SerfError (ERR_OPTION, ERR_NAME, ERR_KEY, ERR_LIMIT, ERR_ADDRESS).
 */
export function parseOptions(
  options: SerfOptions,
  hostname: () => string,
  print: (text: string) => void = () => undefined,
): ParsedOptions {
  checkOptions("start a node", optionKinds, options);
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
      ...givenTimes(options, lasting, Number.MIN_VALUE),
      ...givenTimes(options, holding, 0),
      rejoinAfterLeave: options.rejoinAfterLeave ?? false,
      ...sizes(options),
      enableNameConflictResolution:
        options.enableNameConflictResolution ?? serfDefaults.enableNameConflictResolution,
      validateNodeNames: options.validateNodeNames ?? serfDefaults.validateNodeNames,
    },
    swim: {
      ...timings,
      rules: { ...timings.rules, eager: options.eagerGossip ?? true },
      name,
      protocol: protocolRange.default,
      delegate: { min: serfProtocolRange.min, max: serfProtocolRange.max, current: protocol },
      labelLength,
      verifyIncoming: options.verifyIncoming ?? true,
      verifyOutgoing: options.verifyOutgoing ?? true,
      allowedBlocks: (options.allowedCidrs ?? []).map(parseBlock),
      deadNodeReclaimMs: checkTime("deadNodeReclaimMs", options.deadNodeReclaimMs ?? 0, 0),
      crashHoldMs: checkCrashHold(options.crashHoldMs ?? timings.crashHoldMs),
    },
    bind: endpoint("bind", options.bind ?? "0.0.0.0"),
    advertise: options.advertise === undefined ? undefined : endpoint("advertise", options.advertise),
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
    log: logOf(options.log, print),
    start: parseStart(options),
  };
}

function endpoint(name: "bind" | "advertise", text: string): Endpoint {
  try {
    return parseEndpoint(text, defaultPort);
  } catch (error) {
    if (!(error instanceof SerfError)) throw error;
    const fault =
      error instanceof PortError ? `the port must be a number from 0 to ${portMax}` : error.message;
    const message = `Cannot start a node: ${name} ${JSON.stringify(text)}: ${fault}`;
    throw new SerfError(error.code, message, { cause: error });
  }
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
  const fault = protocol < min ? "low" : protocol > max ? "high" : undefined;
  if (fault === undefined && Number.isInteger(protocol)) return;
  throw new SerfError(
    "ERR_OPTION",
    `Protocol version '${protocol}' too ${fault ?? "vague"}. Must be in range: [${min}, ${max}]`,
  );
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
      // The words are not the option's name, because in an agent's settings it has another one.
      throw new SerfError("ERR_OPTION", `${words} must be 1 to ${datagramSizeMax} bytes, got ${value}`);
    }
    given[name] = value;
  }
  return given;
}
