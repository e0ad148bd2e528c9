/**
 * `serf event`: sends a user event.
 */

import { parseArguments } from "../arguments.ts";
import type { Command } from "../command.ts";
import { answer, conclude, connectionFlags, connectionHelp, nameAndPayload, withClient } from "../command.ts";

const help = `Usage: serf event [options] name [payload]

  Sends a user event to all members of the cluster. Nobody confirms it.

Options:

  -coalesce=true|false      Whether receivers may merge events of this name that
                            come shortly one after the other. Default true.
${connectionHelp}`;

/** The command. */
export const event: Command = {
  help,
  run: (args, runtime) =>
    conclude(runtime, help, async () => {
      const specs = {
        ...connectionFlags(runtime.terminal),
        coalesce: { kind: "boolean", initial: true },
      } as const;
      const { flags, rest } = parseArguments(specs, args);
      const { name, payload } = nameAndPayload(rest, "An event", help);
      const { coalesce } = flags;
      await withClient(runtime, flags, (client) =>
        answer("Error sending event", client.event(name, payload, { coalesce })),
      );
      await runtime.terminal.write(`Event '${name}' dispatched! Coalescing enabled: ${coalesce}\n`);
      return 0;
    }),
};
