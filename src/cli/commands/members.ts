/**
 * `serf members`: the members the agent knows, as text or JSON.
 */

import type { Member } from "../../core/serf/api.ts";
import type { JsonValue } from "../../go/json.ts";
import { encodeJson } from "../../go/json.ts";
import { joinHostPort } from "../../net/address.ts";
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
import { columns, trim } from "../output.ts";

const help = `Usage: serf members [options]

  Lists the members of the cluster that an agent belongs to. Expressions have
  to match as a whole.

Options:

  -detailed                 Show protocol versions too (text only).
  -format                   Form of the output: 'text' (default) or 'json'.
  -name=<regexp>            Only members with a matching name.
  -role=<regexp>            Only members with a matching tag 'role'. Use
                            '-tag role=<regexp>' instead.
  -status=<regexp>          Only members in a matching state.
  -tag <key>=<regexp>       Only members with a matching tag. May be repeated;
                            all have to match.
${connectionHelp}`;

/** The command. */
export const members: Command = {
  help,
  run: (args, runtime) =>
    conclude(runtime, help, async () => {
      const specs = {
        ...connectionFlags(runtime.terminal),
        detailed: { kind: "boolean", initial: false },
        format: { kind: "text", initial: "text" },
        name: { kind: "text", initial: "" },
        role: { kind: "text", initial: "" },
        status: { kind: "text", initial: "" },
        tag: { kind: "list" },
      } as const;
      const { flags } = parseArguments(specs, args);
      const tags = readTags(flags.tag);
      if (flags.role !== "") {
        await runtime.terminal.write("Deprecation warning: 'Role' has been replaced with 'Tags'\n");
        tags.set("role", flags.role);
      }
      const filter = { name: flags.name, status: flags.status, tags: Object.fromEntries(tags) };
      const list = await withClient(runtime, flags, (client) =>
        answer("Error retrieving members", client.members(filter)),
      );
      await runtime.terminal.write(`${layout(list, flags.format, flags.detailed)}\n`);
      return 0;
    }),
};

function layout(list: readonly Member[], format: string, detailed: boolean): string {
  if (format === "json") return encodeJson({ members: list.length === 0 ? null : list.map(jsonMember) });
  if (format !== "text") throw new CommandFailure(`Encoding error: Invalid output format "${format}"`);
  return trim(columns(list.map((member) => row(member, detailed))));
}

function row(member: Member, detailed: boolean): string[] {
  const tags = Object.entries(member.tags).map(([key, value]) => `${key}=${value}`);
  const { name, address, port, status } = member;
  const fields = [name, joinHostPort(address, port), status, tags.join(",")];
  if (!detailed) return fields;
  const { current, min, max } = member.protocol;
  return [...fields, `Protocol Version: ${current}`, `Available Protocol Range: [${min}, ${max}]`];
}

function jsonMember(member: Member): JsonValue {
  const { current, min, max } = member.protocol;
  return {
    name: member.name,
    addr: joinHostPort(member.address, member.port),
    port: member.port,
    tags: new Map(Object.entries(member.tags)),
    status: member.status,
    protocol: new Map([
      ["max", max],
      ["min", min],
      ["version", current],
    ]),
  };
}
