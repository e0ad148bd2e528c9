/** Commands that need no agent. */

import { type Scenario, scenario } from "./scenario.ts";

/** The scenarios. */
export const commands: readonly Scenario[] = ["cli-bad-flags", "cli-help", "cli-no-agent"].map((name) =>
  scenario(name, async (stage) => {
    await stage.playTogether(0, stage.transcript.items.length - 1);
  }),
);
