/** Intended differences of agents. */

import type { IntendedDifference } from "../intended.ts";
import { logged, lookup } from "./lines.ts";

function badDuration(step: number, words: string, key: string): IntendedDifference {
  return {
    scenario: "config-errors",
    steps: [step],
    original: [`stdout: ==> Error decoding 'c.json': time: ${words}`],
    ours: [`stdout: ==> Error decoding 'c.json': time: ${words} ('${key}')`],
    reason: "a bad duration comes with its key",
  };
}

/** What an agent prints after "Starting Serf agent..." when it runs, until SIGKILL ends it. */
function running(name: string, host: string, profile: string, log: readonly string[] = []): string[] {
  const lines = [
    "==> Starting Serf agent RPC...",
    "==> Serf agent running!",
    `                      Node name: '${name}'`,
    `                      Bind addr: '${host === "" ? "" : host}:17946'`,
    `                       RPC addr: '${host === "" ? "127.0.0.95" : host}:17373'`,
    "                      Encrypted: false",
    "                       Snapshot: false",
    `                        Profile: ${profile}`,
    "    Message Compression Enabled: true",
    "",
    "==> Log data will now stream in as it occurs:",
    "",
    "-- agent",
    ...log.map((line) => `    TIME ${line}`),
    "    TIME [INFO] agent: Serf agent starting",
    "-- serf",
    `    TIME [INFO] serf: EventMemberJoin: ${name} ${host === "" ? "::" : host}`,
  ];
  return [...lines.map((line) => `stdout: ${line}`), "end: exit signal SIGKILL"];
}

function refused(why: string): string[] {
  return [`stdout: ==> Failed to start the Serf agent: Error creating Serf: ${why}`, "end: exit 1"];
}

const configuration: readonly IntendedDifference[] = [
  { scenario: "agent-start-errors", steps: [0], ...lookup("nosuch.invalid", "==> Invalid bind address: ") },
  {
    scenario: "agent-start-errors",
    steps: [4],
    ...lookup("nosuch.invalid", "==> Invalid advertise address: "),
  },
  badDuration(28, 'missing unit in duration "5"', "reconnect_interval"),
  badDuration(29, 'invalid duration "abc"', "reconnect_timeout"),
  badDuration(30, 'unknown unit "d" in duration "1d"', "tombstone_timeout"),
  badDuration(31, 'invalid duration "x"', "retry_interval"),
  badDuration(32, 'invalid duration "x"', "broadcast_timeout"),
  {
    scenario: "agent-start-errors",
    steps: [25],
    original: running("n1", "127.0.0.41", "lan"),
    ours: [
      "stdout: ==> Failed to setup the Serf agent: Invalid tags_file 'missing-dir/t.json': stat missing-dir: no such file or directory",
      "end: exit 1",
    ],
    reason: "a tags file that could never be written is rejected; Serf notices at the first change of a tag",
  },
  {
    scenario: "config-errors",
    steps: [48],
    original: ["stdout: ==> Starting Serf agent...", ...running("n1", "127.0.0.41", "lan")],
    ours: [
      "stdout: ==> Error decoding 'c.json': 'user_event_size_limit' must not be negative, got -5",
      "end: exit 1",
    ],
    reason: "a negative limit is rejected; with one Serf sends nothing",
  },
  {
    scenario: "config-errors",
    steps: [51],
    original: Array.from(
      { length: 5 },
      () => "stdout: '-' expected type 'time.Duration', got unconvertible type 'string'",
    ),
    ours: ["stdout: '' has invalid keys: -"],
    reason: "Serf mistakes its decoder's mark for fields without a key for a key",
  },
  {
    scenario: "agent-tags-file-too-long",
    steps: [3],
    original: [`stdout:   "big": "${"x".repeat(600)}",`],
    ours: [],
    reason: "tags that are too long are rejected before the file is written",
  },
  {
    scenario: "agent-tags-file-too-long",
    steps: [4],
    original: refused("Encoded length of tags exceeds limit of 512 bytes"),
    ours: running("n", "127.0.0.97", "local", ["[INFO] agent: Restored 1 tag(s) from tl.json"]),
    reason: "the same: the agent can start with its file",
  },
  {
    scenario: "agent-port-zero",
    steps: [5],
    original: running("z", "", "local"),
    ours: refused(
      "Failed to create memberlist: Failed to get final advertise address: no private IP address found, and explicit IP not provided",
    ),
    reason:
      "an empty host means all addresses, of which a private one is announced; Serf announces ::, which other members cannot reach",
  },
  {
    scenario: "agent-misc",
    steps: [13],
    original: running("bad name!", "127.0.0.81", "local"),
    ours: refused(
      "Node name contains invalid characters bad name! , Valid characters include all alpha-numerics and dashes and '.' ",
    ),
    reason: "validate_node_names has an effect",
  },
];

const reloading: readonly IntendedDifference[] = [
  {
    scenario: "agent-reload",
    steps: [4],
    original: ["stdout: \tuser: = echo one"],
    ours: ["stdout: \tuser: = echo two"],
    reason: "info shows the handlers that are in use after a reload",
  },
  {
    scenario: "agent-reload",
    steps: [14],
    original: ["stdout: {} (no newline)"],
    ours: ["stdout: {", 'stdout:   "keep": "me"', "stdout: } (no newline)"],
    reason: "SIGHUP does not change the tags of a tags file",
  },
  {
    scenario: "agent-reload",
    steps: [15],
    original: ["stdout: n1  127.0.0.51:17946  alive"],
    ours: ["stdout: n1  127.0.0.51:17946  alive  keep=me"],
    reason: "SIGHUP does not change the tags of a tags file",
  },
];

