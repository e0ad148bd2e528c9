/**
 * `serf agent`: reads the agent's flags and runs it.
 */

import type { AgentConfig } from "../../agent/config.ts";
import { defaultConfig, StartFailure } from "../../agent/config.ts";
import { DurationError, parseDuration } from "../../go/duration.ts";
import type { Runtime } from "../../runtime.ts";
import type { FlagSpecs } from "../arguments.ts";
import { FlagError, parseArguments, parseTags, TagError } from "../arguments.ts";
import type { Command } from "../command.ts";

const help = `Usage: serf agent [options]

  Runs an agent, one node of a cluster, until it is interrupted or told to
  leave.

Options:

  -bind=0.0.0.0:7946       Address to listen on for other nodes. IPv6 addresses
                           go in brackets: [::1] or [::1]:7946.
  -iface                   Network interface to listen on, instead of -bind. With
                           both, the interface has to own the address.
  -advertise=0.0.0.0       Address told to other nodes, if not the bound one.
  -encrypt=foo             Base64 key of 16, 24 or 32 bytes that encrypts all
                           traffic between nodes.
  -keyring-file            File with a list of keys, the primary one first.
                           Not together with -encrypt.
  -join=addr               Node to join at the start; the agent ends if none can
                           be joined. May be repeated.
  -rejoin                  Return to the cluster of the snapshot also after a
                           leave.
  -replay                  Deliver user events that happened before the join.
  -log-level=info          Least level of log lines: trace, debug, info, warn
                           or err.
  -node=hostname           Name of this node, unique in the cluster.
  -profile=[lan|wan|local] Timings for the kind of network. Default lan.
  -protocol=n              Serf protocol to speak, 2 to 5. Default 5.
  -retry-join=addr         Node to join in the background, again and again until
                           it works. May be repeated.
  -retry-interval=30s      Time between two attempts of -retry-join.
  -retry-max=0             Attempts of -retry-join before the agent gives up; 0
                           for no end.
  -disable-compression     Do not compress messages.
  -role=foo                Deprecated, use '-tag role=foo'.
  -rpc-addr=127.0.0.1:7373 Address to listen on for commands.
  -snapshot=path           File that keeps the members and clocks, so that the
                           agent finds its cluster again after a restart.
  -tag key=value           Tag of this node. May be repeated.
  -broadcast-timeout=5s    How long leave, force-leave and tag updates may take
                           to spread.`;

const flagSpecs = {
  advertise: { kind: "text", initial: "" },
  bind: { kind: "text", initial: "" },
  "broadcast-timeout": { kind: "text", initial: "" },
  "disable-compression": { kind: "boolean", initial: false },
  encrypt: { kind: "text", initial: "" },
  iface: { kind: "text", initial: "" },
  join: { kind: "list" },
  "keyring-file": { kind: "text", initial: "" },
  "log-level": { kind: "text", initial: "" },
  node: { kind: "text", initial: "" },
  profile: { kind: "text", initial: "" },
  protocol: { kind: "integer", initial: 0 },
  rejoin: { kind: "boolean", initial: false },
  replay: { kind: "boolean", initial: false },
  "retry-interval": { kind: "text", initial: "" },
  "retry-join": { kind: "list" },
  "retry-max": { kind: "integer", initial: 0 },
  role: { kind: "text", initial: "" },
  "rpc-addr": { kind: "text", initial: "" },
  snapshot: { kind: "text", initial: "" },
  tag: { kind: "list" },
} as const satisfies FlagSpecs;

/** The command. Arguments behind the flags are ignored. */
export const agent: Command = {
  help,
  async run(args: readonly string[], runtime: Runtime): Promise<number> {
    try {
      parseArguments(flagSpecs, args);
    } catch (error) {
      if (!(error instanceof FlagError)) throw error;
      await runtime.terminal.writeError(`${error.message}\n`);
      await runtime.terminal.write(`==> ${help}\n`);
      return 1;
    }
    const { runAgent } = await import("../../agent/run.ts");
    return await runAgent(async () => readConfig(args), runtime);
  },
};

/** Settings from flags. An empty flag changes nothing. Throws StartFailure. */
export function readConfig(args: readonly string[]): AgentConfig {
  const { flags } = parseArguments(flagSpecs, args);
  const tags = readTags(flags.tag);
  const retryInterval = readDuration(flags["retry-interval"], defaultConfig.retryInterval);
  const broadcastTimeout = readDuration(flags["broadcast-timeout"], defaultConfig.broadcastTimeout);
  if (flags.role !== "") tags.set("role", flags.role);
  return {
    ...defaultConfig,
    nodeName: flags.node,
    bind: flags.bind || defaultConfig.bind,
    advertise: flags.advertise,
    interface: flags.iface,
    rpcAddr: flags["rpc-addr"] || defaultConfig.rpcAddr,
    encryptKey: flags.encrypt,
    keyringFile: flags["keyring-file"],
    tags,
    roleGiven: flags.role !== "",
    profile: flags.profile || defaultConfig.profile,
    protocol: flags.protocol > 0 ? flags.protocol : defaultConfig.protocol,
    logLevel: flags["log-level"] || defaultConfig.logLevel,
    compression: !flags["disable-compression"],
    snapshotPath: flags.snapshot,
    rejoinAfterLeave: flags.rejoin,
    startJoin: flags.join,
    retryJoin: flags["retry-join"],
    retryMaxAttempts: flags["retry-max"],
    retryInterval,
    replayOnJoin: flags.replay,
    broadcastTimeout,
  };
}

function readTags(pairs: readonly string[]): Map<string, string> {
  try {
    return parseTags(pairs);
  } catch (error) {
    throw error instanceof TagError ? new StartFailure(`Error: ${error.message}`, { cause: error }) : error;
  }
}

/** A zero duration means that none was given. */
function readDuration(text: string, initial: bigint): bigint {
  if (text === "") return initial;
  try {
    return parseDuration(text) || initial;
  } catch (error) {
    throw error instanceof DurationError
      ? new StartFailure(`Error: ${error.message}`, { cause: error })
      : error;
  }
}
