/**
 * `serf join`: makes the agent join a cluster.
 */

import { parseArguments } from "../arguments.ts";
import type { Command } from "../command.ts";
import { answer, conclude, connectionFlags, connectionHelp, UsageFailure, withClient } from "../command.ts";

const help = `Usage: serf join [options] address ...

  Makes a running agent join a cluster through one or more of its members.

Options:

  -replay                   Deliver user events that happened before the join.
${connectionHelp}`;

/** The command. */
export const join: Command = {
  help,
  run: (args, runtime) =>
    conclude(runtime, help, async () => {
      const specs = {
        ...connectionFlags(runtime.terminal),
        replay: { kind: "boolean", initial: false },
      } as const;
      const { flags, rest } = parseArguments(specs, args);
      if (rest.length === 0) throw new UsageFailure("At least one address to join must be specified.", help);
      const count = await withClient(runtime, flags, (client) =>
        answer("Error joining the cluster", client.join(rest, { replay: flags.replay })),
      );
      await runtime.terminal.write(`Successfully joined cluster by contacting ${count} nodes.\n`);
      return 0;
    }),
};
