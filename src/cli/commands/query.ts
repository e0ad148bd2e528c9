/**
 * `serf query`: asks a query and shows the replies, as they come or as JSON at the end.
 */

import type { QueryReply } from "../../core/serf/api.ts";
import { toMilliseconds } from "../../go/duration.ts";
import type { JsonValue } from "../../go/json.ts";
import { encodeJson } from "../../go/json.ts";
import { printable } from "../../go/printable.ts";
import { decodeText } from "../../go/utf8.ts";
import type { RpcClient } from "../../rpc/client/client.ts";
import type { Runtime, Terminal } from "../../runtime.ts";
import { parseArguments } from "../arguments.ts";
import type { Command } from "../command.ts";
import {
  answer,
  CommandFailure,
  conclude,
  connectionFlags,
  connectionHelp,
  nameAndPayload,
  readTags,
  silentLine,
  untilInterrupted,
  withClient,
} from "../command.ts";

const help = `Usage: serf query [options] name [payload]

  Asks the members of the cluster a query and shows what they reply until all
  have or the query's time is over.

Options:

  -format                   Form of the output: 'text' (default) or 'json'.
  -no-ack                   Do not ask members to acknowledge the query.
  -node=<name>              Only this member. May be repeated.
  -relay-factor=<n>         Copies of each reply that go through other members,
                            0 (default) to 255.
  -tag <key>=<regexp>       Only members with a matching tag. May be repeated;
                            all have to match.
  -timeout="15s"            Time for replies. By default the agent chooses one
                            that suits the size of the cluster.
${connectionHelp}`;

const relayFactorMax = 255;

/** The command. */
export const query: Command = {
  help,
  run: (args, runtime) =>
    conclude(runtime, help, async () => {
      const specs = {
        ...connectionFlags(runtime.terminal),
        format: { kind: "text", initial: "text" },
        "no-ack": { kind: "boolean", initial: false },
        node: { kind: "list" },
        "relay-factor": { kind: "integer", initial: 0 },
        tag: { kind: "list" },
        timeout: { kind: "duration", initial: 0n },
      } as const;
      const { flags, rest } = parseArguments(specs, args);
      const tags = Object.fromEntries(readTags(flags.tag));
      const { name, payload } = nameAndPayload(rest, "A query", help);
      const relayFactor = flags["relay-factor"];
      if (relayFactor < 0 || relayFactor > relayFactorMax)
        throw new CommandFailure("Relay factor must be between 0 and 255");
      const ack = !flags["no-ack"];
      return await withClient(runtime, flags, async (client) => {
        const report = reportAs(flags.format, runtime.terminal, name, ack);
        const options = {
          nodes: flags.node,
          tags,
          ack,
          relayFactor,
          timeoutMs: toMilliseconds(flags.timeout),
        };
        const ask = (): ReturnType<RpcClient["query"]> => client.query(name, payload, options);
        return await follow(runtime, client, ask, report);
      });
    }),
};

/** Where replies go. */
interface Report {
  begin(): Promise<void>;
  reply(reply: QueryReply): Promise<void>;
  /** `missing` are members that still owed a reply; `undefined` if the agent does not say. */
  end(missing: readonly string[] | undefined): Promise<void>;
}

async function follow(
  runtime: Runtime,
  client: RpcClient,
  ask: () => ReturnType<RpcClient["query"]>,
  report: Report,
): Promise<number> {
  const replies = await answer("Error sending query", ask());
  const interrupted = await untilInterrupted(runtime, client, async () => {
    await report.begin();
    for await (const reply of replies) await report.reply(reply);
  });
  if (interrupted) return 1;
  await report.end(replies.missing);
  return 0;
}

function reportAs(format: string, terminal: Terminal, name: string, ack: boolean): Report {
  if (format === "text") return new TextReport(terminal, name, ack);
  if (format === "json") return new JsonReport(terminal);
  throw new CommandFailure(`Invalid format: ${format}`);
}

class TextReport implements Report {
  readonly #terminal: Terminal;
  readonly #name: string;
  readonly #ack: boolean;
  readonly #replied = new Set<string>();
  #acks = 0;
  #responses = 0;

  constructor(terminal: Terminal, name: string, ack: boolean) {
    this.#terminal = terminal;
    this.#name = name;
    this.#ack = ack;
  }

  async begin(): Promise<void> {
    await this.#terminal.write(`Query '${this.#name}' dispatched\n`);
  }

  async reply({ type, from, payload }: QueryReply): Promise<void> {
    this.#replied.add(from);
    if (type === "ack") {
      this.#acks += 1;
      await this.#terminal.write(`Ack from '${printable(from)}'\n`);
      return;
    }
    this.#responses += 1;
    const ended = payload.at(-1) === 0x0a;
    await this.#terminal.write(`Response from '${printable(from)}': `);
    // The bytes go out as they are: they need not be text.
    await this.#terminal.write(ended ? payload.subarray(0, -1) : payload);
    await this.#terminal.write("\n");
  }

  async end(missing: readonly string[] = []): Promise<void> {
    const acks = this.#ack ? `Total Acks: ${this.#acks}\n` : "";
    // A member that acknowledged the query need not have an answer to it. Without acknowledgements
    // nobody can tell such a member from one that is gone.
    const silent = this.#ack ? silentLine(missing.filter((name) => !this.#replied.has(name))) : "";
    await this.#terminal.write(`${acks}Total Responses: ${this.#responses}\n${silent}`);
  }
}

class JsonReport implements Report {
  readonly #terminal: Terminal;
  readonly #acks: string[] = [];
  readonly #responses = new Map<string, JsonValue>();

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  async begin(): Promise<void> {}

  async reply({ type, from, payload }: QueryReply): Promise<void> {
    if (type === "ack") this.#acks.push(from);
    else this.#responses.set(from, decodeText(payload));
  }

  async end(): Promise<void> {
    const acks = this.#acks.length === 0 ? null : this.#acks;
    await this.#terminal.write(`${encodeJson({ Acks: acks, Responses: this.#responses })}\n`);
  }
}
