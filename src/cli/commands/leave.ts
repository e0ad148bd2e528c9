/**
 * `serf leave`: makes the agent leave its cluster and stop.
 */

import { parseArguments } from "../arguments.ts";
import type { Command } from "../command.ts";
import { answer, conclude, connectionFlags, connectionHelp, withClient } from "../command.ts";

const help = `Usage: serf leave [options]

  Makes the agent say goodbye to its cluster and stop.

Options:

${connectionHelp}`;

/** The command; arguments behind the flags are ignored. */
export const leave: Command = {
  help,
  run: (args, runtime) =>
    conclude(runtime, help, async () => {
      const { flags } = parseArguments(connectionFlags(runtime.terminal), args);
      await withClient(runtime, flags, (client) => answer("Error leaving", client.leave()));
      await runtime.terminal.write("Graceful leave complete\n");
      return 0;
    }),
};
