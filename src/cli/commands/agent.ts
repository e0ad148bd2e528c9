/**
 * `serf agent`: reads the agent's flags and runs it.
 */

import { type ConfigFiles, readConfigPaths } from "../../agent/config/files.ts";
import { mergeConfig } from "../../agent/config/merge.ts";
import { type AgentConfig, settings } from "../../agent/config/settings.ts";
import type { Runtime } from "../../runtime.ts";
import { agentFlags, flagLayer, flagsHelp } from "../agent_flags.ts";
import { FlagError, type FlagSpecs, parseArguments } from "../arguments.ts";
import type { Command } from "../command.ts";

/** Makes the help, which takes a while, because all lines are filled. */
function help(): string {
  return `Usage: serf agent [options]

  Runs an agent, one node of a cluster, until it is interrupted or told to
  leave.

Options:

${flagsHelp(settings)}

Event handlers:

  'script' runs for every event, 'filter=script' for some: member-join,
  member-leave, member-failed, member-update, member-reap, user, user:NAME,
  query, query:NAME or *, several with commas between. A script gets SERF_EVENT
  and more in its environment, and members or the payload as its input. What it
  prints for a query is the answer.`;
}

const flagSpecs: FlagSpecs = agentFlags(settings);

/** The command. Arguments behind the flags are ignored. */
export const agent: Command = {
  get help(): string {
    return help();
  },
  async run(args: readonly string[], runtime: Runtime): Promise<number> {
    try {
      parseArguments(flagSpecs, args);
    } catch (error) {
      if (!(error instanceof FlagError)) throw error;
      await runtime.terminal.writeError(`${error.message}\n`);
      await runtime.terminal.write(`==> ${help()}\n`);
      return 1;
    }
    const { runAgent } = await import("../../agent/run.ts");
    return await runAgent(async () => await readConfig(args, runtime.files), runtime);
  },
};

/** Settings from flags, and from the configuration files that they name. Rejects with StartFailure. */
export async function readConfig(args: readonly string[], files: ConfigFiles): Promise<AgentConfig> {
  const flags = flagLayer(parseArguments(flagSpecs, args), settings);
  return mergeConfig([...(await readConfigPaths(flags.configPaths ?? [], files)), flags]);
}
