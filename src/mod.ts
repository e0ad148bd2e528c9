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
  PayloadReader,
  ReceivedEvent as SerfEvent,
  ReceivedQueryEvent as QueryEvent,
  ReceivedQueryReply as QueryReply,
  ReceivedUserEvent as UserEvent,
  VersionRange,
} from "./core/serf/api.ts";
export { SerfError, type SerfErrorCode } from "./errors.ts";
export type { Address, Runtime, Signal, SignalName } from "./runtime.ts";
export type { CallOptions, RemoveOptions } from "./shell/calls.ts";
export type { Answer, AnswerFunction } from "./shell/events/answers.ts";
export type { UserEventOptions } from "./shell/events/delivered.ts";
export { NodeEvents, type WaitOptions } from "./shell/events/node_events.ts";
export type {
  EventOf,
  EventsOptions,
  ListenerOptions,
  NodeEvent,
  NodeEventType,
} from "./shell/events/selection.ts";
export type { LaggedEvent, StoppedEvent } from "./shell/events/subscription.ts";
export { JoinError, type JoinOptions, type JoinResult, type SeedResult } from "./shell/joining/join.ts";
export { KeyError, type KeyOptions, type KeyResult, type Keys } from "./shell/keys.ts";
export type { LogLine, LogOptions } from "./shell/options/log.ts";
export type { SerfOptions } from "./shell/options/options.ts";
export type { DiscoverOptions, RetryJoinOptions, StartOptions } from "./shell/options/start.ts";
export type { Query, QueryOptions, QueryResult } from "./shell/query.ts";
export type { SerfState } from "./shell/serf.ts";
