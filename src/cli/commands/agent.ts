/**
 * `serf agent`: reads the agent's flags and runs it.
 */

import type { AgentConfig } from "../../agent/config/config.ts";
import { type ConfigFiles, readConfigPaths } from "../../agent/config/files.ts";
import { type ConfigLayer, mergeConfig } from "../../agent/config/merge.ts";
import { StartFailure } from "../../agent/start_failure.ts";
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
                           be joined. May be repeated. An address, a name, or a
                           service of DNS: _serf._tcp.example.com.
  -rejoin                  Return to the cluster of the snapshot also after a
                           leave.
  -replay                  Deliver user events that happened before the join.
  -log-level=info          Least level of log lines: trace, debug, info, warn
                           or err.
  -node=hostname           Name of this node, unique in the cluster.
  -profile=[lan|wan|local] Timings for the kind of network. Default lan.
  -protocol=n              Serf protocol to speak, 2 to 5. Default 5.
  -discover=cluster        Find the members of a cluster on the local network by
                           mDNS, under this name.
  -mdns-iface              Network interface for mDNS. Default: that of -iface.
  -mdns-disable-ipv4       Do not ask over IPv4.
  -mdns-disable-ipv6       Do not ask over IPv6.
  -retry-join=addr         Node to join in the background, again and again until
                           it works. May be repeated.
  -retry-interval=30s      Time between two attempts of -retry-join.
  -retry-max=0             Attempts of -retry-join before the agent gives up; 0
                           for no end.
  -disable-compression     Do not compress messages.
  -role=foo                Deprecated, use '-tag role=foo'.
  -rpc-addr=127.0.0.1:7373 Address to listen on for commands, or unix: and the
                           path of a socket, which only this user may use.
  -config-file=path        File with settings, one JSON object. May be repeated;
                           what comes later wins, and flags win over files.
  -config-dir=path         Folder whose .json files are read in order of their
                           names. May be repeated.
  -event-handler=foo       Script to run for events, see below. May be repeated.
  -tags-file=path          File that keeps the tags that are set while the agent
                           runs. Not together with -tag.
  -snapshot=path           File that keeps the members and clocks, so that the
                           agent finds its cluster again after a restart.
  -syslog                  Send a copy of the log to the system's log.
  -tag key=value           Tag of this node. May be repeated.
  -broadcast-timeout=5s    How long leave, force-leave and tag updates may take
                           to spread.

  These are not in Serf's own agent:

  -log-format=[text|json]  Form of log lines. Default text.
  -label=foo               Separates clusters that share a network.
  -allowed-cidrs=block     Block of addresses where members may live, such as
                           10.0.0.0/8. May be repeated.
  -verify-incoming=true    With a key: refuse plaintext.
  -verify-outgoing=true    With a key: send no plaintext.
  -dead-node-reclaim-time=0s
                           After this the name of a failed member may return
                           from another address; 0 for never.
  -coalesce-period=3s      Member events are held back at most this long, to be
  -quiescent-period=1s     merged, and let go when none came for this long.
  -user-coalesce-period=3s
  -user-quiescent-period=1s
                           The same for user events.
  -handler-timeout=0s      Time after which a script is killed; 0 for never.

