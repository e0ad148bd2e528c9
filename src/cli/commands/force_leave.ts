/**
 * `serf force-leave`: marks a failed member as left, or forgets it.
 */

import { parseArguments } from "../arguments.ts";
import type { Command } from "../command.ts";
import { answer, conclude, connectionFlags, connectionHelp, UsageFailure, withClient } from "../command.ts";

const help = `Usage: serf force-leave [options] name

  Puts a member into the state "left", so that the cluster stops trying to
  reach it. Meant for failed nodes that will not come back: a node that is
  alive simply joins again.

Options:

${connectionHelp}
  -prune                    Forget the member altogether.`;

/** The command. It prints nothing when it succeeds. */
export const forceLeave: Command = {
  help,
  run: (args, runtime) =>
    conclude(runtime, help, async () => {
      const specs = {
        ...connectionFlags(runtime.terminal),
        prune: { kind: "boolean", initial: false },
      } as const;
      const { flags, rest } = parseArguments(specs, args);
      const [name] = rest;
      if (name === undefined || rest.length !== 1) {
        throw new UsageFailure("A node name must be specified to force leave.", help);
      }
      await withClient(runtime, flags, (client) =>
        answer("Error force leaving", client.forceLeave(name, { prune: flags.prune })),
      );
      return 0;
    }),
};
