/**
 * The keys of configuration files, as the table of settings has them.
 */

import { nearestWord } from "../../shell/nearest.ts";
import { ignoredKeys } from "./settings.ts";
import type { SettingKind, SettingTable } from "./table.ts";

/** One key of an object. */
export type ConfigKey =
  /** A setting; without one the key is accepted and has no effect. */
  | { readonly key: string; readonly kind: SettingKind; readonly setting?: string }
  /** An object with keys of its own. */
  | { readonly key: string; readonly kind: "section"; readonly keys: readonly ConfigKey[] };

/** The keys of a file. */
export function configKeys(table: SettingTable): ConfigKey[] {
  const keys: ConfigKey[] = [];
  const sections = new Map<string, ConfigKey[]>();
  for (const [setting, { key: path, kind }] of Object.entries(table)) {
    const [first, second] = path?.split(".") ?? [];
    if (first === undefined) continue;
    if (second === undefined) {
      keys.push({ key: first, kind, setting });
      continue;
    }
    const section = sections.get(first) ?? [];
    if (section.length === 0) keys.push({ key: first, kind: "section", keys: section });
    section.push({ key: second, kind, setting });
    sections.set(first, section);
  }
  return [...keys, ...Object.entries(ignoredKeys).map(([key, kind]) => ({ key, kind }))];
}

/**
 * The key that somebody who wrote `word` may have meant, the shorter of two; `undefined` if none is
 * near.
 */
export function nearestKey(word: string, keys: readonly ConfigKey[]): string | undefined {
  // A key that differs in case alone is right, but occurs twice.
  const others = keys.filter(({ key }) => key.toLowerCase() !== word.toLowerCase());
  return nearestWord(
    word.replaceAll("-", "_"),
    others.map(({ key }) => key),
  );
}
