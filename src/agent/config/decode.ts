/**
 * Turns the value of a configuration file into settings, or lists all faults in the words of Serf's
 * decoder. Where those do not name the key that is meant, it is added behind them.
 */

import { DurationError, parseDuration, toMilliseconds } from "../../go/duration.ts";
import { compareBytes } from "../../go/json.ts";
import type { JsonTree } from "../../go/json_reader.ts";
import { type ConfigKey, configKeys, nearestKey } from "./keys.ts";
import { refusal } from "./refuse.ts";
import type { LayerOf, SettingTable } from "./table.ts";

/** Why settings were refused; the text goes behind `Error decoding 'FILE': `. */
export class ConfigError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "ConfigError";
  }
}

/** Decodes one value. Throws {@link ConfigError}. */
export function decodeConfig<Table extends SettingTable>(value: JsonTree, table: Table): LayerOf<Table> {
  if (value === null) return {};
  if (!(value instanceof Map)) throw new ConfigError(notAnObject("", value));
  const decoder = new Decoder(table);
  decoder.object("", value as ReadonlyMap<string, JsonTree>, configKeys(table));
  const faults = [...decoder.faults].sort(compareBytes);
  if (faults.length > 0)
    throw new ConfigError(`decoding failed due to the following error(s):\n\n${faults.join("\n")}`);
  const late = decoder.late[0];
  if (late !== undefined) throw new ConfigError(late);
  return decoder.layer as LayerOf<Table>;
}

class Decoder {
  readonly #table: SettingTable;
  readonly layer: Record<string, unknown> = {};
  readonly faults: string[] = [];
  /** Faults of which the first one counts, if all types are right. */
  readonly late: string[] = [];

  constructor(table: SettingTable) {
    this.#table = table;
  }

  object(path: string, fields: ReadonlyMap<string, JsonTree>, keys: readonly ConfigKey[]): void {
    const unused = new Set(fields.keys());
    for (const key of keys) {
      const name = fields.has(key.key) ? key.key : [...unused].find((other) => isSameKey(other, key.key));
      if (name === undefined) continue;
      unused.delete(name);
      const value = fields.get(name)!;
      if (value !== null) this.#field(path === "" ? key.key : `${path}.${key.key}`, key, value);
    }
    if (unused.size > 0) this.faults.push(`'${path}' has invalid keys: ${unknownKeys([...unused], keys)}`);
  }

  #field(name: string, key: ConfigKey, value: JsonTree): void {
    const decoded = this.#value(name, key, value);
    if (decoded === undefined || key.kind === "section" || key.setting === undefined) return;
    this.layer[key.setting] = decoded;
    const refused = refusal(this.#table[key.setting]!, `'${name}'`, decoded, value);
    if (refused !== undefined) this.late.push(refused);
  }

  #value(name: string, key: ConfigKey, value: JsonTree): unknown {
    switch (key.kind) {
      case "text":
        return this.#text(name, value);
      case "duration":
      case "span":
        return this.#duration(name, value);
      case "boolean":
      case "switch":
        return typeof value === "boolean" ? value : this.#mismatch(name, "bool", value);
      case "integer":
      case "positive":
        return typeof value === "number" ? Math.trunc(value) : this.#mismatch(name, "int", value);
      case "list":
        if (Array.isArray(value)) return this.#texts(name, value as readonly JsonTree[]);
        this.faults.push(`'${name}' source data must be an array or slice, got ${kindWord(value)}`);
        return undefined;
      case "tags":
        if (value instanceof Map) return this.#tags(name, value as ReadonlyMap<string, JsonTree>);
        return this.#mismatch(name, "map[string]string", value);
      case "section":
        if (value instanceof Map) this.object(name, value as ReadonlyMap<string, JsonTree>, key.keys);
        else this.faults.push(notAnObject(name, value));
        return undefined;
    }
  }

  /** Inside lists and tags `null` is an empty text. */
  #text(name: string, value: JsonTree): string | undefined {
    if (value === null) return "";
    return typeof value === "string" ? value : this.#mismatch(name, "string", value);
  }

  #texts(name: string, items: readonly JsonTree[]): (string | undefined)[] {
    return items.map((item, index) => this.#text(`${name}[${index}]`, item));
  }

  #tags(name: string, fields: ReadonlyMap<string, JsonTree>): Map<string, string | undefined> {
    return new Map([...fields].map(([key, item]) => [key, this.#text(`${name}[${key}]`, item)]));
  }

  #duration(name: string, value: JsonTree): number | undefined {
    const text = this.#text(name, value);
    if (text === undefined || text === "") return undefined;
    try {
      return toMilliseconds(parseDuration(text));
    } catch (error) {
      if (!(error instanceof DurationError)) throw error;
      this.late.push(`${error.message} ('${name}')`);
      return undefined;
    }
  }

  #mismatch(name: string, wanted: string, value: JsonTree): undefined {
    this.faults.push(`'${name}' expected type '${wanted}', got unconvertible type '${typeWord(value)}'`);
  }
}

/** Keys are compared without regard to case, beyond ASCII as well. */
function isSameKey(left: string, right: string): boolean {
  return left.toLowerCase() === right.toLowerCase();
}

function unknownKeys(unknown: readonly string[], keys: readonly ConfigKey[]): string {
  const sorted = [...unknown].sort(compareBytes);
  const hints = sorted.flatMap((word) => {
    const nearest = nearestKey(word, keys);
    return nearest === undefined ? [] : [`'${nearest}' instead of '${word}'`];
  });
  return sorted.join(", ") + (hints.length === 0 ? "" : ` (did you mean ${hints.join(", ")}?)`);
}

function notAnObject(name: string, value: JsonTree): string {
  return `'${name}' expected a map or struct, got "${kindWord(value)}"`;
}

/** Go's word for the kind of a JSON value. */
function kindWord(value: JsonTree): string {
  if (Array.isArray(value)) return "slice";
  if (value instanceof Map) return "map";
  if (typeof value === "number") return "float64";
  return typeof value === "boolean" ? "bool" : "string";
}

/** Go's word for the type of a JSON value. */
function typeWord(value: JsonTree): string {
  if (Array.isArray(value)) return "[]interface {}";
  return value instanceof Map ? "map[string]interface {}" : kindWord(value);
}
