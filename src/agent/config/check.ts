/**
 * Checks the settings that a program gives as an object: names, kinds and ranges.
 */

import { SerfError } from "../../errors.ts";
import { checkOptions, type Kind, kinds } from "../../shell/options/arguments.ts";
import { refusal } from "./refuse.ts";
import { type ConfigLayer, settings } from "./settings.ts";
import type { Setting, SettingKind } from "./table.ts";

const number: Kind = { words: "a number", fits: Number.isFinite };
const wholeNumber: Kind = { words: "a whole number", fits: Number.isSafeInteger };

const kindOf: Readonly<Record<SettingKind, Kind>> = {
  text: kinds.text,
  integer: wholeNumber,
  positive: kinds.count,
  boolean: kinds.flag,
  switch: kinds.flag,
  duration: { ...number, words: "a number of milliseconds" },
  span: { ...number, words: "a number of milliseconds" },
  list: kinds.texts,
  tags: { words: "a Map", fits: (value) => value instanceof Map },
};

/** Settings whose values must not be printed. */
const secrets: readonly string[] = ["encryptKey", "rpcAuth"];

/** Settings, of which some may be `undefined`. */
export type GivenLayer = { readonly [Name in keyof ConfigLayer]?: ConfigLayer[Name] | undefined };

/** Returns the given settings without those that are `undefined`. Throws SerfError (ERR_OPTION). */
export function checkConfig(given: GivenLayer): ConfigLayer {
  const action = "start an agent";
  const table = Object.fromEntries(
    Object.entries(settings).map(([name, { kind }]) => {
      const secret = secrets.includes(name) ? { secret: true as const } : {};
      return [name, { ...kindOf[kind], ...secret }];
    }),
  );
  checkOptions<Record<string, unknown>>(action, table, given);
  const present = Object.entries(given).filter(([, value]) => value !== undefined);
  for (const [name, value] of present) {
    const row: Setting = settings[name as keyof typeof settings];
    const why = refusal(row, name, value, value);
    if (why !== undefined) throw new SerfError("ERR_OPTION", `Cannot ${action}: ${why}`);
  }
  return Object.fromEntries(present);
}
