/**
 * The settings of an agent in a program: those of the table of settings, but for what is of use on a
 * console alone. The compiler compares both.
 */

import type { LogLine, LogOptions } from "../shell/options/log.ts";

/**
 * Settings of `startAgent`: those of an agent's configuration files under camel-case names, with the
 * same defaults. Times are in milliseconds.
 */
export interface AgentOptions {
  /** The name of the node, unique in the cluster. Default: the name of the host. */
  readonly nodeName?: string | undefined;
  /** Where to listen for other members, UDP and TCP. Default `0.0.0.0:7946`. */
  readonly bind?: string | undefined;
  /** The network interface to listen on; together with `bind`, it has to own that address. */
  readonly interface?: string | undefined;
  /** The address that is announced to others. Default: the bound one. */
  readonly advertise?: string | undefined;
  /** Tag names to values. Not together with `tagsFile`. */
  readonly tags?: Readonly<Record<string, string>> | undefined;
  /** A file that keeps the tags that are set while the agent runs. */
  readonly tagsFile?: string | undefined;
  /** Seeds to join before the start is over; it rejects if none replies. */
  readonly startJoin?: readonly string[] | undefined;
  /** Seeds to join in the background, again and again until one replies. */
  readonly retryJoin?: readonly string[] | undefined;
  /** The time between two of these attempts. Default 30000. */
  readonly retryInterval?: number | undefined;
  /** How many attempts follow the first one; then the agent stops. Default 0, which is no limit. */
  readonly retryMaxAttempts?: number | undefined;
  /** Whether joins deliver also user events that were sent before. Default false. */
  readonly replayOnJoin?: boolean | undefined;
  /** The name under which members of the cluster find each other by multicast DNS. */
  readonly discover?: string | undefined;
  /** The network interface for multicast DNS. Default: `interface`. */
  readonly mdnsInterface?: string | undefined;
  /** Whether multicast DNS does not ask over IPv4. Default false. */
  readonly mdnsDisableIpv4?: boolean | undefined;
  /** Whether multicast DNS does not ask over IPv6. Default false. */
  readonly mdnsDisableIpv6?: boolean | undefined;
  /** Where commands and RPC clients reach the agent: `host:port`, or `unix:` and a path. Default `127.0.0.1:7373`. */
  readonly rpcAddr?: string | undefined;
  /** The token that these have to send. Default: none. */
  readonly rpcAuth?: string | undefined;
  /** Scripts that run for events, such as `user:deploy=/opt/deploy.sh`. */
  readonly eventHandlers?: readonly string[] | undefined;
  /** After this a script is killed. Default 0, which is never. */
  readonly handlerTimeout?: number | undefined;
  /** A file that keeps what the agent needs to find its cluster again after a restart. */
  readonly snapshotPath?: string | undefined;
  /** Whether the agent returns to the cluster of the snapshot also after a leave. Default false. */
  readonly rejoinAfterLeave?: boolean | undefined;
  /** The key that encrypts all traffic: base64 of 16, 24 or 32 bytes. Not together with `keyringFile`. */
  readonly encryptKey?: string | undefined;
  /** A file with a list of keys, the primary one first. */
  readonly keyringFile?: string | undefined;
  /** Whether plaintext is refused if there is a key. Default true. */
  readonly verifyIncoming?: boolean | undefined;
  /** Whether traffic is encrypted if there is a key. Default true. */
  readonly verifyOutgoing?: boolean | undefined;
  /** The kind of network, on which timings depend: `lan` (default), `wan` or `local`. */
  readonly profile?: string | undefined;
  /** The version of Serf's protocol, 2 to 5. Default 5. */
  readonly protocol?: number | undefined;
  /** Separates clusters that share a network. Default: none. */
  readonly label?: string | undefined;
  /** The networks in which members must have their addresses, such as `10.0.0.0/8`. Default: any. */
  readonly allowedCidrs?: readonly string[] | undefined;
  /** Whether messages are compressed. Default true. */
  readonly compression?: boolean | undefined;
  /** Whether what is new is sent at once, and not at intervals. Default true. */
  readonly eagerGossip?: boolean | undefined;
  /** How long leaves and changes of tags may take to spread. Default 5000. */
  readonly broadcastTimeout?: number | undefined;
  /** How often the agent tries to reach a failed member. Default 30000. */
  readonly reconnectInterval?: number | undefined;
  /** How long failed members are remembered. Default 24 hours. */
  readonly reconnectTimeout?: number | undefined;
  /** How long members that left are remembered. Default 24 hours. */
  readonly tombstoneTimeout?: number | undefined;
  /** After this the name of a failed member may return from another address. Default 0, which is never. */
  readonly deadNodeReclaimTime?: number | undefined;
  /** How long the host of a silent member has to refuse connections to prove a crash. Default 2000. */
  readonly crashHoldTime?: number | undefined;
  /** Whether the agent goes on, with a line in its log, if another node has its name. Default false. */
  readonly disableNameResolution?: boolean | undefined;
  /** Whether members whose names have unusual characters are refused. Default false. */
  readonly validateNodeNames?: boolean | undefined;
  /** The maximum size of an encoded user event. Default 512. */
  readonly userEventSizeLimit?: number | undefined;
  /** The maximum size of an encoded query. Default 1024. */
  readonly querySizeLimit?: number | undefined;
  /** The maximum size of an encoded answer to a query. Default 1024. */
  readonly queryResponseSizeLimit?: number | undefined;
  /** Whether a query runs until its time is over although all have replied. Default false. */
  readonly queryWaitForDeadline?: boolean | undefined;
  /** How long member events are held to be merged, at most. Default 3000. */
  readonly coalescePeriod?: number | undefined;
  /** Held member events are passed on earlier if none has come for this long. Default 1000. */
  readonly quiescentPeriod?: number | undefined;
  /** How long user events that may be merged are held, at most. Default 3000. */
  readonly userCoalescePeriod?: number | undefined;
  /** Held user events are passed on earlier if none has come for this long. Default 1000. */
  readonly userQuiescentPeriod?: number | undefined;
  /** Whether a copy of the log goes to the system's log (Linux). Default false. */
  readonly syslog?: boolean | undefined;
  /** The facility of these lines. Default `LOCAL0`. */
  readonly syslogFacility?: string | undefined;
  /** The address of a statsite server that receives measurements. Default: none. */
  readonly statsiteAddr?: string | undefined;
  /** The address of a statsd server that receives measurements. Default: none. */
  readonly statsdAddr?: string | undefined;
  /**
   * Where the lines of the log go, as in the option `log` of `Serf.start`. Default: those of the
   * level WARN or above are printed to standard error.
   */
  readonly log?: false | ((line: LogLine) => void) | LogOptions | undefined;
}
