/**
 * The flags of `serf agent`, made from the table of settings: how they are parsed, what they set,
 * and their help.
 */

import { refusal } from "../agent/config/refuse.ts";
import type { FlagHelp, LayerOf, Setting, SettingTable } from "../agent/config/table.ts";
import { StartFailure } from "../agent/start_failure.ts";
import { DurationError, parseDuration, toMilliseconds } from "../go/duration.ts";
import { type FlagSpec, type FlagSpecs, type ParsedArguments, parseTags, TagError } from "./arguments.ts";

/** The flags of a table. */
export function agentFlags(table: SettingTable): FlagSpecs {
  const specs: Record<string, FlagSpec> = {};
  for (const { kind, flag, alias } of Object.values(table)) {
    if (flag === undefined) continue;
    specs[flag] = flagSpec(kind);
    if (alias?.flag !== undefined) specs[alias.flag] = { kind: "list", into: flag };
  }
  return specs;
}

/**
 * The settings that flags give. Throws {@link StartFailure} if a tag or a duration is malformed.
 */
export function flagLayer<Table extends SettingTable>(
  { flags, given }: ParsedArguments<FlagSpecs>,
  table: Table,
): LayerOf<Table> {
  const layer: Record<string, unknown> = {};
  // Serf checks tags before durations, and the first fault is the one it prints.
  const rows = Object.entries(table);
  const ordered = [...rows.filter(isTags), ...rows.filter((row) => !isTags(row))];
  for (const [name, row] of ordered) {
    const { flag, alias } = row;
    if (flag === undefined) continue;
    const isGiven = given.has(flag) || (alias?.flag !== undefined && given.has(alias.flag));
    if (!isGiven) continue;
    const value = flagValue(row, flag, flags[flag]);
    const refused = refusal(row, `-${flag}`, value, flags[flag]);
    if (refused !== undefined) throw new StartFailure(`Error: ${refused}`);
    layer[name] = value;
  }
  return layer as LayerOf<Table>;
}

/** Columns in front of what a flag does. */
const indent = 27;

/** Characters of a line of what a flag does. */
const textWidth = 54;

/** Help on the flags of a table, Serf's and ours apart. */
export function flagsHelp(table: SettingTable): string {
  const rows = Object.values(table);
  const serfs = entries(rows.filter(({ ours }) => ours !== true));
  const ours = entries(rows.filter((row) => row.ours === true));
  return [...serfs, "", "  These are not in Serf's own agent:", "", ...ours].join("\n");
}

function isTags([, { kind }]: readonly [string, Setting]): boolean {
  return kind === "tags";
}

/**
 * Durations are texts at first, as in Serf: they are read only after all flags are known to be
 * right.
 */
function flagSpec(kind: Setting["kind"]): FlagSpec {
  switch (kind) {
    case "text":
    case "duration":
    case "span":
      return { kind: "text", initial: "" };
    case "boolean":
    case "switch":
      return { kind: "boolean", initial: false };
    case "integer":
    case "positive":
      return { kind: "integer", initial: 0 };
    case "list":
    case "tags":
      return { kind: "list" };
  }
}

function flagValue(row: Setting, flag: string, value: unknown): unknown {
  switch (row.kind) {
    case "duration":
    case "span":
      return duration(row, flag, value as string);
    case "tags":
      return readTags(value as readonly string[]);
    case "switch":
      return value !== (row.negated ?? false);
    default:
      return value;
  }
}

function readTags(pairs: readonly string[]): ReadonlyMap<string, string> {
  try {
    return parseTags(pairs);
  } catch (error) {
    throw error instanceof TagError ? new StartFailure(`Error: ${error.message}`, { cause: error }) : error;
  }
}

/** Milliseconds; `undefined` for an empty text. */
function duration(row: Setting, flag: string, text: string): number | undefined {
  if (text === "") return undefined;
  try {
    return toMilliseconds(parseDuration(text));
  } catch (error) {
    if (!(error instanceof DurationError)) throw error;
    // Serf does not name the flag, and its own messages stay as they are.
    const clause = row.ours === true ? ` (-${flag})` : "";
    throw new StartFailure(`Error: ${error.message}${clause}`, { cause: error });
  }
}

/**
 * The lines of help on some flags. A flag without a text stands beside the text of the flag before
 * it.
 */
function entries(rows: readonly Setting[]): string[] {
  const flags = rows.flatMap((row): FlagHelp[] => (row.alias === undefined ? [row] : [row, row.alias]));
  const groups: { readonly names: string[]; readonly help: string }[] = [];
  for (const { flag, sample = "", help } of flags) {
    if (flag === undefined) continue;
    const name = `  -${flag}${sample}`;
    if (help === undefined) groups.at(-1)?.names.push(name);
    else groups.push({ names: [name], help });
  }
  return groups.flatMap(({ names, help }) => beside(names, help.split("\n").flatMap(fill)));
}

/** Names and text side by side, or the text below if a name is too long. */
function beside(names: readonly string[], lines: readonly string[]): string[] {
  const below = names.some((name) => name.length >= indent);
  const left = below ? [...names, ...lines.map(() => "")] : names;
  const right = below ? [...names.map(() => ""), ...lines] : lines;
  return Array.from({ length: Math.max(left.length, right.length) }, (_, index) =>
    `${(left[index] ?? "").padEnd(indent)}${right[index] ?? ""}`.trimEnd(),
  );
}

/** Breaks a text into lines. */
function fill(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + 1 + word.length <= textWidth)
      lines[lines.length - 1] += ` ${word}`;
    else lines.push(word);
  }
  return lines;
}
