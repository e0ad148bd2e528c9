/**
 * Settings of the membership layer and the three profiles of memberlist (`DefaultLANConfig`,
 * `DefaultWANConfig`, `DefaultLocalConfig`). Names carry their unit.
 */

import type { Block } from "../../net/cidr.ts";

/**
 * Rules that a node can go without: simulations switch them off, to compare what each of them is
 * worth, or to have peers that behave as memberlist does. All of them are decisions of one node, so
 * nodes with different rules get along.
 */
export interface Rules {
  /** A probe of a suspect carries the suspicion (Lifeguard, section IV-C). memberlist has it. */
  readonly buddy: boolean;
  /** Helpers report that they got no ack (Lifeguard, section IV-A). memberlist has it. */
  readonly nacks: boolean;
  /** Each node tells its two neighbours on a ring of hashed names all that it learns. */
  readonly ring: boolean;
  /** What is new leaves at once, and not at the next gossip interval. */
  readonly eager: boolean;
  /** Packets are filled by this layer and the one above in turns, and not always by this one first. */
  readonly turns: boolean;
  /** In clusters of up to nine, broadcasts are sent once for every other member. */
  readonly smallClusters: boolean;
  /** The loops start at a random phase, so that nodes that start together are not in step. */
  readonly randomPhases: boolean;
  /** A node that stood still blames nobody for what it did not receive meanwhile. */
  readonly stalls: boolean;
  /** A node that joined exchanges state once more when its gossip has come to rest. */
  readonly newcomers: boolean;
  /** Neighbours on the ring look whether the host of a silent member refuses connections. */
  readonly crashEvidence: boolean;
  /** How long a probe waits for a direct ack depends on how long the peer took so far. */
  readonly adaptiveTimeouts: boolean;
  /** Every second probe is of a neighbour on the ring: nobody is left unprobed for long. */
  readonly probeNeighbours: boolean;
  /** A node that loses a vote about its name stops only if the other node of that name replies. */
  readonly rivalsReply: boolean;
  /** A member gets what is believed of it, if it is also announced differently at the same incarnation. */
  readonly disputes: boolean;
}

/** The rules of a node in earnest. */
export const allRules: Rules = {
  buddy: true,
  nacks: true,
  ring: true,
  eager: true,
  turns: true,
  smallClusters: true,
  randomPhases: true,
  stalls: true,
  newcomers: true,
  crashEvidence: true,
  adaptiveTimeouts: true,
  probeNeighbours: true,
  rivalsReply: true,
  disputes: true,
};

/** The rules that memberlist has too. */
export const rulesOfMemberlist: Rules = {
  buddy: true,
  nacks: true,
  ring: false,
  eager: false,
  turns: false,
  smallClusters: false,
  randomPhases: false,
  stalls: false,
  newcomers: false,
  crashEvidence: false,
  adaptiveTimeouts: false,
  probeNeighbours: false,
  rivalsReply: false,
  disputes: false,
};

