/**
 * The command line: finds the command, deals with `-h` and `-v`, and returns the exit code.
 * Commands are loaded when they are called, so that the small ones start fast.
 */

import type { Runtime, Terminal } from "../runtime.ts";
import type { Command } from "./command.ts";
import { exactArguments, rawFault } from "./raw_arguments.ts";

/** Exit code for a command that does not exist. */
const noSuchCommand = 127;

interface Entry {
  readonly synopsis: string;
  load(): Promise<Command>;
}

const commands: Readonly<Record<string, Entry>> = {
  agent: { synopsis: "Run an agent", load: async () => (await import("./commands/agent.ts")).agent },
  event: {
    synopsis: "Send a user event to the cluster",
    load: async () => (await import("./commands/event.ts")).event,
  },
  "force-leave": {
    synopsis: 'Put a failed member into the state "left"',
    load: async () => (await import("./commands/force_leave.ts")).forceLeave,
  },
  info: {
    synopsis: "Show the inner state of an agent",
    load: async () => (await import("./commands/info.ts")).info,
  },
  join: {
    synopsis: "Make an agent join a cluster",
    load: async () => (await import("./commands/join.ts")).join,
  },
  keygen: {
    synopsis: "Make an encryption key",
    load: async () => (await import("./commands/keygen.ts")).keygen,
  },
  keys: {
    synopsis: "Manage the encryption keys of the cluster",
    load: async () => (await import("./commands/keys.ts")).keys,
  },
  leave: {
    synopsis: "Make an agent leave its cluster and stop",
    load: async () => (await import("./commands/leave.ts")).leave,
  },
  members: {
    synopsis: "List the members of a cluster",
    load: async () => (await import("./commands/members.ts")).members,
  },
  monitor: {
    synopsis: "Follow the log of an agent",
    load: async () => (await import("./commands/monitor.ts")).monitor,
  },
  query: {
    synopsis: "Ask the members of the cluster a query",
    load: async () => (await import("./commands/query.ts")).query,
  },
  reachability: {
    synopsis: "Test whether all members can be reached",
    load: async () => (await import("./commands/reachability.ts")).reachability,
  },
  rtt: {
    synopsis: "Estimate the round-trip time between two members",
    load: async () => (await import("./commands/rtt.ts")).rtt,
  },
  simulate: {
    synopsis: "Simulate a cluster and report how it behaves",
    load: async () => (await import("./commands/simulate.ts")).simulate,
  },
  tags: {
    synopsis: "Change the tags of an agent",
    load: async () => (await import("./commands/tags.ts")).tags,
  },
  version: {
    synopsis: "Show the version",
    load: async () => (await import("./commands/version.ts")).version,
  },
};

/** Commands with a payload. */
const takesPayload: ReadonlySet<string> = new Set(["event", "query"]);

/** Commands that print for as long as they run, and have to notice Ctrl-C meanwhile. */
const follows: ReadonlySet<string> = new Set(["monitor", "query", "reachability", "simulate"]);

/** Runs the program; returns its exit code. */
export async function main(runtime: Runtime): Promise<number> {
  const { terminal } = runtime;
  const given = exactArguments(terminal);
  const { help, version, name, early, args } = dispatch(given);
  const entry = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (version) {
    const { version: command } = await import("./commands/version.ts");
    if (!help) return await command.run([], runtime);
    await terminal.writeError(`${command.help}\n`);
    return 0;
  }
  if (entry === undefined) {
    await terminal.writeError(`${usage()}\n`);
    return help && name === "" ? 0 : noSuchCommand;
  }
  // Only the last argument can be a payload.
  const texts = takesPayload.has(name) ? given.slice(0, -1) : given;
  const fault = texts.map(rawFault).find((text) => text !== undefined);
  if (fault !== undefined) {
    await terminal.write(`${fault}\n`);
    return 1;
  }
  const command = await entry.load();
  if (help) {
    await terminal.writeError(`${command.help}\n`);
    return 0;
  }
  if (early) {
    const complaint = `Flags of a subcommand go behind its name, not in front of it. Please put\nthe flags behind "${name}".`;
    await terminal.writeError(`${complaint}\n\n${command.help}\n`);
    return 1;
  }
  // An agent goes on without a reader: it may have been started from a terminal that is closed.
  if (name === "agent") return await command.run(args, runtime);
  return await command.run(args, { ...runtime, terminal: piped(terminal, follows.has(name)) });
}

/** What a shell reports for a program that SIGPIPE has ended. */
const pipeEndedCode = 141;

/** Ends the program when nobody reads its output any more, as the signal does in Go. */
function piped(terminal: Terminal, follows: boolean): Terminal {
  // What is not asked for, such as the columns, is not looked up either: that can be slow.
  const inherited: Terminal = Object.create(terminal);
  return Object.assign(inherited, {
    write: async (text: string | Uint8Array) => {
      const isRead = !follows && terminal.print ? terminal.print(text) : terminal.write(text);
      return (await isRead) || terminal.exit(pipeEndedCode);
    },
  });
}

interface Dispatch {
  readonly help: boolean;
  readonly version: boolean;
  /** The first argument that is no flag; empty when there is none. */
  readonly name: string;
  /** Whether an unknown flag stands in front of the name. */
  readonly early: boolean;
  /** What follows the name. */
  readonly args: readonly string[];
}

/** The version counts anywhere, even behind `--`; everything else only before one. */
function dispatch(args: readonly string[]): Dispatch {
  const version = args.includes("-v") || args.includes("--version");
  const end = args.indexOf("--");
  const heard = end < 0 ? args : args.slice(0, end);
  const position = heard.findIndex((argument) => argument !== "" && !argument.startsWith("-"));
  const before = position < 0 ? heard : heard.slice(0, position);
  return {
    help: heard.some((argument) => helpFlags.includes(argument)),
    version,
    name: position < 0 ? "" : heard[position]!,
    early: before.some((argument) => argument !== "" && argument !== "-version"),
    args: position < 0 ? [] : args.slice(position + 1),
  };
}

const helpFlags: readonly string[] = ["-h", "-help", "--help"];

function usage(): string {
  const width = Math.max(...Object.keys(commands).map((name) => name.length));
  const lines = Object.entries(commands).map(
    ([name, entry]) => `    ${name.padEnd(width)}    ${entry.synopsis}`,
  );
  return `Usage: serf [--version] [--help] <command> [<args>]\n\nAvailable commands are:\n${lines.join("\n")}\n`;
}
