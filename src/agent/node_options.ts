/**
 * What an agent's settings mean for its node, with the files that are read before it starts.
 */

import { SerfError } from "../errors.ts";
import type { Runtime } from "../runtime.ts";
import { readKeyring } from "../shell/keyring_file.ts";
import type { SerfOptions } from "../shell/options/options.ts";
import type { AgentConfig } from "./config/settings.ts";
import type { AgentContext } from "./context.ts";
import type { Endpoints } from "./endpoints.ts";
import { endpointText } from "./endpoints.ts";
import type { AgentLog } from "./log/log.ts";
import { StartFailure } from "./start_failure.ts";
import { readTags } from "./tags_file.ts";

/** Returns the options of the agent's node. Rejects with {@link StartFailure}. */
export async function nodeOptions(
  config: AgentConfig,
  endpoints: Endpoints,
  { runtime, log, metrics }: AgentContext,
): Promise<SerfOptions> {
  const tags = await setUp(() => readTags(config, runtime.files, log));
  const keyring = config.keyringFile === "" ? undefined : await keysOf(config, runtime, log);
  return {
    name: config.nodeName,
    bind: endpointText(endpoints.bind),
    ...(endpoints.advertise === undefined ? {} : { advertise: endpointText(endpoints.advertise) }),
    tags: Object.fromEntries(tags),
    profile: config.profile as "lan" | "wan" | "local",
    protocol: config.protocol,
    ...(config.encryptKey === "" ? {} : { encryptKey: config.encryptKey }),
    ...(keyring === undefined ? {} : { keyring, keyringFile: config.keyringFile }),
    compression: config.compression,
    snapshotPath: config.snapshotPath,
    rejoinAfterLeave: config.rejoinAfterLeave,
    enableNameConflictResolution: !config.disableNameResolution,
    validateNodeNames: config.validateNodeNames,
    userEventSizeLimit: config.userEventSizeLimit,
    querySizeLimit: config.querySizeLimit,
    queryResponseSizeLimit: config.queryResponseSizeLimit,
    label: config.label,
    allowedCidrs: config.allowedCidrs,
    verifyIncoming: config.verifyIncoming,
    verifyOutgoing: config.verifyOutgoing,
    eagerGossip: config.eagerGossip,
    ...times(config),
    log: (line) => log.append(line),
    ...(metrics === undefined ? {} : { metrics }),
  };
}

/** A part of a millisecond counts as one. */
function times(config: AgentConfig): SerfOptions {
  return {
    broadcastTimeoutMs: Math.ceil(config.broadcastTimeout),
    reconnectIntervalMs: Math.ceil(config.reconnectInterval),
    reconnectTimeoutMs: Math.ceil(config.reconnectTimeout),
    tombstoneTimeoutMs: Math.ceil(config.tombstoneTimeout),
    deadNodeReclaimMs: Math.ceil(config.deadNodeReclaimTime),
    crashHoldMs: Math.ceil(config.crashHoldTime),
    coalesceMs: Math.ceil(config.coalescePeriod),
    quiescentMs: Math.ceil(config.quiescentPeriod),
    userCoalesceMs: Math.ceil(config.userCoalescePeriod),
    userQuiescentMs: Math.ceil(config.userQuiescentPeriod),
  };
}

async function keysOf(config: AgentConfig, runtime: Runtime, log: AgentLog): Promise<string[]> {
  return await setUp(async () => {
    if (config.encryptKey !== "")
      throw new SerfError("ERR_KEY", "Encryption key not allowed while using a keyring");
    const keys = await readKeyring(config.keyringFile, runtime.files);
    log.write("INFO", "agent", `Restored keyring with ${keys.length} keys from ${config.keyringFile}`);
    return keys;
  });
}

async function setUp<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof SerfError)) throw error;
    throw new StartFailure(`Failed to setup the Serf agent: ${error.message}`, { cause: error });
  }
}
