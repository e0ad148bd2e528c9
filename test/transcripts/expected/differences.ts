/**
 * Intended differences of our program from the transcripts. Commands and files are counted from 0.
 */

import type { IntendedDifference } from "../intended.ts";
import { ofAgents } from "./agents.ts";
import { ofCommands } from "./commands.ts";

/** All of them. */
export const differences: readonly IntendedDifference[] = [...ofAgents, ...ofCommands];

/** Commands and files that are not played again, with reasons. */
export const notPlayed: readonly { scenario: string; steps: readonly number[]; reason: string }[] = [
  {
    scenario: "agent-log-rpc",
    steps: [0],
    reason:
      "its connections are those of test/golden/rpc, which sessions without an agent answer; in which order they came was not recorded",
  },
];
