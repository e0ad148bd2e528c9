/**
 * `serf reachability`: asks every member to reply and compares the number of replies with that of the live members.
 */

import { printable } from "../../go/printable.ts";
import type { RpcClient } from "../../rpc/client/client.ts";
import type { Clock, Runtime, Terminal } from "../../runtime.ts";
import { parseArguments } from "../arguments.ts";
import type { Command } from "../command.ts";
import {
  answer,
  CommandFailure,
  conclude,
  connectionFlags,
  connectionHelp,
  silentLine,
  untilInterrupted,
  withClient,
} from "../command.ts";

const help = `Usage: serf reachability [options]

  Asks every member for a sign of life and says which of the live ones did not
  give one, or which of the others did.

Options:

  -verbose                  Show every sign of life and how long it took.
${connectionHelp}`;

const duplicatesText =
  "Duplicate responses means there is a misconfiguration. Verify that node names are unique.\n";

const tipsText = `
Troubleshooting tips:
* Ensure that the bind addr:port is accessible by all other nodes
* If an advertise address is set, ensure it routes to the bind address
* Check that no nodes are behind a NAT
* If nodes are behind firewalls or iptables, check that Serf traffic is permitted (UDP and TCP)
* Verify networking equipment is functional
`;

/** The command. */
export const reachability: Command = {
  help,
  run: (args, runtime) =>
    conclude(runtime, help, async () => {
      const specs = {
        ...connectionFlags(runtime.terminal),
        verbose: { kind: "boolean", initial: false },
      } as const;
      const { flags } = parseArguments(specs, args);
      return await withClient(runtime, flags, (client) => test(client, runtime, flags.verbose));
    }),
};

async function test(client: RpcClient, runtime: Runtime, verbose: boolean): Promise<number> {
  const { terminal, clock } = runtime;
  const members = await answer("Error getting members", client.members());
  const live = members.filter(({ status }) => status === "alive").map(({ name }) => name);
  await terminal.write(`Total members: ${members.length}, live members: ${live.length}\n`);
  const replies = await answer("Error sending query", client.query("_serf_ping", undefined, { ack: true }));
  const acks = new Acks(terminal, clock, verbose);
  const interrupted = await untilInterrupted(runtime, client, async () => {
    await terminal.write("Starting reachability test...\n");
    for await (const { type, from } of replies) if (type === "ack") await acks.add(from);
  });
  if (interrupted) throw new CommandFailure("Test interrupted");
  return await acks.conclude(live, replies.missing);
}

/** The acknowledgements that came. */
class Acks {
  readonly #terminal: Terminal;
  readonly #clock: Clock;
  readonly #verbose: boolean;
  readonly #start: number;
  readonly #names = new Set<string>();
  #last: number;
  #count = 0;

  constructor(terminal: Terminal, clock: Clock, verbose: boolean) {
    this.#terminal = terminal;
    this.#clock = clock;
    this.#verbose = verbose;
    this.#start = clock.now();
    this.#last = this.#start;
  }

  async add(name: string): Promise<void> {
    this.#last = this.#clock.now();
    this.#count += 1;
    if (this.#verbose) await this.#terminal.write(`\tAck from '${printable(name)}'\n`);
    if (this.#names.has(name)) await this.#terminal.write(`Duplicate response from '${printable(name)}'\n`);
    this.#names.add(name);
  }

  /** Prints the result; returns the exit code. As in Serf, only numbers are compared. */
  async conclude(live: readonly string[], missing: readonly string[] = []): Promise<number> {
    // When acks are too few, the verdict names those that are missing already.
    const silent = this.#count < live.length ? [] : missing.filter((name) => !this.#names.has(name));
    const duplicates = this.#duplicated ? duplicatesText : "";
    await this.#terminal.write(`${this.#times()}${duplicates}${this.#verdict(live)}${silentLine(silent)}`);
    return this.#duplicated || this.#count !== live.length ? 1 : 0;
  }

  get #duplicated(): boolean {
    return this.#count > this.#names.size;
  }

  #times(): string {
    if (!this.#verbose) return "";
    const seconds = (until: number): string => ((until - this.#start) / 1000).toFixed(2);
    const total = seconds(this.#clock.now());
    return `Query time: ${total} sec, time to last response: ${seconds(this.#last)} sec\n`;
  }

  #verdict(live: readonly string[]): string {
    const lines = (names: readonly string[]): string =>
      names.map((name) => `\t${printable(name)}\n`).join("");
    if (this.#count === live.length) return "Successfully contacted all live nodes\n";
    if (this.#count > live.length) {
      const dead = [...this.#names].filter((name) => !live.includes(name));
      const why =
        "This could mean Serf is detecting false-failures due to a misconfiguration or network issue.";
      return `Received more acks than live nodes! Acks from non-live nodes:\n${lines(dead)}${why}\n${tipsText}`;
    }
    const missing = live.filter((name) => !this.#names.has(name));
    const why =
      "This could mean Serf gossip packets are being lost due to a misconfiguration or network issue.";
    return `Received less acks than live nodes! Missing acks from:\n${lines(missing)}${why}\n${tipsText}`;
  }
}