/** Settings of {@link Swim}. The caller has to check them. */
export interface SwimConfig {
  /** The name of this node, unique in the cluster. */
  readonly name: string;
  /**
   * The address that is announced to others. Whether it has 4 or 16 bytes is part of the identity
   * on the wire.
   */
  readonly address: Uint8Array;
  /** The port that is announced to others. */
  readonly port: number;
  /** The port that is bound. Also the port of nodes whose address comes without one. */
  readonly bindPort: number;
  /** The memberlist protocol version for outgoing messages, 1 to 5. */
  readonly protocol: number;
  /** The version range of the layer above, and the version it uses. */
  readonly delegate: { readonly min: number; readonly max: number; readonly current: number };
  /** The length of the label in bytes; its header takes two more. */
  readonly labelLength: number;
  /** Whether plaintext is refused if a key is installed. */
  readonly verifyIncoming: boolean;
  /** Whether we encrypt if a key is installed. */
  readonly verifyOutgoing: boolean;
  /**
   * The networks in which members, and the senders of alive packets, must have their addresses;
   * empty for all.
   */
  readonly allowedBlocks: readonly Block[];
  /** The time that one stream exchange may take in all. */
  readonly streamTimeoutMs: number;
  /** How many members are asked to probe for us. */
  readonly indirectChecks: number;
  /** Transmissions per broadcast: this times ceil(log10(n + 1)). */
  readonly retransmitMult: number;
  /**
   * Suspicion timeout: this times log10(n) times the probe interval (alpha of the Lifeguard paper).
   */
  readonly suspicionMult: number;
  /** Longest suspicion: this times the shortest (beta of the Lifeguard paper). */
  readonly suspicionMaxTimeoutMult: number;
  /**
   * How often a suspect is pinged before it is declared dead, a probe timeout apart; memberlist
   * does not do it, which is 0.
   */
  readonly lastChecks: number;
  /**
   * How long the host of a member has to refuse connections until that is evidence of a crash; 0 if it
   * never is.
   */
  readonly crashHoldMs: number;
  readonly pushPullIntervalMs: number;
  readonly probeIntervalMs: number;
  /** How long a direct probe may take before helpers are asked. Local health does not scale it. */
  readonly probeTimeoutMs: number;
  /** The health score goes from 0 to this minus one. */
  readonly awarenessMax: number;
  readonly gossipIntervalMs: number;
  readonly gossipNodes: number;
  /** How long dead members get gossip; afterwards they are forgotten. */
  readonly gossipToTheDeadMs: number;
  /**
   * How long a member must be dead before its name may come back with another address; 0 for never.
   */
  readonly deadNodeReclaimMs: number;
  /** The maximum size of an outgoing datagram. */
  readonly packetSizeMax: number;
  readonly rules: Rules;
}

/** The settings that depend on the kind of network. */
export type Timings = Pick<
  SwimConfig,
  | "streamTimeoutMs"
  | "indirectChecks"
  | "retransmitMult"
  | "suspicionMult"
  | "suspicionMaxTimeoutMult"
  | "lastChecks"
  | "crashHoldMs"
  | "pushPullIntervalMs"
  | "probeIntervalMs"
  | "probeTimeoutMs"
  | "awarenessMax"
  | "gossipIntervalMs"
  | "gossipNodes"
  | "gossipToTheDeadMs"
  | "deadNodeReclaimMs"
  | "packetSizeMax"
  | "rules"
>;

const lan: Timings = {
  streamTimeoutMs: 10_000,
  indirectChecks: 3,
  retransmitMult: 4,
  suspicionMult: 4,
  suspicionMaxTimeoutMult: 6,
  lastChecks: 3,
  crashHoldMs: 2_000,
  pushPullIntervalMs: 30_000,
  probeIntervalMs: 1_000,
  probeTimeoutMs: 500,
  awarenessMax: 8,
  gossipIntervalMs: 200,
  gossipNodes: 3,
  gossipToTheDeadMs: 30_000,
  deadNodeReclaimMs: 0,
  packetSizeMax: 1_400,
  rules: allRules,
};

/** The settings of each of Serf's profiles. */
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

/**
 * Returns the size of the label header in front of a packet or a stream in bytes; 0 without a
 * label.
 */
export function labelSize({ labelLength }: SwimConfig): number {
  return labelLength === 0 ? 0 : labelLength + 2;
}

/** The shortest {@link SwimConfig.crashHoldMs}: a program that is restarted at once is gone for as long. */
export const crashHoldMinMs = 300;

/** The memberlist protocol versions that this program supports. */
export const protocolRange = { min: 1, max: 5, default: 2 } as const;

/** The limits of the membership layer: no peer can make a table grow beyond them. */
export const SwimLimits = {
  /** Members in all states; further names are refused. */
  members: 131_072,
  /** An accepted stream without a single byte is closed after this time, in milliseconds. */
  silentStreamMs: 5_000,
  /** Indirect probes that we run for others at the same time. */
  relays: 1_024,
  /** Members whose round trips are known: those that were probed last. */
  roundTrips: 1_024,
  /** Connections within a second that only look whether a member takes them. */
  knocks: 8,
  /** Bytes of node metadata. */
  meta: 512,
  /** Bytes of a node name. */
  name: 255,
} as const;
