/**
 * Puts settings of several sources together: defaults, configuration files in their order, flags.
 */

import { type AgentConfig, defaultConfig } from "./config.ts";
import { configKeys, type KeyKind, mdnsKeys } from "./keys.ts";

/** What one source gives; the rest is left as it is. */
export type ConfigLayer = Partial<AgentConfig>;

/** Settings that no configuration file has, or that flags alone give, by kind. */
const flagKinds: readonly (readonly [keyof AgentConfig, KeyKind])[] = [["compression", "switch"]];

const kinds: ReadonlyMap<string, KeyKind> = new Map([
  ...[...configKeys, ...mdnsKeys].map(({ setting, kind }) => [setting, kind] as const),
  ...flagKinds,
]);

/** Applies layers to the defaults, the later ones on top. The old role becomes a tag at last. */
export function mergeConfig(layers: readonly ConfigLayer[]): AgentConfig {
  const merged: Record<string, unknown> = { ...defaultConfig };
  for (const layer of layers) {
    for (const [setting, value] of Object.entries(layer)) {
      const kind = kinds.get(setting);
      if (kind !== undefined && value !== undefined) merged[setting] = meet(kind, merged[setting], value);
    }
  }
  const config = merged as unknown as AgentConfig;
  return config.role === "" ? config : { ...config, tags: new Map([...config.tags, ["role", config.role]]) };
}

function meet(kind: KeyKind, before: unknown, value: unknown): unknown {
  switch (kind) {
    case "text":
      return value === "" ? before : value;
    case "integer":
      return value === 0 ? before : value;
    case "positive":
      return (value as number) > 0 ? value : before;
    case "duration":
      return value === 0n ? before : value;
    case "boolean":
      return before === true || value === true;
    case "list":
      return [...(before as readonly string[]), ...(value as readonly string[])];
    case "tags":
      return new Map([...(before as ReadonlyMap<string, string>), ...(value as ReadonlyMap<string, string>)]);
    case "switch":
    case "span":
    case "section":
      return value;
  }
}
