/**
 * The keys of configuration files as a table: the setting each belongs to, what it takes, and how a later value meets an earlier one.
 */

import type { AgentConfig } from "./config.ts";

/**
 * What a key takes. A later `text`, `integer` or `duration` wins unless it is empty or zero, and a `boolean` stays true, as it always has
 * been. `switch` and `span` are newer keys where whatever is given wins, a false or zero as well.
 */
export type KeyKind =
  | "text"
  | "integer"
  | "positive"
  | "boolean"
  | "switch"
  | "duration"
  | "span"
  | "list"
  | "tags"
  | "section";

/** One key. */
export interface ConfigKey {
  readonly key: string;
  readonly kind: KeyKind;
  /** The setting; `ignored` keys are accepted without effect. */
  readonly setting: keyof AgentConfig | "ignored";
}

const rows: readonly (readonly [string, KeyKind, ConfigKey["setting"]])[] = [
  ["node_name", "text", "nodeName"],
  ["role", "text", "role"],
  ["disable_coordinates", "boolean", "ignored"],
  ["tags", "tags", "tags"],
  ["tags_file", "text", "tagsFile"],
  ["bind", "text", "bind"],
  ["advertise", "text", "advertise"],
  ["encrypt_key", "text", "encryptKey"],
  ["keyring_file", "text", "keyringFile"],
  ["log_level", "text", "logLevel"],
  ["rpc_addr", "text", "rpcAddr"],
  ["rpc_auth", "text", "rpcAuth"],
  ["protocol", "positive", "protocol"],
  ["replay_on_join", "boolean", "replayOnJoin"],
  ["query_response_size_limit", "integer", "queryResponseSizeLimit"],
  ["query_size_limit", "integer", "querySizeLimit"],
  ["user_event_size_limit", "integer", "userEventSizeLimit"],
  ["start_join", "list", "startJoin"],
  ["event_handlers", "list", "eventHandlers"],
  ["profile", "text", "profile"],
  ["snapshot_path", "text", "snapshotPath"],
  ["leave_on_terminate", "boolean", "leaveOnTerminate"],
  ["skip_leave_on_interrupt", "boolean", "skipLeaveOnInterrupt"],
  ["discover", "text", "discover"],
  ["mdns", "section", "ignored"],
  ["interface", "text", "interface"],
  ["reconnect_interval", "duration", "reconnectInterval"],
  ["reconnect_timeout", "duration", "reconnectTimeout"],
  ["tombstone_timeout", "duration", "tombstoneTimeout"],
  ["disable_name_resolution", "boolean", "disableNameResolution"],
  ["enable_syslog", "boolean", "syslog"],
  ["syslog_facility", "text", "syslogFacility"],
  ["retry_join", "list", "retryJoin"],
  ["retry_max_attempts", "integer", "retryMaxAttempts"],
  ["retry_interval", "duration", "retryInterval"],
  ["rejoin_after_leave", "boolean", "rejoinAfterLeave"],
  ["enable_compression", "boolean", "ignored"],
  ["statsite_addr", "text", "statsiteAddr"],
  ["statsd_addr", "text", "statsdAddr"],
  ["broadcast_timeout", "duration", "broadcastTimeout"],
  ["validate_node_names", "boolean", "validateNodeNames"],
  ["MsgpackUseNewTimeFormat", "boolean", "ignored"],
  // From here on Serf's agent has no such keys.
  ["label", "text", "label"],
  ["allowed_cidrs", "list", "allowedCidrs"],
  ["verify_incoming", "switch", "verifyIncoming"],
  ["verify_outgoing", "switch", "verifyOutgoing"],
  ["dead_node_reclaim_time", "span", "deadNodeReclaimTime"],
  ["coalesce_period", "span", "coalescePeriod"],
  ["quiescent_period", "span", "quiescentPeriod"],
  ["user_coalesce_period", "span", "userCoalescePeriod"],
  ["user_quiescent_period", "span", "userQuiescentPeriod"],
  ["handler_timeout", "span", "handlerTimeout"],
  ["log_format", "text", "logFormat"],
];

/** All keys. */
export const configKeys: readonly ConfigKey[] = rows.map(([key, kind, setting]) => ({ key, kind, setting }));

/** The keys inside `mdns`. */
export const mdnsKeys: readonly ConfigKey[] = [
  { key: "interface", kind: "text", setting: "mdnsInterface" },
  { key: "disable_ipv4", kind: "boolean", setting: "mdnsDisableIpv4" },
  { key: "disable_ipv6", kind: "boolean", setting: "mdnsDisableIpv6" },
];

/** The key that somebody who wrote `word` may have meant, or null when none is near. */
export function nearestKey(word: string, keys: readonly ConfigKey[]): string | null {
  const wanted = word.toLowerCase().replaceAll("-", "_").slice(0, comparedMax);
  const near = keys
    // A key that differs in case alone is right, but there twice.
    .filter(({ key }) => key.toLowerCase() !== word.toLowerCase())
    .map(({ key }) => ({ key, distance: editDistance(wanted, key.toLowerCase()) }))
    .filter(
      ({ key, distance }) => distance <= Math.max(2, Math.floor(key.length / 3)) && distance < key.length,
    )
    .sort((a, b) => a.distance - b.distance);
  return near[0]?.key ?? null;
}

/** Longer words are near to no key. */
const comparedMax = 64;

/** Letters to insert, remove or replace to get from one word to the other (Wagner and Fischer). */
function editDistance(from: string, to: string): number {
  let before = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row++) {
    const line = [row];
    for (let column = 1; column <= to.length; column++) {
      const replaced = before[column - 1]! + (from[row - 1] === to[column - 1] ? 0 : 1);
      line.push(Math.min(replaced, before[column]! + 1, line[column - 1]! + 1));
    }
    before = line;
  }
  return before[to.length]!;
}