const snapshots = "a killed agent's snapshot is complete, where Serf's lacks what was not flushed";
const old = [
  "[INFO] agent: Received event: user-event: old1",
  "[INFO] agent: Received event: user-event: old2",
];
const refuting = ["-- memberlist", "[WARN] memberlist: Refuting a dead message (from: n4)"];

const joining: readonly IntendedDifference[] = [
  {
    scenario: "agent-join-modes",
    steps: [6],
    original: [],
    ours: ["stdout: #incarnation: 1", "stdout: alive: n2 127.0.0.52:17946"],
    reason: snapshots,
  },
  {
    scenario: "agent-join-modes",
    steps: [7],
    original: logged(["[WARN] serf: Failed to re-join any previously known node"]),
    ours: logged([
      ...old,
      "[INFO] agent: Received event: member-leave",
      "[INFO] serf: Attempting re-join to previously known node: n2: 127.0.0.52:17946",
      "[INFO] serf: EventMemberJoin: n2 127.0.0.52",
      "[INFO] serf: Re-joined to previously known node: n2: 127.0.0.52:17946",
    ]),
    reason: `${snapshots}: it knows n2`,
  },
  {
    scenario: "agent-join-modes",
    steps: [8],
    original: [],
    ours: [1, 2].flatMap((count) => [`stdout: #incarnation: ${count}`, "stdout: alive: n2 127.0.0.52:17946"]),
    reason: snapshots,
  },
  {
    scenario: "agent-join-modes",
    steps: [10],
    original: logged(refuting),
    ours: logged(["[WARN] serf: Failed to re-join any previously known node"]),
    reason: `${snapshots}: it knows itself and its last incarnation`,
  },
  {
    scenario: "agent-join-modes",
    steps: [11],
    original: logged([...old, ...refuting, "[INFO] serf: Ignoring previous leave in snapshot"]),
    ours: [],
    reason: `${snapshots}: its event clock is recorded, too; and the recorded Serf left once more between two recordings`,
  },
  {
    scenario: "mdns",
    steps: [1],
    original: logged([
      "[INFO] agent: joining: [10.77.0.1:17946] replay: false",
      "[INFO] agent: joined: 1 nodes",
      "[INFO] agent: joining: [10.77.0.2:17946] replay: false",
      "[INFO] agent: joined: 1 nodes",
      "-- agent.mdns",
      "[INFO] agent.mdns: Joined 1 hosts",
      "[INFO] agent.mdns: Joined 1 hosts",
    ]),
    ours: [],
    reason: "an agent joins neither itself nor members that are alive",
  },
  {
    scenario: "mdns",
    steps: [2],
    original: logged([
      "[INFO] agent: joining: [10.77.0.2:17946 10.77.0.1:17946] replay: false",
      "[INFO] agent: joined: 2 nodes",
      "[INFO] agent.mdns: Joined 2 hosts",
    ]),
    ours: logged([
      "[INFO] agent: joining: [10.77.0.1:17946] replay: false",
      "[INFO] agent: joined: 1 nodes",
      "[INFO] agent.mdns: Joined 1 hosts",
    ]),
    reason: "an agent does not join itself",
  },
  {
    scenario: "mdns",
    steps: [3],
    original: logged([
      "-- agent.mdns",
      "[ERR] agent.mdns: Failed to poll for new hosts: write udp6 [::]:45463->[ff02::fb]:5353: sendto: network is unreachable",
    ]),
    ours: [],
    reason: "if mDNS fails on one of IPv4 and IPv6, the other is still used",
  },
  {
    scenario: "mdns-no-route",
    steps: [0, 1],
    original: logged([
      "[INFO] agent: joining: [10.77.0.1:17946] replay: false",
      "[INFO] agent: joined: 1 nodes",
      "-- agent.mdns",
      "[INFO] agent.mdns: Joined 1 hosts",
    ]),
    ours: [],
    reason: "an agent does not join itself",
  },
];

const assorted: readonly IntendedDifference[] = [
  {
    scenario: "agent-misc",
    steps: [22],
    original: [
      "stdout: Query 'x' dispatched",
      "stdout: Ack from 'n'",
      "stdout: Total Acks: 1",
      "stdout: Total Responses: 0",
      "end: exit 0",
    ],
    ours: ["stdout: Error sending query: query exceeds limit of 1395 bytes", "end: exit 1"],
    reason: "a query that fits into no packet is rejected; Serf silently does not send it",
  },
  {
    scenario: "agent-misc",
    steps: [26],
    original: ['note: "Error leaving: client closed\\n" exit 1'],
    ours: [
      ...logged(['[ERR] agent.ipc: leave failed: "n" was shut down']),
      'note: "Error leaving: \\"n\\" was shut down\\n" exit 1',
    ],
    reason: "an interrupted leave sends its error before the connection ends",
  },
  {
    scenario: "event-handler-run",
    steps: [11],
    original: logged(["[DEBUG] agent: Event 'query' script output: \0\ufffd"]),
    ours: logged(["[DEBUG] agent: Event 'query' script output: \\x00\ufffd"]),
    reason: "control characters are quoted in the log",
  },
  {
    scenario: "event-handler-run",
    steps: [11],
    original: logged(["-- gossip", "[DEBUG] serf: messageQueryResponseType: n"]),
    ours: [],
    reason: "a node's answers to itself are not sent over the network",
  },
];

/** All of them. */
export const ofAgents: readonly IntendedDifference[] = [
  ...configuration,
  ...reloading,
  ...joining,
  ...assorted,
  {
    scenario: "auth",
    steps: [19],
    original: [],
    ours: logged(["-- events", "[INFO] agent: Received event: member-join"]),
    reason: "the commands take longer here than the second after which the event comes",
  },
];
