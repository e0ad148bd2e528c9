/**
 * The messages of memberlist, decoded: plain records, one interface per message type. Their fields on the wire are the table of
 * `wasm/assembly/schema.ts`.
 */

/** Where answers to a probe go. `address` has 4 or 16 bytes, or none from senders older than memberlist 0.2.0. */
export interface ProbeSource {
  readonly address: Uint8Array;
  readonly port: number;
  readonly node: string;
}

/** A direct probe. `node` is the intended target, possibly empty. */
export interface Ping {
  readonly type: "ping";
  readonly sequence: number;
  readonly node: string;
  readonly source: ProbeSource;
}

/** A request to probe `target` on behalf of the sender. */
export interface IndirectPing {
  readonly type: "indirectPing";
  readonly sequence: number;
  readonly target: Uint8Array;
  readonly port: number;
  readonly node: string;
  readonly nack: boolean;
  readonly source: ProbeSource;
}

/** The answer to a probe. `payload` is `null` when there is none. */
export interface Ack {
  readonly type: "ack";
  readonly sequence: number;
  readonly payload: Uint8Array | null;
}

/** A helper's word that it got no answer in time. */
export interface Nack {
  readonly type: "nack";
  readonly sequence: number;
}

/** `from` suspects `node` at `incarnation`. */
export interface Suspect {
  readonly type: "suspect";
  readonly incarnation: number;
  readonly node: string;
  readonly from: string;
}

/** `from` declares `node` dead at `incarnation`; `from` equal to `node` means that it left on purpose. */
export interface Dead {
  readonly type: "dead";
  readonly incarnation: number;
  readonly node: string;
  readonly from: string;
}

/**
 * `node` is alive at `incarnation`. `address` has the bytes as received; the form (4 bytes, or 16 for IPv4-mapped) is part of a
 * member's identity. `versions` is PMin, PMax, PCur, DMin, DMax, DCur, or shorter from broken senders.
 */
export interface Alive {
  readonly type: "alive";
  readonly incarnation: number;
  readonly node: string;
  readonly address: Uint8Array;
  readonly port: number;
  readonly meta: Uint8Array | null;
  readonly versions: Uint8Array;
}

/** An opaque message of the layer above. */
export interface User {
  readonly type: "user";
  readonly payload: Uint8Array;
}

/** A refusal on a stream; people read `text`, programs do not. */
export interface ErrorReply {
  readonly type: "error";
  readonly text: string;
}

/** States in a push/pull entry; the numbers are on the wire. */
export const NodeStateCode = { alive: 0, suspect: 1, dead: 2, left: 3 } as const;

/** One node in a push/pull exchange. `state` is a {@link NodeStateCode}, or another number from a peer we do not understand. */
export interface NodeState {
  readonly node: string;
  readonly address: Uint8Array;
  readonly port: number;
  readonly meta: Uint8Array | null;
  readonly incarnation: number;
  readonly state: number;
  readonly versions: Uint8Array;
}

/** Full state of one side of an exchange. */
export interface PushPull {
  readonly type: "pushPull";
  readonly join: boolean;
  readonly nodes: readonly NodeState[];
  readonly userState: Uint8Array;
}

/** What a datagram can hold once opened. */
export type PacketMessage = Ping | IndirectPing | Ack | Nack | Suspect | Alive | Dead | User;

/** What a stream can hold once opened. */
export type StreamMessage = Ping | Ack | PushPull | User | ErrorReply;
