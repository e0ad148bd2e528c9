/**
 * `serf info`: the agent's sections of named values.
 */

import { encodeJson, sortedEntries } from "../../go/json.ts";
import { printable } from "../../go/printable.ts";
import { parseArguments } from "../arguments.ts";
import type { Command } from "../command.ts";
import { answer, CommandFailure, conclude, connectionFlags, connectionHelp, withClient } from "../command.ts";
import { trim } from "../output.ts";

const help = `Usage: serf info [options]

  Shows the state of an agent for its operators.

Options:

  -format                   Form of the output: 'text' (default) or 'json'.
${connectionHelp}`;

/** The command. */
export const info: Command = {
  help,
  run: (args, runtime) =>
    conclude(runtime, help, async () => {
      const specs = {
        ...connectionFlags(runtime.terminal),
        format: { kind: "text", initial: "text" },
      } as const;
      const { flags } = parseArguments(specs, args);
      const stats = await withClient(runtime, flags, (client) =>
        answer("Error querying agent", client.stats()),
      );
      await runtime.terminal.write(`${layout(stats, flags.format)}\n`);
      return 0;
    }),
};

function layout(stats: ReadonlyMap<string, ReadonlyMap<string, string>>, format: string): string {
  if (format === "json") return encodeJson(stats);
  if (format !== "text") throw new CommandFailure(`Encoding error: Invalid output format "${format}"`);
  const lines = sortedEntries(stats).flatMap(([section, values]) => [
    `${printable(section)}:`,
    ...sortedEntries(values).map(([name, value]) => `\t${printable(name)} = ${printable(value)}`),
  ]);
  return trim(lines.join("\n"));
}
