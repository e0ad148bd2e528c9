/**
 * Settings of an agent. Whatever they come from, the rest of the agent sees this one shape.
 */

/** Settings of an agent, in Serf's own names. */
export interface AgentConfig {
  /** Name of the node; empty for the host's. */
  readonly nodeName: string;
  /** `host`, `host:port`, `[v6]` or `[v6]:port`. */
  readonly bind: string;
  /** Address told to others; empty for the bound one. */
  readonly advertise: string;
  /** Network interface to bind to, or to find the bound address on; empty for none. */
  readonly interface: string;
  /** `host:port` of the RPC listener. */
  readonly rpcAddr: string;
  /** Token that RPC clients have to send; empty for none. */
  readonly rpcAuth: string;
  /** Base64 key; empty for none. */
  readonly encryptKey: string;
  /** File of base64 keys; empty for none. */
  readonly keyringFile: string;
  readonly tags: ReadonlyMap<string, string>;
  /** The tag `role` given in the old way; it is in `tags`, too. Empty for none. */
  readonly role: string;
  /** File that keeps the tags; empty for none. */
  readonly tagsFile: string;
  /** Scripts that are run for events, each with its filters. */
  readonly eventHandlers: readonly string[];
  /** After this a script is killed, in nanoseconds; 0 is never. */
  readonly handlerTimeout: bigint;
  /** `lan`, `wan` or `local`; anything else is an error at start. */
  readonly profile: string;
  readonly protocol: number;
  readonly logLevel: string;
  /** `text` or `json`; anything else is an error at start. */
  readonly logFormat: string;
  /** Whether the log goes to the system's log, too. */
  readonly syslog: boolean;
  /** `LOCAL0` and so on; anything unknown is an error at start when `syslog` is set. */
  readonly syslogFacility: string;
  /** `host:port` of servers that measurements are sent to; empty for none. */
  readonly statsdAddr: string;
  readonly statsiteAddr: string;
  readonly compression: boolean;
  /** File that keeps what is needed to find the cluster again; empty for none. */
  readonly snapshotPath: string;
  readonly rejoinAfterLeave: boolean;
  readonly startJoin: readonly string[];
  readonly retryJoin: readonly string[];
  /** Attempts after the first; 0 or less for no end. */
  readonly retryMaxAttempts: number;
  /** In nanoseconds. */
  readonly retryInterval: bigint;
  readonly replayOnJoin: boolean;
  /** In nanoseconds. */
  readonly broadcastTimeout: bigint;
  readonly leaveOnTerminate: boolean;
  readonly skipLeaveOnInterrupt: boolean;
  /** In nanoseconds, like all that follow. */
  readonly reconnectInterval: bigint;
  readonly reconnectTimeout: bigint;
  readonly tombstoneTimeout: bigint;
  /** Only log that another node has our name. */
  readonly disableNameResolution: boolean;
  readonly validateNodeNames: boolean;
  /** In bytes of the encoded message, like the two that follow. */
  readonly userEventSizeLimit: number;
  readonly querySizeLimit: number;
  readonly queryResponseSizeLimit: number;
  /** Cluster label; empty for none. */
  readonly label: string;
  /** Blocks where members may live; none for everywhere. */
  readonly allowedCidrs: readonly string[];
  readonly verifyIncoming: boolean;
  readonly verifyOutgoing: boolean;
  /** In nanoseconds, like all that follow. */
  readonly deadNodeReclaimTime: bigint;
  readonly coalescePeriod: bigint;
  readonly quiescentPeriod: bigint;
  readonly userCoalescePeriod: bigint;
  readonly userQuiescentPeriod: bigint;
  /** Name of the cluster whose members find each other by mDNS; empty for none. */
  readonly discover: string;
  /** Network interface of mDNS; empty for `interface`. */
  readonly mdnsInterface: string;
  /** Whether to ask over IPv6 alone. Questions of others are heard all the same. */
  readonly mdnsDisableIpv4: boolean;
  readonly mdnsDisableIpv6: boolean;
}

const nanosecondsPerSecond = 1_000_000_000n;

/** The shortest retry interval and broadcast timeout; shorter ones are raised with a warning. */
export const durationMin: bigint = nanosecondsPerSecond;

/** What an agent uses when nothing is configured. */
export const defaultConfig: AgentConfig = {
  nodeName: "",
  bind: "0.0.0.0",
  advertise: "",
  interface: "",
  rpcAddr: "127.0.0.1:7373",
  rpcAuth: "",
  encryptKey: "",
  keyringFile: "",
  tags: new Map(),
  role: "",
  tagsFile: "",
  eventHandlers: [],
  handlerTimeout: 0n,
  profile: "lan",
  protocol: 5,
  logLevel: "INFO",
  logFormat: "text",
  syslog: false,
  syslogFacility: "LOCAL0",
  statsdAddr: "",
  statsiteAddr: "",
  compression: true,
  snapshotPath: "",
  rejoinAfterLeave: false,
  startJoin: [],
  retryJoin: [],
  retryMaxAttempts: 0,
  retryInterval: 30n * nanosecondsPerSecond,
  replayOnJoin: false,
  broadcastTimeout: 5n * nanosecondsPerSecond,
  leaveOnTerminate: false,
  skipLeaveOnInterrupt: false,
  reconnectInterval: 30n * nanosecondsPerSecond,
  reconnectTimeout: 86_400n * nanosecondsPerSecond,
  tombstoneTimeout: 86_400n * nanosecondsPerSecond,
  disableNameResolution: false,
  validateNodeNames: false,
  userEventSizeLimit: 512,
  querySizeLimit: 1024,
  queryResponseSizeLimit: 1024,
  label: "",
  allowedCidrs: [],
  verifyIncoming: true,
  verifyOutgoing: true,
  deadNodeReclaimTime: 0n,
  coalescePeriod: 3n * nanosecondsPerSecond,
  quiescentPeriod: nanosecondsPerSecond,
  userCoalescePeriod: 3n * nanosecondsPerSecond,
  userQuiescentPeriod: nanosecondsPerSecond,
  discover: "",
  mdnsInterface: "",
  mdnsDisableIpv4: false,
  mdnsDisableIpv6: false,
};
