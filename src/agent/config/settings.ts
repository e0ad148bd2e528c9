/**
 * All settings of an agent, one row each. Flags, configuration files, defaults, merging, help and
 * reloads read this table. A new setting is a row in `own_settings.ts`, and a line in
 * `node_options.ts` if the node has to know it.
 */

import { ownSettings } from "./own_settings.ts";
import { serfSettings } from "./serf_settings.ts";
import { type ConfigOf, defaultsOf, type LayerOf, type SettingKind } from "./table.ts";

/** The table. */
export const settings: typeof serfSettings & typeof ownSettings = { ...serfSettings, ...ownSettings };

/** Settings of an agent, wherever they come from. */
export interface AgentConfig extends ConfigOf<typeof settings> {}

/** What one source of settings gives. */
export type ConfigLayer = LayerOf<typeof settings>;

/** The settings of an agent if nothing is configured. */
export const defaultConfig: AgentConfig = defaultsOf(settings);

/**
 * Keys of configuration files that Serf has and this agent does not need: they are checked and have
 * no effect.
 */
export const ignoredKeys: Readonly<Record<string, SettingKind>> = {
  disable_coordinates: "boolean",
  enable_compression: "boolean",
  MsgpackUseNewTimeFormat: "boolean",
};

/** The settings that a reload leaves, with the new values of those that it takes over. */
export function reloaded(before: AgentConfig, config: AgentConfig): AgentConfig {
  const taken = Object.entries(settings).filter(([, row]) => "reload" in row);
  return {
    ...before,
    ...Object.fromEntries(taken.map(([name]) => [name, config[name as keyof AgentConfig]])),
  };
}
