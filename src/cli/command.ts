/**
 * What a command is, and what all commands that talk to an agent share: flags, connecting, and ending with a message.
 */

import { SerfError } from "../errors.ts";
import { printable, printableLines } from "../go/printable.ts";
import type { RpcClient } from "../rpc/client/client.ts";
import { defaultRpcAddress } from "../rpc/protocol.ts";
import type { Runtime, Terminal } from "../runtime.ts";
import type { FlagSpecs } from "./arguments.ts";
import { FlagError, parseTags, TagError } from "./arguments.ts";
import { bytesOf, rawFault, unknownFault } from "./raw_arguments.ts";

/** One command of the program; each lives in a file of its own and is loaded when it is called. */
export interface Command {
  /** Shown by `-h` and behind usage errors, without a final newline. */
  readonly help: string;
  /** Runs with the arguments behind the command's name; returns the exit code. */
  run(args: readonly string[], runtime: Runtime): Promise<number>;
}

/** Ends a command with a message on standard output. */
export class CommandFailure extends Error {
  readonly code: number;

  constructor(message: string, code = 1) {
    super(message);
    this.name = "CommandFailure";
    this.code = code;
  }
}

/** A message that is followed by a blank line and the command's help. */
export class UsageFailure extends CommandFailure {
  constructor(message: string, help: string) {
    super(`${message}\n\n${help}`);
    this.name = "UsageFailure";
  }
}

/** Flags of every command that talks to an agent. An empty `SERF_RPC_ADDR` counts as not set. */
export function connectionFlags(terminal: Terminal): {
  readonly "rpc-addr": { readonly kind: "text"; readonly initial: string };
  readonly "rpc-auth": { readonly kind: "text"; readonly initial: string };
} {
  return {
    "rpc-addr": { kind: "text", initial: terminal.env("SERF_RPC_ADDR") || defaultRpcAddress },
    "rpc-auth": { kind: "text", initial: terminal.env("SERF_RPC_AUTH") ?? "" },
  } satisfies FlagSpecs;
}

/** Help lines for {@link connectionFlags}. */
export const connectionHelp =
  `  -rpc-addr=127.0.0.1:7373  Address of the agent's RPC interface, or unix: and the
                            path of its socket.
  -rpc-auth=""              Token for the agent's RPC interface.` as const;

/** Reads `key=value` arguments; a malformed one ends the command. */
export function readTags(pairs: readonly string[]): Map<string, string> {
  try {
    return parseTags(pairs);
  } catch (error) {
    throw error instanceof TagError ? new CommandFailure(`Error: ${error.message}`) : error;
  }
}

/**
 * A name and perhaps a payload, the arguments of `event` and `query`. `what` begins the message
 * about a missing name.
 */
export function nameAndPayload(
  rest: readonly string[],
  what: string,
  help: string,
): { readonly name: string; readonly payload: Uint8Array | string | undefined } {
  const [name, payload] = rest;
  if (name === undefined) throw new UsageFailure(`${what} name must be specified.`, help);
  if (rest.length > 2) {
    throw new UsageFailure(
      "Too many command line arguments. Only a name and payload must be specified.",
      help,
    );
  }
  const fault = rawFault(name) ?? (payload === undefined ? undefined : unknownFault(payload));
  if (fault !== undefined) throw new CommandFailure(fault);
  return { name, payload: payload === undefined ? undefined : bytesOf(payload) };
}

/**
 * Runs `work`; Ctrl-C closes the connection, which ends what waits for the agent. Returns whether
 * that happened.
 */
export async function untilInterrupted(
  runtime: Runtime,
  client: RpcClient,
  work: () => Promise<void>,
): Promise<boolean> {
  let interrupted = false;
  const cancel = runtime.signals.on("SIGINT", () => {
    interrupted = true;
    client.close();
  });
  try {
    await work();
  } finally {
    cancel();
  }
  return interrupted;
}

/** Connects to the agent, runs `work` and closes. A failure to connect is reported as one. */
export async function withClient<Result>(
  runtime: Runtime,
  flags: { readonly "rpc-addr": string; readonly "rpc-auth": string },
  work: (client: RpcClient) => Promise<Result>,
): Promise<Result> {
  const { RpcClient } = await import("../rpc/client/client.ts");
  const client = await RpcClient.connect(runtime, {
    address: flags["rpc-addr"],
    token: flags["rpc-auth"],
  }).catch((error: unknown) => {
    throw failure("Error connecting to Serf agent", error);
  });
  try {
    return await work(client);
  } finally {
    client.close();
  }
}

/** The line of a query's result that only our agents make possible; empty if everybody replied. */
export function silentLine(names: readonly string[]): string {
  return names.length === 0
    ? ""
    : `No reply from ${names.map((name) => `'${printable(name)}'`).join(", ")}\n`;
}

/** Waits for an answer of the agent; its refusal becomes `PREFIX: TEXT`. */
export async function answer<Result>(prefix: string, request: Promise<Result>): Promise<Result> {
  return await request.catch((error: unknown) => {
    throw failure(prefix, error);
  });
}

function failure(prefix: string, error: unknown): unknown {
  return error instanceof SerfError
    ? new CommandFailure(`${prefix}: ${printableLines(error.message)}`)
    : error;
}

/** Runs a command's body and turns its failures into output and exit code. */
export async function conclude(runtime: Runtime, help: string, body: () => Promise<number>): Promise<number> {
  const { terminal } = runtime;
  try {
    return await body();
  } catch (error) {
    if (error instanceof FlagError) {
      await terminal.writeError(`${error.message}\n`);
      await terminal.write(`${help}\n`);
      return 1;
    }
    if (!(error instanceof CommandFailure)) throw error;
    await terminal.write(`${error.message}\n`);
    return error.code;
  }
}
