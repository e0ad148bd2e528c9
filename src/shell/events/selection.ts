/**
 * Which events a program wants, with the types that follow from it.
 */

import type { MemberEvent, MemberEventType, ReceivedEvent } from "../../core/serf/api.ts";
import type { Signal } from "../../runtime.ts";
import { checkOptions, kinds, type OptionTable } from "../options/arguments.ts";
import type { LaggedEvent, StoppedEvent } from "./subscription.ts";

/** Whatever an iterator over the events of a node returns. */
export type NodeEvent = ReceivedEvent | LaggedEvent | StoppedEvent;

/** The types of {@link NodeEvent}. */
export type NodeEventType = NodeEvent["type"];

/** The events of one type, or of several. */
export type EventOf<Type extends NodeEventType> = Type extends MemberEventType
  ? MemberEvent & { readonly type: Type }
  : Extract<NodeEvent, { readonly type: Type }>;

/** Which events a listener gets, and for how long. */
export interface ListenerOptions {
  /** Only user events and queries of this name. */
  readonly name?: string | undefined;
  /** Ends the listening, or rejects the wait with its reason, when it is aborted. */
  readonly signal?: Signal | undefined;
}

/** Options of {@link Serf.events}. */
export interface EventsOptions<Type extends NodeEventType = NodeEventType> {
  /**
   * Only events of these types. Without `lagged` among them, the node logs a warning instead if this
   * consumer does not keep up; without `stopped` the iterator ends without it. Default: all.
   */
  readonly types?: readonly Type[] | undefined;
  /** Only user events and queries of this name. */
  readonly name?: string | undefined;
  /** Ends the iterator when it is aborted, without a `stopped` event. */
  readonly signal?: Signal | undefined;
  /** How many events are kept for a slow consumer; older ones are dropped. Default 1024. */
  readonly capacity?: number | undefined;
  /**
   * Whether this iterator, if it is the first, also gets the events from before, which the next one
   * lacks then. Default true.
   */
  readonly early?: boolean | undefined;
}

/** The types of all events. */
const eventTypes: Readonly<Record<NodeEventType, true>> = {
  "member-join": true,
  "member-leave": true,
  "member-failed": true,
  "member-update": true,
  "member-reap": true,
  user: true,
  query: true,
  lagged: true,
  stopped: true,
};

const typeKind = {
  words: `one of ${Object.keys(eventTypes).join(", ")}`,
  fits: (value: unknown): boolean => typeof value === "string" && Object.hasOwn(eventTypes, value),
};

/** What an event's type must be. */
export const eventKinds: {
  readonly type: typeof typeKind;
  readonly options: OptionTable<EventsOptions>;
  readonly listener: OptionTable<ListenerOptions>;
} = {
  type: typeKind,
  options: {
    types: {
      words: `a list of ${Object.keys(eventTypes).join(", ")}`,
      fits: (value) => Array.isArray(value) && value.every(typeKind.fits),
    },
    name: kinds.text,
    signal: kinds.signal,
    capacity: kinds.count,
    early: kinds.flag,
  },
  listener: { name: kinds.text, signal: kinds.signal },
};

/** Returns whether an event is wanted. Throws SerfError (ERR_OPTION) if the options are malformed. */
export function selection(options: EventsOptions): (event: NodeEvent) => boolean {
  checkOptions("read events", eventKinds.options, options);
  const { name } = options;
  // Without types, a name leaves all the rest out but for the notices to the consumer itself.
  const types = options.types === undefined ? undefined : new Set<NodeEventType>(options.types);
  return (event) => {
    if (types?.has(event.type) === false) return false;
    if (name === undefined || event.type === "lagged" || event.type === "stopped") return true;
    return (event.type === "user" || event.type === "query") && event.name === name;
  };
}

/** Whether a consumer with these options gets `lagged` events. */
export function wantsLagged({ types }: EventsOptions): boolean {
  return types === undefined || types.includes("lagged");
}
