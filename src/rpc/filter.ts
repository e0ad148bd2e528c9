/**
 * Event filters of streams and event handlers: `member-join,user:deploy,query`. Words are exact and lower case; an empty
 * filter means everything.
 */

/** One word of a filter. `name` restricts user events and queries; empty means any. */
export interface EventFilter {
  readonly event: string;
  readonly name: string;
}

/** What is needed of an event to match it. */
export interface Filterable {
  readonly type: string;
  readonly name?: string;
}

const memberWords: ReadonlySet<string> = new Set([
  "member-join",
  "member-leave",
  "member-failed",
  "member-update",
  "member-reap",
]);

/** Splits a filter into its words; nothing is checked. */
export function parseFilter(text: string): EventFilter[] {
  const words = text === "" ? ["*"] : text.split(",");
  return words.map((word) => {
    const named = /^(user|query):(.*)$/s.exec(word);
    return named === null ? { event: word, name: "" } : { event: named[1]!, name: named[2]! };
  });
}

/** Whether a word is known. */
export function isValidFilter(filter: EventFilter): boolean {
  return (
    filter.event === "*" ||
    filter.event === "user" ||
    filter.event === "query" ||
    memberWords.has(filter.event)
  );
}

/** Whether an event passes one word of a filter. */
export function matchesFilter(filter: EventFilter, event: Filterable): boolean {
  if (filter.event === "*") return true;
  return filter.event === event.type && (filter.name === "" || filter.name === event.name);
}
