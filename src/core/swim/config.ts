/**
 * Settings of the membership layer and the three profiles of memberlist (`DefaultLANConfig`, `DefaultWANConfig`,
 * `DefaultLocalConfig`). Names carry their unit.
 */

import type { Block } from "../../net/cidr.ts";

/** Settings of {@link Swim}; checked by whoever builds them. */
export interface SwimConfig {
  /** Unique name of this node. */
  readonly name: string;
  /** Address told to others, 4 or 16 bytes; the form is part of the identity on the wire. */
  readonly address: Uint8Array;
  /** Port told to others. */
  readonly port: number;
  /** Port that is bound: the default port of addresses that name none. */
  readonly bindPort: number;
  /** memberlist protocol version to speak, 1 to 5. */
  readonly protocol: number;
  /** Version range of the layer above and the version it speaks. */
  readonly delegate: { readonly min: number; readonly max: number; readonly current: number };
  /** Length in bytes of the label; its header takes two more. */
  readonly labelLength: number;
  /** Whether plaintext is refused once a key is installed, and whether we encrypt. */
  readonly verifyIncoming: boolean;
  readonly verifyOutgoing: boolean;
  /** Where members may live and alive packets come from; empty is everywhere. */
  readonly allowedBlocks: readonly Block[];
  /** Absolute limit of one stream exchange. */
  readonly streamTimeoutMs: number;
  /** How many members are asked to probe on our behalf. */
  readonly indirectChecks: number;
  /** Transmissions per broadcast: this times ceil(log10(n + 1)). */
  readonly retransmitMult: number;
  /** Suspicion timeout: this times log10(n) times the probe interval (alpha of the Lifeguard paper). */
  readonly suspicionMult: number;
  /** Longest suspicion: this times the shortest (beta of the Lifeguard paper). */
  readonly suspicionMaxTimeoutMult: number;
  /** How often a suspect is asked before it is declared dead, each a probe timeout apart; 0 is memberlist's way. */
  readonly lastChecks: number;
  readonly pushPullIntervalMs: number;
  readonly probeIntervalMs: number;
  /** How long a direct probe may take before helpers are asked; never scaled. */
  readonly probeTimeoutMs: number;
  /** Health scores run from 0 to this minus one. */
  readonly awarenessMax: number;
  readonly gossipIntervalMs: number;
  readonly gossipNodes: number;
  /** Dead members get gossip for this long, and are forgotten after it. */
  readonly gossipToTheDeadMs: number;
  /** After this a dead member's name may return with another address; 0 is never. */
  readonly deadNodeReclaimMs: number;
  /** Budget of one datagram. */
  readonly packetSizeMax: number;
}

/** Timings that depend on the kind of network. */
export type Timings = Pick<
  SwimConfig,
  | "streamTimeoutMs"
  | "indirectChecks"
  | "retransmitMult"
  | "suspicionMult"
  | "suspicionMaxTimeoutMult"
  | "lastChecks"
  | "pushPullIntervalMs"
  | "probeIntervalMs"
  | "probeTimeoutMs"
  | "awarenessMax"
  | "gossipIntervalMs"
  | "gossipNodes"
  | "gossipToTheDeadMs"
  | "deadNodeReclaimMs"
  | "packetSizeMax"
>;

const lan: Timings = {
  streamTimeoutMs: 10_000,
  indirectChecks: 3,
  retransmitMult: 4,
  suspicionMult: 4,
  suspicionMaxTimeoutMult: 6,
  lastChecks: 3,
  pushPullIntervalMs: 30_000,
  probeIntervalMs: 1_000,
  probeTimeoutMs: 500,
  awarenessMax: 8,
  gossipIntervalMs: 200,
  gossipNodes: 3,
  gossipToTheDeadMs: 30_000,
  deadNodeReclaimMs: 0,
  packetSizeMax: 1_400,
};

/** Timings of each profile. */
export const profiles: Readonly<Record<"lan" | "wan" | "local", Timings>> = {
  lan,
  wan: {
    ...lan,
    streamTimeoutMs: 30_000,
    suspicionMult: 6,
    pushPullIntervalMs: 60_000,
    probeIntervalMs: 5_000,
    probeTimeoutMs: 3_000,
    gossipIntervalMs: 500,
    gossipNodes: 4,
    gossipToTheDeadMs: 60_000,
  },
  local: {
    ...lan,
    streamTimeoutMs: 1_000,
    indirectChecks: 1,
    retransmitMult: 2,
    suspicionMult: 3,
    pushPullIntervalMs: 15_000,
    probeTimeoutMs: 200,
    gossipIntervalMs: 100,
    gossipToTheDeadMs: 15_000,
  },
};

/** Bytes of the label in front of a packet or a stream: none without a label. */
export function labelSize({ labelLength }: SwimConfig): number {
  return labelLength === 0 ? 0 : labelLength + 2;
}

/** memberlist protocol versions that we understand. */
export const protocolRange = { min: 1, max: 5, default: 2 } as const;

/** Named maxima of the membership layer: nothing a peer sends makes a table longer than this. */
export const SwimLimits = {
  /** Members of all states; further names are refused. */
  members: 131_072,
  /** Accepted streams at once, whatever they carry; the next is refused (memberlist bounds its push/pulls to 127). */
  inboundStreams: 127,
  /** Bytes received on all accepted streams that are not complete yet: three of the largest frames. */
  inboundBytes: 62_914_560,
  /** Indirect probes that we run for others at once. */
  relays: 1_024,
  /** Bytes of node metadata. */
  meta: 512,
  /** Bytes of a node name. */
  name: 255,
  /** Messages in one compound: older receivers mis-parse 128 and more. */
  compoundParts: 127,
} as const;
