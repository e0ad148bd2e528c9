/**
 * What users see of members and of what happens to them: frozen records that never change after they were handed out.
 */

/** Status of a member in Serf's view. */
export type MemberStatus = "none" | "alive" | "leaving" | "left" | "failed";

/** Numbers of statuses on the wire and in Serf's log lines. */
export const statusNumber: Readonly<Record<MemberStatus, number>> = {
  none: 0,
  alive: 1,
  leaving: 2,
  left: 3,
  failed: 4,
};

/** A range of protocol versions and the one in use. */
export interface VersionRange {
  readonly min: number;
  readonly max: number;
  readonly current: number;
}

/** One member. `address` is canonical IP text; `protocol` is Serf's version range, `memberlist` the layer below's. */
export interface Member {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly tags: Readonly<Record<string, string>>;
  readonly status: MemberStatus;
  readonly protocol: VersionRange;
  readonly memberlist: VersionRange;
}

/** Names of member events, as event handlers and RPC streams spell them. */
export type MemberEventType =
  | "member-join"
  | "member-leave"
  | "member-failed"
  | "member-update"
  | "member-reap";

/** Something happened to members. */
export interface MemberEvent {
  readonly type: MemberEventType;
  readonly members: readonly Member[];
}

/** A user event. `lamportTime` is a 64-bit unsigned integer; `coalesce` says whether receivers may merge it. */
export interface UserEvent {
  readonly type: "user";
  readonly lamportTime: bigint;
  readonly name: string;
  readonly payload: Uint8Array;
  readonly coalesce: boolean;
}

/** A query that this node may answer. */
export interface QueryEvent {
  readonly type: "query";
  readonly name: string;
  readonly payload: Uint8Array;
  readonly lamportTime: bigint;
  /** Name of the node that asked. */
  readonly source: string;
  /** Until when it may be answered, in milliseconds of the node's monotonic clock. */
  readonly deadline: number;
  /**
   * Answers, once. SerfError: ERR_LIMIT when the answer is too large, ERR_STATE when there was one already or the node has stopped,
   * ERR_TIMEOUT past the deadline.
   */
  readonly respond: (payload: Uint8Array) => void;
}

/** Everything a node reports. */
export type SerfEvent = MemberEvent | UserEvent | QueryEvent;

/** An acknowledgement of a query (without payload) or an answer to it. */
export interface QueryReply {
  readonly type: "ack" | "response";
  /** Name of the member that replied. */
  readonly from: string;
  readonly payload: Uint8Array;
}

/** What can be done with the keys of a cluster. */
export type KeyOperation = "install" | "use" | "remove" | "list";
