/** All scenarios. */

import { assorted } from "./assorted.ts";
import { clients } from "./clients.ts";
import { cluster } from "./cluster.ts";
import { commands } from "./commands.ts";
import { configuration } from "./configuration.ts";
import { handlerScenarios } from "./handlers.ts";
import { joining } from "./joining.ts";
import { keys } from "./keys.ts";
import type { Scenario } from "./scenario.ts";
import { signalScenarios } from "./signals.ts";

/** The longest start first. */
export const scenarios: readonly Scenario[] = [
  cluster,
  ...handlerScenarios,
  ...joining,
  ...signalScenarios,
  ...keys,
  ...assorted,
  ...clients,
  ...configuration,
  ...commands,
];
