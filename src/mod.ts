/**
 * What every entry of the package exports beside `Serf` itself: types, errors and the interfaces of a runtime.
 */

export type {
  Member,
  MemberEvent,
  MemberEventType,
  MemberStatus,
  SerfEvent,
  UserEvent,
  VersionRange,
} from "./core/serf/member.ts";
export { SerfError, type SerfErrorCode } from "./errors.ts";
export type { LogLine, SerfOptions } from "./options.ts";
export type { Runtime } from "./runtime.ts";
export type { EventsOptions, JoinOptions, LaggedEvent, SerfState } from "./serf.ts";
