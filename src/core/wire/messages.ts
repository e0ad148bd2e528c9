/**
 * The decoded messages of memberlist (`net.go`): plain records, one interface per message type.
 * `wasm/assembly/schema.ts` has the table of their fields on the wire.
 */

/**
 * Where replies to a probe go. `address` has 4 or 16 bytes, or none from senders before memberlist
 * 0.2.0.
 */
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

/** The reply to a probe. `payload` is `null` if it is nil on the wire. */
export interface Ack {
  readonly type: "ack";
  readonly sequence: number;
  readonly payload: Uint8Array | null;
}

/** A helper's notice that the target of an indirect probe did not reply in time. */
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

/**
 * `from` declares `node` dead at `incarnation`; `from` equal to `node` means that it left on
 * purpose.
 */
export interface Dead {
  readonly type: "dead";
  readonly incarnation: number;
  readonly node: string;
  readonly from: string;
}

/**
 * `node` is alive at `incarnation`. `address` has the bytes as received: whether they are 4, or 16
 * for IPv4-mapped, is part of a member's identity. `meta` is `null` if it is nil on the wire.
 * `versions` is PMin, PMax, PCur, DMin, DMax, DCur; broken senders send fewer.
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

/** A message of the layer above, which this layer does not look into. */
export interface User {
  readonly type: "user";
  readonly payload: Uint8Array;
}

/** A refusal on a stream. `text` is for the log. */
export interface ErrorReply {
  readonly type: "error";
  readonly text: string;
}

/** The states of a push/pull entry, by their numbers on the wire. */
export const NodeStateCode = { alive: 0, suspect: 1, dead: 2, left: 3 } as const;

/**
 * One node in a push/pull exchange. `state` is a {@link NodeStateCode}; a peer may also send an
 * unknown number.
 */
export interface NodeState {
  readonly node: string;
  readonly address: Uint8Array;
  readonly port: number;
  readonly meta: Uint8Array | null;
  readonly incarnation: number;
  readonly state: number;
  readonly versions: Uint8Array;
}

/** The full state of one side of an exchange. `userState` is the part of the layer above. */
export interface PushPull {
  readonly type: "pushPull";
  readonly join: boolean;
  readonly nodes: readonly NodeState[];
  readonly userState: Uint8Array;
}

/** The messages that a datagram may contain. */
export type PacketMessage = Ping | IndirectPing | Ack | Nack | Suspect | Alive | Dead | User;

/** The messages that a stream may contain. */
export type StreamMessage = Ping | Ack | PushPull | User | ErrorReply;
