/**
 * What a script gets of an event: variables of its environment, and its standard input.
 */

import type { Member, SerfEvent } from "../../core/serf/api.ts";
import { sortedEntries } from "../../go/json.ts";

/** Variables for an event on the node `self`. Of tags whose variables have the same name, the last in order of names counts. */
export function scriptEnvironment(event: SerfEvent, self: Member): Record<string, string> {
  const tags = new Map(Object.entries(self.tags));
  const variables: [string, string][] = [
    ["SERF_EVENT", event.type],
    ["SERF_SELF_NAME", self.name],
    ["SERF_SELF_ROLE", tags.get("role") ?? ""],
    ...sortedEntries(tags).map(([name, value]): [string, string] => [tagVariable(name), value]),
  ];
  if (event.type === "user") {
    variables.push(["SERF_USER_EVENT", event.name], ["SERF_USER_LTIME", String(event.lamportTime)]);
  } else if (event.type === "query") {
    variables.push(["SERF_QUERY_NAME", event.name], ["SERF_QUERY_LTIME", String(event.lamportTime)]);
  }
  return Object.fromEntries(variables);
}

/** `my-Tag.x` is `SERF_TAG_MY_TAG_X`; each other character is one underscore. */
function tagVariable(name: string): string {
  const letters = Array.from(name, (character) => {
    const upper = character.toUpperCase();
    return /^[A-Z0-9_]$/.test(upper) ? upper : "_";
  });
  return `SERF_TAG_${letters.join("")}`;
}

const lineFeed = 0x0a;

/** Standard input: a line for each member, or the payload, which ends in a line feed unless it is empty. */
export function scriptInput(event: SerfEvent): Uint8Array {
  if (event.type !== "user" && event.type !== "query")
    return new TextEncoder().encode(event.members.map(memberLine).join(""));
  const { payload } = event;
  if (payload.length === 0 || payload.at(-1) === lineFeed) return payload;
  const input = new Uint8Array(payload.length + 1);
  input.set(payload);
  input[payload.length] = lineFeed;
  return input;
}

/** Backslashes are not doubled, so a backslash and a letter may stand for a tab or for themselves; it has always been so. */
function memberLine({ name, address, tags }: Member): string {
  const pairs = sortedEntries(new Map(Object.entries(tags)));
  const role = Object.hasOwn(tags, "role") ? tags["role"]! : "";
  const list = pairs.map(([key, value]) => `${key}=${value}`).join(",");
  return `${escaped(name)}\t${address}\t${escaped(role)}\t${escaped(list)}\n`;
}

function escaped(text: string): string {
  return text.replaceAll("\t", "\\t").replaceAll("\n", "\\n");
}
