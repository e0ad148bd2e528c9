/**
 * Command-line flags with the syntax and the messages of Go's flag package, which scripts around Serf were written for:
 * `-flag`, `--flag=value`, `-flag value`; parsing stops at the first argument that is no flag.
 */

import { DurationError, parseDuration } from "../go/duration.ts";
import { parseBoolean, parseInteger } from "../go/number.ts";

/**
 * A fault of the command line in the words of Go's flag package; the command's help is shown behind
 * it.
 */
export class FlagError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "FlagError";
  }
}

/** What a flag takes and what it holds when it is not given. */
export type FlagSpec =
  | { readonly kind: "text"; readonly initial: string }
  | { readonly kind: "boolean"; readonly initial: boolean }
  | { readonly kind: "integer"; readonly initial: number }
  | { readonly kind: "duration"; readonly initial: bigint }
  /** `into` names another list, when several flags fill one. */
  | { readonly kind: "list"; readonly into?: string };

/** Flags of a command by name, without dashes. */
export type FlagSpecs = Readonly<Record<string, FlagSpec>>;

type FlagValue<Spec extends FlagSpec> = Spec extends { kind: "list" }
  ? readonly string[]
  : Spec extends { kind: "text" }
    ? string
    : Spec extends { kind: "boolean" }
      ? boolean
      : Spec extends { kind: "integer" }
        ? number
        : bigint;

/** Values of all flags, and the arguments behind them. */
export interface ParsedArguments<Specs extends FlagSpecs> {
  readonly flags: { readonly [Name in keyof Specs]: FlagValue<Specs[Name]> };
  /** Names of the flags that were given. */
  readonly given: ReadonlySet<string>;
  readonly rest: readonly string[];
}

/** Parses arguments. Throws {@link FlagError}. */
export function parseArguments<const Specs extends FlagSpecs>(
  specs: Specs,
  args: readonly string[],
): ParsedArguments<Specs> {
  const values = new Map<string, unknown>();
  const given = new Set<string>();
  for (const [name, spec] of Object.entries(specs))
    values.set(name, spec.kind === "list" ? [] : spec.initial);
  let index = 0;
  while (index < args.length) {
    const argument = args[index]!;
    if (argument.length < 2 || !argument.startsWith("-")) break;
    index += 1;
    if (argument === "--") break;
    const word = argument.slice(argument.startsWith("--") ? 2 : 1);
    if (word === "" || word.startsWith("-") || word.startsWith("="))
      throw new FlagError(`bad flag syntax: ${argument}`);
    const equals = word.indexOf("=");
    const name = equals < 0 ? word : word.slice(0, equals);
    let value = equals < 0 ? undefined : word.slice(equals + 1);
    const spec = Object.hasOwn(specs, name) ? specs[name] : undefined;
    if (spec === undefined) throw new FlagError(`flag provided but not defined: -${name}`);
    if (value === undefined && spec.kind !== "boolean") {
      if (index >= args.length) throw new FlagError(`flag needs an argument: -${name}`);
      value = args[index++]!;
    }
    given.add(name);
    const target = spec.kind === "list" ? (spec.into ?? name) : name;
    values.set(target, convert(spec, name, value, values.get(target)));
  }
  return {
    flags: Object.fromEntries(values) as ParsedArguments<Specs>["flags"],
    given,
    rest: args.slice(index),
  };
}

function convert(spec: FlagSpec, name: string, value: string | undefined, before: unknown): unknown {
  switch (spec.kind) {
    case "text":
      return value;
    case "list":
      return [...(before as readonly string[]), value];
    case "boolean": {
      if (value === undefined) return true;
      const parsed = parseBoolean(value);
      if (parsed === undefined)
        throw new FlagError(`invalid boolean value "${value}" for -${name}: parse error`);
      return parsed;
    }
    case "integer": {
      const parsed = parseInteger(value!);
      if (typeof parsed === "string")
        throw new FlagError(`invalid value "${value}" for flag -${name}: ${parsed}`);
      return parsed;
    }
    case "duration":
      try {
        return parseDuration(value!);
      } catch (error) {
        if (!(error instanceof DurationError)) throw error;
        throw new FlagError(`invalid value "${value}" for flag -${name}: parse error`);
      }
  }
}

/** A `key=value` that is none; the message is Serf's. */
export class TagError extends Error {
  constructor(text: string) {
    super(`Invalid tag: '${text}'`);
    this.name = "TagError";
  }
}

/** Reads a list of `key=value`; only the first `=` splits and a later value of a key wins. Throws {@link TagError}. */
export function parseTags(pairs: readonly string[]): Map<string, string> {
  const tags = new Map<string, string>();
  for (const pair of pairs) {
    const equals = pair.indexOf("=");
    if (equals < 1) throw new TagError(pair);
    tags.set(pair.slice(0, equals), pair.slice(equals + 1));
  }
  return tags;
}
