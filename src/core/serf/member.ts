/**
 * What users see of members and of what happens to them: frozen records that never change after they were handed out.
 */

/** Status of a member in Serf's view. */
export type MemberStatus = "none" | "alive" | "leaving" | "left" | "failed";

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

/** Everything a node reports. */
export type SerfEvent = MemberEvent | UserEvent;
