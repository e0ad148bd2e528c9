/**
 * `serf rtt`: the estimated round-trip time between two members, from their network coordinates.
 */

import { type Coordinate, distanceSeconds } from "../../core/coordinate/coordinate.ts";
import { quote } from "../../go/quote.ts";
import type { RpcClient } from "../../rpc/client/client.ts";
import { parseArguments } from "../arguments.ts";
import type { Command } from "../command.ts";
import {
  answer,
  CommandFailure,
  conclude,
  connectionFlags,
  connectionHelp,
  UsageFailure,
  withClient,
} from "../command.ts";

const help = `Usage: serf rtt [options] node1 [node2]

  Estimates the round-trip time between two members of the cluster; without a
  second name between the first and the agent's own node.

Options:

${connectionHelp}`;

/** The command. The number of arguments is looked at once it is connected, as in Serf. */
export const rtt: Command = {
  help,
  run: (args, runtime) =>
    conclude(runtime, help, async () => {
      const { flags, rest } = parseArguments(connectionFlags(runtime.terminal), args);
      const [first, second] = rest;
      const { pair, seconds } = await withClient(runtime, flags, async (client) => {
        if (first === undefined || rest.length > 2)
          throw new UsageFailure("One or two node names must be specified", help);
        const other = second ?? (await ownName(client));
        const from = await coordinate(client, first);
        const to = await coordinate(client, other);
        if (from.vec.length !== to.vec.length)
          throw new CommandFailure("Error getting coordinates: dimensions aren't compatible");
        return { pair: `${first} <-> ${other}`, seconds: distanceSeconds(from, to) };
      });
      await runtime.terminal.write(`Estimated ${pair} rtt: ${(seconds * 1000).toFixed(3)} ms\n`);
      return 0;
    }),
};

async function ownName(client: RpcClient): Promise<string> {
  const stats = await answer("Error querying agent", client.stats());
  return stats.get("agent")?.get("name") ?? "";
}

async function coordinate(client: RpcClient, node: string): Promise<Coordinate> {
  const found = await answer("Error getting coordinates", client.coordinate(node));
  if (found === undefined) throw new CommandFailure(`Could not find a coordinate for node ${quote(node)}`);
  return found;
}
