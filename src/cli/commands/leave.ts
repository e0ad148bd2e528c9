/**
 * `serf leave`: makes the agent leave its cluster and stop.
 */

import { parseArguments } from "../arguments.ts";
import type { Command } from "../command.ts";
import { answer, CONNECTION_HELP, conclude, connectionFlags, withClient } from "../command.ts";

const HELP = `Usage: serf leave [options]

  Makes the agent say goodbye to its cluster and stop.

Options:

${CONNECTION_HELP}`;

/** The command; arguments behind the flags are ignored. */
export const leave: Command = {
  help: HELP,
  run: (args, runtime) =>
    conclude(runtime, HELP, async () => {
      const { flags } = parseArguments(connectionFlags(runtime.terminal), args);
      await withClient(runtime, flags, (client) => answer("Error leaving", client.leave()));
      await runtime.terminal.write("Graceful leave complete\n");
      return 0;
    }),
};
