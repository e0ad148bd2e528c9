/** What can be seen in a cluster, as data: for the picture and for the captions. */

import type { Action } from "./setting.ts";

/** What a packet is mainly for. The first one of the list that it contains. */
export const packetKinds = ["event", "accusation", "helper", "probe", "reply", "gossip"] as const;

/** A kind of packet. */
export type PacketKind = (typeof packetKinds)[number];

/** A packet that was sent. */
export interface SentPacket {
  readonly from: number;
  readonly to: number;
  readonly kind: PacketKind;
  /** Whether the network loses it. */
  readonly lost: boolean;
}

/** Something that happened. `node` is where; nodes are numbers, times are virtual. */
export type Happening =
  | { readonly kind: "done"; readonly action: Action }
  | { readonly kind: "started" | "crashed"; readonly node: number }
  /** A node calls another: to exchange all they know, or as the last part of a probe. */
  | { readonly kind: "call"; readonly node: number; readonly other: number; readonly isProbe: boolean }
  /** A node had no ack from another in time and asks helpers. */
  | {
      readonly kind: "helpers";
      readonly node: number;
      readonly other: number;
      readonly helpers: readonly number[];
    }
  /** A node raises a suspicion against another, because nobody got an ack. */
  | { readonly kind: "suspects"; readonly node: number; readonly other: number }
  /** A node received that `other` suspects it, or declares it dead, and contradicts. */
  | { readonly kind: "refutes"; readonly node: number; readonly other: number }
  /** A node reports that another failed, left or is alive. */
  | { readonly kind: "failed" | "left" | "joined"; readonly node: number; readonly other: number }
  /** The last node that suspected `node` believes again that it is alive. */
  | { readonly kind: "trusted"; readonly node: number }
  /** No running node believes any more that `node` is alive. */
  | { readonly kind: "known"; readonly node: number }
  /** All running nodes know each other. */
  | { readonly kind: "united" }
  /** The health score of a node. */
  | { readonly kind: "score"; readonly node: number; readonly score: number; readonly before: number }
  /** A node delivers an event; `count` running nodes have it now. */
  | {
      readonly kind: "delivered";
      readonly node: number;
      readonly event: string;
      readonly count: number;
      readonly sentAt: number;
    }
  /** An event went from one node to another that did not have it. */
  | { readonly kind: "passed"; readonly node: number; readonly other: number; readonly event: string };

/** Receives what happened, in order. */
export type Listener = (happening: Happening, now: number) => void;
