/**
 * The types and errors that every entry of the package exports beside `Serf` itself.
 */

export type { Coordinate } from "./core/coordinate/coordinate.ts";
export type { LogLevel } from "./core/effects.ts";
export type { Metrics } from "./core/metrics.ts";
export type {
  Member,
  MemberEvent,
  MemberEventType,
  MemberStatus,
  QueryEvent,
  SerfEvent,
  UserEvent,
  VersionRange,
} from "./core/serf/api.ts";
export { SerfError, type SerfErrorCode } from "./errors.ts";
export type { Address, Runtime, Signal } from "./runtime.ts";
export { KeyError, type KeyOptions, type KeyResult, type Keys } from "./shell/keys.ts";
export type { LogLine, SerfOptions } from "./shell/options/options.ts";
export type { Query, QueryOptions, QueryReply } from "./shell/query.ts";
export type {
  EventsOptions,
  JoinOptions,
  LaggedEvent,
  SerfState,
  StoppedEvent,
  UserEventOptions,
} from "./shell/serf.ts";
