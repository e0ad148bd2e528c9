/**
 * Checks what programs pass in, because JavaScript passes anything: one message names the option or
 * argument, its value, and what it must be. All functions throw SerfError (ERR_OPTION).
 */

import { encodeUtf8 } from "../../core/bytes.ts";
import { SerfError } from "../../errors.ts";
import { nearestWord } from "./nearest.ts";

/** What a value must be. `words` follow "must be"; a secret value is not repeated in messages. */
export interface Kind {
  readonly words: string;
  readonly secret?: true;
  readonly fits: (value: unknown) => boolean;
}

/** The options of one call, by name. */
export type OptionTable<Options> = Readonly<Record<keyof Options, Kind>>;

const isText = (value: unknown): boolean => typeof value === "string";
const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every(isText);
const isCall = (value: unknown): boolean => typeof value === "function";

type KindName = "text" | "secret" | "texts" | "secrets" | "textMap" | "flag" | "number" | "count";
type ObjectKindName = "call" | "payload" | "signal" | "metrics";

/** The kinds of options and arguments. */
export const kinds: Readonly<Record<KindName | ObjectKindName, Kind>> = {
  text: { words: "text", fits: isText },
  secret: { words: "text", secret: true, fits: isText },
  texts: { words: "a list of text", fits: isTexts },
  secrets: { words: "a list of text", secret: true, fits: isTexts },
  textMap: { words: "an object whose values are text", fits: isTextMap },
  flag: { words: "true or false", fits: (value) => typeof value === "boolean" },
  number: { words: "a number", fits: (value) => typeof value === "number" },
  count: {
    words: "a whole number above 0",
    fits: (value) => Number.isSafeInteger(value) && Number(value) > 0,
  },
  call: { words: "a function", fits: isCall },
  payload: { words: "text or a Uint8Array", fits: (value) => isText(value) || isBytes(value) },
  signal: { words: "an AbortSignal", fits: isSignal },
  metrics: {
    words: "an object with the methods incr, sample and gauge",
    fits: (value) => isObject(value) && [value["incr"], value["sample"], value["gauge"]].every(isCall),
  },
};

/** Checks one argument. `action` follows "Cannot": `Cannot join: seeds must be a list of text`. */
export function checkArgument(action: string, name: string, kind: Kind, value: unknown): void {
  if (kind.fits(value)) return;
  const [path, wrong] = kind.fits === isTextMap ? culprit(name, value) : [name, value];
  const words = path === name ? kind.words : kinds.text.words;
  const got = kind.secret === true ? typeof value : describe(wrong);
  throw new SerfError("ERR_OPTION", `Cannot ${action}: ${path} must be ${words}, got ${got}`);
}

/**
 * Checks the options of a call: every one that is not `undefined` has its kind, and there are no
 * others.
 */
export function checkOptions<Options>(action: string, table: OptionTable<Options>, options: Options): void {
  if (!isObject(options) || Array.isArray(options)) {
    throw new SerfError(
      "ERR_OPTION",
      `Cannot ${action}: options must be an object, got ${describe(options)}`,
    );
  }
  const names = Object.keys(table);
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(table, name)) continue;
    const nearest = nearestWord(name, names);
    const hint = nearest === undefined ? "" : `, did you mean ${describe(nearest)}?`;
    throw new SerfError("ERR_OPTION", `Cannot ${action}: unknown option ${describe(name)}${hint}`);
  }
  for (const [name, kind] of Object.entries<Kind>(table)) {
    const value = options[name];
    if (value !== undefined) checkArgument(action, name, kind, value);
  }
}

/** Returns a copy of a payload as bytes, text in UTF-8. */
export function payloadBytes(action: string, payload: Uint8Array | string): Uint8Array {
  checkArgument(action, "payload", kinds.payload, payload);
  return typeof payload === "string" ? encodeUtf8(payload) : payload.slice();
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

/** Objects of other realms have other constructors, so this asks for the tag. */
function isBytes(value: unknown): boolean {
  return Object.prototype.toString.call(value) === "[object Uint8Array]";
}

function isSignal(value: unknown): boolean {
  return isObject(value) && typeof value["aborted"] === "boolean" && isCall(value["addEventListener"]);
}

function isTextMap(value: unknown): boolean {
  return isObject(value) && !Array.isArray(value) && Object.values(value).every(isText);
}

/** Returns the name and value of what is wrong with a map of text: the map, or one entry. */
function culprit(name: string, value: unknown): [string, unknown] {
  if (!isObject(value) || Array.isArray(value)) return [name, value];
  const [key, wrong] = Object.entries(value).find((entry) => !isText(entry[1]))!;
  return [`${name}[${describe(key)}]`, wrong];
}

/** How much of a text is repeated in a message. */
const excerptMax = 64;

function describe(value: unknown): string {
  if (typeof value === "string") {
    return JSON.stringify(value.length <= excerptMax ? value : `${value.slice(0, excerptMax)}...`);
  }
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return "a function";
  if (typeof value === "symbol") return "a symbol";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : `a list with ${describe(value[0])}`;
  return isObject(value)
    ? `an object (${Object.prototype.toString.call(value).slice(8, -1)})`
    : String(value);
}
