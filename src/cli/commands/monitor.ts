/**
 * `serf monitor`: follows the agent's log and events until it is interrupted or the agent goes away.
 */

import { printableLines } from "../../go/printable.ts";
import { goSyntax } from "../../go/syntax.ts";
import type { RpcClient } from "../../rpc/client/client.ts";
import type { Runtime } from "../../runtime.ts";
import { parseArguments } from "../arguments.ts";
import type { Command } from "../command.ts";
import {
  answer,
  conclude,
  connectionFlags,
  connectionHelp,
  untilInterrupted,
  withClient,
} from "../command.ts";

const help = `Usage: serf monitor [options]

  Shows the recent log of an agent, then follows it, together with the events
  the agent receives. The level is independent of the agent's own: a monitor
  may show debug lines that the agent itself does not print.

Options:

  -log-level=info           Least level of the lines to show.
${connectionHelp}`;

const endedText =
  "\nRemote side ended the monitor! This usually means that the\nremote side has exited or crashed.\n";

/** The command. */
export const monitor: Command = {
  help,
  run: (args, runtime) =>
    conclude(runtime, help, async () => {
      const specs = {
        ...connectionFlags(runtime.terminal),
        "log-level": { kind: "text", initial: "INFO" },
      } as const;
      const { flags } = parseArguments(specs, args);
      return await withClient(runtime, flags, (client) => follow(client, flags["log-level"], runtime));
    }),
};

async function follow(client: RpcClient, level: string, runtime: Runtime): Promise<number> {
  const { terminal } = runtime;
  const events = await answer("Error starting stream", client.rawStream("*"));
  const lines = await answer("Error starting monitor", client.monitor(level));
  const showLines = async (): Promise<void> => {
    for await (const line of lines) await terminal.write(`${printableLines(line)}\n`);
  };
  const showEvents = async (): Promise<void> => {
    for await (const event of events) await terminal.write(describe(event));
  };
  const interrupted = await untilInterrupted(runtime, client, async () => {
    await Promise.all([showLines(), showEvents()]);
  });
  if (interrupted) return 0;
  await terminal.write(endedText);
  return 1;
}

function describe(event: ReadonlyMap<string, unknown>): string {
  const fields = [...event].map(([name, value]) => `\t${name}: ${goSyntax(value)}\n`);
  return `Event Info:\n${fields.join("")}`;
}
