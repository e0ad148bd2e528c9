/**
 * What a configured event handler says: `member-join,user:deploy=script`. Everything before the first `=` is filters; without one
 * the script runs for every event.
 */

import { type EventFilter, isValidFilter, parseFilter } from "../../rpc/filter.ts";
import { StartFailure } from "../start_failure.ts";

/** One filter of one handler with its script. A handler with several filters is several of these. */
export interface EventScript {
  readonly filter: EventFilter;
  readonly script: string;
}

/** Splits and checks handlers. Throws {@link StartFailure}. */
export function parseHandlers(handlers: readonly string[]): EventScript[] {
  const scripts = handlers.flatMap((handler) => {
    const equals = handler.indexOf("=");
    const script = handler.slice(equals + 1);
    return parseFilter(handler.slice(0, Math.max(equals, 0))).map((filter) => ({ filter, script }));
  });
  for (const { filter, script } of scripts) {
    if (!isValidFilter(filter))
      throw new StartFailure(`Invalid event script: Event '${filter.event}' invoking '${script}'`);
  }
  return scripts;
}

/** Scripts by filter, as `stats` shows them. Of several with the same filter the last is shown. */
export function listScripts(scripts: readonly EventScript[]): Map<string, string> {
  return new Map(scripts.map(({ filter, script }) => [`${filter.event}:${filter.name}`, script]));
}
