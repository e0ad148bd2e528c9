/**
 * The keys of configuration files, as the table of settings has them.
 */

import { nearestWord } from "../../shell/options/nearest.ts";
import { ignoredKeys } from "./settings.ts";
import type { SettingKind, SettingTable } from "./table.ts";

/** One key of an object. */
export type ConfigKey =
  /** A setting; without one the key is accepted and has no effect. */
  | {
      readonly key: string;
      readonly kind: SettingKind;
      readonly setting?: string;
      /** The flag of the setting. */
      readonly flag?: string | undefined;
    }
  /** An object with keys of its own. */
  | { readonly key: string; readonly kind: "section"; readonly keys: readonly ConfigKey[] };

/** The keys of a file. */
export function configKeys(table: SettingTable): ConfigKey[] {
  const keys: ConfigKey[] = [];
  const sections = new Map<string, ConfigKey[]>();
  for (const [setting, { key: path, kind, flag }] of Object.entries(table)) {
    const [first, second] = path?.split(".") ?? [];
    if (first === undefined) continue;
    if (second === undefined) {
      keys.push({ key: first, kind, setting, flag });
      continue;
    }
    const section = sections.get(first) ?? [];
    if (section.length === 0) keys.push({ key: first, kind: "section", keys: section });
    section.push({ key: second, kind, setting, flag });
    sections.set(first, section);
  }
  return [...keys, ...Object.entries(ignoredKeys).map(([key, kind]) => ({ key, kind }))];
}

/**
 * The key that somebody who wrote `word` may have meant, the shorter of two; `undefined` if none is
 * near. The name of a flag stands for the key of its setting.
 */
export function nearestKey(word: string, keys: readonly ConfigKey[]): string | undefined {
  const names = keys
    .flatMap(namesOf)
    // A key that differs in case alone is right, but occurs twice.
    .filter(({ key }) => key.toLowerCase() !== word.toLowerCase());
  const near = nearestWord(
    word.replaceAll("-", "_"),
    names.map(({ name }) => name),
  );
  return names.find(({ name }) => name === near)?.key;
}

/** What somebody may write for a key, and for those of a section. */
function namesOf(entry: ConfigKey): { readonly key: string; readonly name: string }[] {
  const { key } = entry;
  const own = [{ key, name: key }];
  if (entry.kind === "section")
    return [...own, ...entry.keys.flatMap((inner) => flagName(`${key}.${inner.key}`, inner))];
  return [...own, ...flagName(key, entry)];
}

function flagName(key: string, entry: ConfigKey): { readonly key: string; readonly name: string }[] {
  const flag = entry.kind === "section" ? undefined : entry.flag;
  return flag === undefined ? [] : [{ key, name: flag.replaceAll("-", "_") }];
}