Event handlers:

  'script' runs for every event, 'filter=script' for some: member-join,
  member-leave, member-failed, member-update, member-reap, user, user:NAME,
  query, query:NAME or *, several with commas between. A script gets SERF_EVENT
  and more in its environment, and members or the payload as its input. What it
  prints for a query is the answer.`;

const text = { kind: "text", initial: "" } as const;
const off = { kind: "boolean", initial: false } as const;
const list = { kind: "list" } as const;

const flagSpecs = {
  advertise: text,
  "allowed-cidrs": list,
  bind: text,
  "broadcast-timeout": text,
  "coalesce-period": text,
  "config-dir": { kind: "list", into: "config-file" },
  "config-file": list,
  "dead-node-reclaim-time": text,
  "disable-compression": off,
  discover: text,
  encrypt: text,
  "event-handler": list,
  "handler-timeout": text,
  iface: text,
  join: list,
  "keyring-file": text,
  label: text,
  "log-format": text,
  "log-level": text,
  "mdns-disable-ipv4": off,
  "mdns-disable-ipv6": off,
  "mdns-iface": text,
  node: text,
  profile: text,
  protocol: { kind: "integer", initial: 0 },
  "quiescent-period": text,
  rejoin: off,
  replay: off,
  "retry-interval": text,
  "retry-join": list,
  "retry-max": { kind: "integer", initial: 0 },
  role: text,
  "rpc-addr": text,
  snapshot: text,
  syslog: off,
  tag: list,
  "tags-file": text,
  "user-coalesce-period": text,
  "user-quiescent-period": text,
  "verify-incoming": off,
  "verify-outgoing": off,
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
    return await runAgent(async () => await readConfig(args, runtime.files), runtime);
  },
};

/** Settings from flags, and from the configuration files that they name. Rejects with StartFailure. */
export async function readConfig(args: readonly string[], files: ConfigFiles): Promise<AgentConfig> {
  const { flags, given } = parseArguments(flagSpecs, args);
  const fromFlags: ConfigLayer = {
    tags: readTags(flags.tag),
    ...duration("retryInterval", "retry-interval", flags["retry-interval"]),
    ...duration("broadcastTimeout", "broadcast-timeout", flags["broadcast-timeout"]),
    ...duration("deadNodeReclaimTime", "dead-node-reclaim-time", flags["dead-node-reclaim-time"]),
    ...duration("coalescePeriod", "coalesce-period", flags["coalesce-period"]),
    ...duration("quiescentPeriod", "quiescent-period", flags["quiescent-period"]),
    ...duration("userCoalescePeriod", "user-coalesce-period", flags["user-coalesce-period"]),
    ...duration("userQuiescentPeriod", "user-quiescent-period", flags["user-quiescent-period"]),
    ...duration("handlerTimeout", "handler-timeout", flags["handler-timeout"]),
    nodeName: flags.node,
    bind: flags.bind,
    advertise: flags.advertise,
    interface: flags.iface,
    rpcAddr: flags["rpc-addr"],
    encryptKey: flags.encrypt,
    keyringFile: flags["keyring-file"],
    role: flags.role,
    tagsFile: flags["tags-file"],
    eventHandlers: flags["event-handler"],
    profile: flags.profile,
    protocol: flags.protocol,
    logLevel: flags["log-level"],
    logFormat: flags["log-format"],
    ...(given.has("disable-compression") ? { compression: !flags["disable-compression"] } : {}),
    syslog: flags.syslog,
    snapshotPath: flags.snapshot,
    rejoinAfterLeave: flags.rejoin,
    startJoin: flags.join,
    retryJoin: flags["retry-join"],
    retryMaxAttempts: flags["retry-max"],
    replayOnJoin: flags.replay,
    discover: flags.discover,
    mdnsInterface: flags["mdns-iface"],
    mdnsDisableIpv4: flags["mdns-disable-ipv4"],
    mdnsDisableIpv6: flags["mdns-disable-ipv6"],
    label: flags.label,
    allowedCidrs: flags["allowed-cidrs"],
    ...(given.has("verify-incoming") ? { verifyIncoming: flags["verify-incoming"] } : {}),
    ...(given.has("verify-outgoing") ? { verifyOutgoing: flags["verify-outgoing"] } : {}),
  };
  return mergeConfig([...(await readConfigPaths(flags["config-file"], files)), fromFlags]);
}

function readTags(pairs: readonly string[]): Map<string, string> {
  try {
    return parseTags(pairs);
  } catch (error) {
    throw error instanceof TagError ? new StartFailure(`Error: ${error.message}`, { cause: error }) : error;
  }
}

/** An empty text is no duration. */
function duration(setting: keyof AgentConfig, flag: string, value: string): ConfigLayer {
  if (value === "") return {};
  try {
    return { [setting]: parseDuration(value) };
  } catch (error) {
    if (!(error instanceof DurationError)) throw error;
    // The first two of these are Serf's own, with Serf's own text.
    const clause = /^(retry|broadcast)-/.test(flag) ? "" : ` (-${flag})`;
    throw new StartFailure(`Error: ${error.message}${clause}`, { cause: error });
  }
}
