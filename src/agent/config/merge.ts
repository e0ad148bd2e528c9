/**
 * Merges the settings of several sources: defaults, configuration files in their order, flags.
 */

import { type AgentConfig, type ConfigLayer, settings } from "./settings.ts";
import {
  type ConfigOf,
  defaultsOf,
  type KindValues,
  type LayerOf,
  type SettingKind,
  type SettingTable,
} from "./table.ts";

/** Applies layers to the defaults, the later ones on top. The old role becomes a tag in the end. */
export function mergeConfig(layers: readonly ConfigLayer[]): AgentConfig {
  const config = mergeLayers(layers, settings);
  return config.role === "" ? config : { ...config, tags: new Map([...config.tags, ["role", config.role]]) };
}

/** Applies layers to the defaults of a table. */
export function mergeLayers<Table extends SettingTable>(
  layers: readonly LayerOf<Table>[],
  table: Table,
): ConfigOf<Table> {
  const merged: Record<string, unknown> = { ...defaultsOf(table) };
  for (const layer of layers) {
    for (const [name, value] of Object.entries(layer)) {
      if (value !== undefined) merged[name] = merge(table[name]!.kind, merged[name], value);
    }
  }
  return merged as ConfigOf<Table>;
}

/**
 * The value of a setting that had the value `before` and is given again; see {@link KindValues}.
 */
function merge(kind: SettingKind, before: unknown, value: unknown): unknown {
  switch (kind) {
    case "text":
      return value === "" ? before : value;
    case "integer":
    case "duration":
      return value === 0 ? before : value;
    case "positive":
      return (value as number) > 0 ? value : before;
    case "boolean":
      return before === true || value === true;
    case "list":
      return [...(before as KindValues["list"]), ...(value as KindValues["list"])];
    case "tags":
      return new Map([...(before as KindValues["tags"]), ...(value as KindValues["tags"])]);
    case "switch":
    case "span":
      return value;
  }
}
