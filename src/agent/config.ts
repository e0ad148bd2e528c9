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
  /** Whether `role` was given in the old way. */
  readonly roleGiven: boolean;
  /** `lan`, `wan` or `local`; anything else is an error at start. */
  readonly profile: string;
  readonly protocol: number;
  readonly logLevel: string;
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
  roleGiven: false,
  profile: "lan",
  protocol: 5,
  logLevel: "INFO",
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
};

/** A setting that stops the agent from starting; the message is Serf's, printed behind `==> `. */
export class StartFailure extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "StartFailure";
  }
}
