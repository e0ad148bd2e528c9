/**
 * `serf keys`: manages the encryption keys of the cluster.
 */

import { SerfError } from "../../errors.ts";
import { printableLines } from "../../go/printable.ts";
import type { KeyReport, RpcClient } from "../../rpc/client/client.ts";
import type { Runtime } from "../../runtime.ts";
import { parseArguments } from "../arguments.ts";
import type { Command } from "../command.ts";
import { CommandFailure, conclude, connectionFlags, connectionHelp, withClient } from "../command.ts";
import { columns } from "../output.ts";

const help = `Usage: serf keys [options]

  Manages the encryption keys of the cluster. To change the key, install the
  new one, use it, and remove the old one. One option at a time.

Options:

  -install=<key>            Give all members a key to open messages with.
  -use=<key>                Seal messages with a key that is installed.
  -remove=<key>             Remove a key that is not in use.
  -list                     Show the keys that members have, and how many of
                            them have each.
${connectionHelp}`;

interface Action {
  /** Printed before the members are asked. */
  readonly begin: string;
  /** Printed if all members did as asked. */
  readonly success: string;
  /** Begins the error message otherwise. */
  readonly failure: string;
  run(client: RpcClient): Promise<KeyReport>;
  /** What is shown of a success. */
  show?(report: KeyReport): string;
}

/** The command. */
export const keys: Command = {
  help,
  run: (args, runtime) =>
    conclude(runtime, help, async () => {
      const specs = {
        ...connectionFlags(runtime.terminal),
        install: { kind: "text", initial: "" },
        use: { kind: "text", initial: "" },
        remove: { kind: "text", initial: "" },
        list: { kind: "boolean", initial: false },
      } as const;
      const { flags } = parseArguments(specs, args);
      const wanted = [
        flags.install === "" ? undefined : install(flags.install),
        flags.use === "" ? undefined : use(flags.use),
        flags.remove === "" ? undefined : remove(flags.remove),
        flags.list ? list : undefined,
      ].filter((action) => action !== undefined);
      const [action] = wanted;
      if (wanted.length > 1)
        throw new CommandFailure("Only one of -install, -use, -remove, or -list allowed");
      if (action === undefined) throw new CommandFailure(help);
      return await withClient(runtime, flags, (client) => perform(action, client, runtime));
    }),
};

async function perform(action: Action, client: RpcClient, { terminal }: Runtime): Promise<number> {
  const { RpcKeyError } = await import("../../rpc/client/client.ts");
  await terminal.write(`==> ${action.begin}\n`);
  try {
    const report = await action.run(client);
    await terminal.write(`==> ${action.success}\n${action.show?.(report) ?? ""}`);
    return 0;
  } catch (error) {
    if (!(error instanceof SerfError)) throw error;
    const messages = error instanceof RpcKeyError ? [...error.report.messages] : [];
    const rows = messages.map(([node, message]) => ["failed:", node, message]);
    const table = rows.length === 0 ? "" : `${columns(rows)}\n`;
    throw new CommandFailure(`${table}\n${action.failure}: ${printableLines(error.message)}`);
  }
}

function install(key: string): Action {
  return {
    begin: "Installing key on all members...",
    success: "Successfully installed key!",
    failure: "Error installing key",
    run: (client) => client.keys.install(key),
  };
}

function use(key: string): Action {
  return {
    begin: "Changing primary key on all members...",
    success: "Successfully changed primary key!",
    failure: "Error changing primary key",
    run: (client) => client.keys.use(key),
  };
}

function remove(key: string): Action {
  return {
    begin: "Removing key on all members...",
    success: "Successfully removed key!",
    failure: "Error removing key",
    run: (client) => client.keys.remove(key),
  };
}

const list: Action = {
  begin: "Asking all members for installed keys...",
  success: "Keys gathered, listing cluster keys...",
  failure: "Failed to gather member keys",
  run: (client) => client.keys.list(),
  show: ({ keys: counts, nodes }) => {
    const rows = [...counts].map(([key, count]) => [key, `[${count}/${nodes}]`]);
    return `\n${columns(rows)}\n`;
  },
};
