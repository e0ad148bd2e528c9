/**
 * `serf tags`: changes the agent's tags.
 */

import { parseArguments } from "../arguments.ts";
import type { Command } from "../command.ts";
import {
  answer,
  CommandFailure,
  conclude,
  connectionFlags,
  connectionHelp,
  readTags,
  withClient,
} from "../command.ts";

const help = `Usage: serf tags [options] ...

  Changes the tags of a running agent.

Options:

${connectionHelp}
  -set key=value            Set a tag. May be repeated.
  -delete key               Remove a tag, if it is there. May be repeated.`;

/** The command. A key that is both deleted and set ends up set. */
export const tags: Command = {
  help,
  run: (args, runtime) =>
    conclude(runtime, help, async () => {
      const specs = {
        ...connectionFlags(runtime.terminal),
        set: { kind: "list" },
        delete: { kind: "list" },
      } as const;
      const { flags } = parseArguments(specs, args);
      if (flags.set.length === 0 && flags.delete.length === 0) throw new CommandFailure(help);
      await withClient(runtime, flags, async (client) => {
        // Serf looks at the syntax only once it is connected.
        const set = Object.fromEntries(readTags(flags.set));
        await answer("Error setting tags", client.updateTags({ set, remove: flags.delete }));
      });
      await runtime.terminal.write("Successfully updated agent tags\n");
      return 0;
    }),
};
