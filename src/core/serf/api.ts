/**
 * Members and events as users of the library get them: frozen records, which never change after
 * they were handed out.
 */

/**
 * The status of a member (serf `MemberStatus`). `leaving` has announced that it leaves, `left` has
 * done so, `failed` stopped replying; `none` occurs only in the calls of `admitMember` and
 * `admitMerge`.
 */
export type MemberStatus = "none" | "alive" | "leaving" | "left" | "failed";

/** The numbers of statuses on the wire and in Serf's log lines. */
export const statusNumber: Readonly<Record<MemberStatus, number>> = {
  none: 0,
  alive: 1,
  leaving: 2,
  left: 3,
  failed: 4,
};

/** The protocol versions that a member supports, and the one it uses. */
export interface VersionRange {
  /** The oldest version that is spoken. */
  readonly min: number;
  /** The newest version that is spoken. */
  readonly max: number;
  /** The version in use. */
  readonly current: number;
}

/** A member of the cluster (serf `Member`). Frozen. */
export interface Member {
  /** The name: of the member, the event or the query. */
  readonly name: string;
  /** Canonical IP text, without brackets. */
  readonly address: string;
  /** The port of its gossip, on UDP and TCP. */
  readonly port: number;
  /** Tag names to values. */
  readonly tags: Readonly<Record<string, string>>;
  /** What this node believes of it. */
  readonly status: MemberStatus;
  /** The versions of Serf's protocol (`DelegateMin`, `DelegateMax`, `DelegateCur` in Serf). */
  readonly protocol: VersionRange;
  /** The versions of the protocol of memberlist, the layer below. */
  readonly memberlist: VersionRange;
}

/**
 * The types of member events, as event handlers and RPC streams spell them. `member-reap` reports
 * that a member was forgotten.
 */
export type MemberEventType =
  | "member-join"
  | "member-leave"
  | "member-failed"
  | "member-update"
  | "member-reap";

/** An event of one or more members (serf `MemberEvent`). Frozen. */
export interface MemberEvent {
  /** What happened to the members. */
  readonly type: MemberEventType;
  /** The members as they were after the event. Several, if events were coalesced. */
  readonly members: readonly Member[];
}

/** What has a payload that some member sent. */
export interface PayloadReader {
  /** Returns the payload as text; bytes that are not UTF-8 become U+FFFD. */
  text(): string;
  /**
   * Returns the payload as the value that its JSON stands for. Throws SerfError (ERR_WIRE) if it is
   * not JSON.
   */
  json(): unknown;
}

/** A user event that some member sent (serf `UserEvent`). Frozen, and plain data but for its methods. */
export interface ReceivedUserEvent extends PayloadReader {
  /** What kind of event this is. */
  readonly type: "user";
  /** The logical time at which it was sent: a 64-bit unsigned integer. */
  readonly lamportTime: bigint;
  /** The name that its sender gave it. */
  readonly name: string;
  /** What its sender attached; empty if that was nothing. */
  readonly payload: Uint8Array;
  /** Whether receivers may merge it with other events of the same name. */
  readonly coalesce: boolean;
}

/** A query that this node may answer (serf `Query`). Frozen, and plain data but for its methods. */
export interface ReceivedQueryEvent extends PayloadReader {
  /** What kind of event this is. */
  readonly type: "query";
  /** The name that its asker gave it. */
  readonly name: string;
  /** What its asker attached; empty if that was nothing. */
  readonly payload: Uint8Array;
  /** The logical time at which it was asked: a 64-bit unsigned integer. */
  readonly lamportTime: bigint;
  /** The name of the node that asked. */
  readonly source: string;
  /** The latest time for an answer, in milliseconds since 1970-01-01 UTC. */
  readonly deadline: number;
  /**
   * Sends the answer, text in UTF-8 or bytes; there may be one. Throws SerfError (ERR_LIMIT) if it
   * is too large, (ERR_STATE) if one was sent already or the node has stopped, (ERR_TIMEOUT) past
   * the deadline, and (ERR_OPTION) if it is neither text nor bytes.
   */
  respond(payload: Uint8Array | string): void;
}

/**
 * A reply to a query: the acknowledgement that a member received it, or the answer of a member. An
 * acknowledgement has an empty payload. Frozen, and plain data but for its methods.
 */
export interface ReceivedQueryReply extends PayloadReader {
  /** Whether this is an acknowledgement or an answer. */
  readonly type: "ack" | "response";
  /** The name of the member that replied. */
  readonly from: string;
  /** The answer. */
  readonly payload: Uint8Array;
}

/** Any event of the cluster that a node reports. */
export type ReceivedEvent = MemberEvent | ReceivedUserEvent | ReceivedQueryEvent;

/** A user event inside of this package: data alone. */
export type UserEvent = Omit<ReceivedUserEvent, keyof PayloadReader>;

/** A query inside of this package; its deadline is a time of the clock of its node. */
export type QueryEvent = Omit<ReceivedQueryEvent, keyof PayloadReader>;

/** Any event inside of this package. */
export type SerfEvent = MemberEvent | UserEvent | QueryEvent;

/** A reply inside of this package: data alone. */
export type QueryReply = Omit<ReceivedQueryReply, keyof PayloadReader>;

/** What can be done with the keys of a cluster. */
export type KeyOperation = "install" | "use" | "remove" | "list";
