/** Parts of the logs of the transcripts that depend on chance, in Serf as in our agents. */

import type { Chance } from "../intended.ts";
import { transcriptNames } from "../transcript.ts";

/**
 * Members of clusters of three and more: which of them suspects a dead one first, and which of them
 * learns of it.
 */
const whoSuspects = {
  lines: /memberlist: (Suspect|Marking|Push\/Pull with) /,
  reason: "which member detects a dead one first depends on chance",
};
const payloadWritten = {
  lines: /Error writing payload: write \|1: /,
  reason: "whether a script ends before its input is written is a race",
};

/** The transcripts that show the log of the large cluster. */
const clusterLogs: readonly Chance[] = ["agent-log-cluster", "cluster-monitor", "cluster-leave"].flatMap(
  (scenario) => [
    {
      scenario,
      lines: /agent\.ipc: Accepted client: /,
      reason: "the recorder sent more queries than its transcript shows",
    },
    {
      scenario,
      lines: /agent: Received event: (member-|user-event: )/,
      reason: "how many events become one depends on how fast the commands come",
    },
    {
      scenario,
      lines: /serf: EventMemberUpdate: node-a/,
      reason:
        "Serf encodes tags in random order, so equal tags may count as changed; gossip skips outdated messages",
    },
    {
      scenario,
      repeated: /agent: (Received event: query: |Requesting query send: |Event 'query' )/,
      reason: "gossip may lose a query, which is then sent again",
    },
    {
      scenario,
      unordered: ["events", "shown"],
      reason: "scripts and what a monitor shows run beside the commands",
    },
  ],
);

/** Transcripts whose agents ended within the second after which their first event comes. */
const shortLived: readonly Chance[] = [
  "agent-files",
  "agent-port-zero",
  "agent-start-errors",
  "config-errors",
  "config-merge",
  "keys-encrypt-flag",
].map((scenario) => ({
  scenario,
  lines: /agent: (Received event: member-(join|update)|Error invoking script '\.\/\w+\.sh')/,
  oursAlone: true,
  reason: "a loaded machine may need more than a second for what took the recorded one less",
}));

/** Lines that any agent may log on a loaded machine. */
const underLoad: readonly Chance[] = transcriptNames().map((scenario) => ({
  scenario,
  lines:
    /memberlist: (Failed UDP ping|Was able to connect)|serf: attempting reconnect|header: connection reset by peer|Script 'sh record\.sh' slow/,
  oursAlone: true,
  reason: "a loaded machine replies late",
}));

/** All of them. */
export const chances: readonly Chance[] = [
  ...clusterLogs,
  ...shortLived,
  ...underLoad,
  {
    scenario: "agent-log-levels",
    lines: /serf: messageLeaveType: n$/m,
    reason: "whether a leave that was gossiped comes back before the agent ends is a race",
  },
  {
    scenario: "agent-log-levels",
    lines: /\[DEBUG\] memberlist: Stream connection from=/m,
    oursAlone: true,
    reason:
      "whether a neighbour on the ring connects before the agent ends, to learn whether it can, is a race",
  },
  {
    scenario: "config-errors",
    lines: /agent: Error connecting to statsite! /,
    oursAlone: true,
    reason: "whether no member replied before the agent ended is a race",
  },
  {
    scenario: "agent-signals",
    lines: /agent: Received event: member-join|memberlist: (Suspect|Failed fallback TCP ping)/,
    reason:
      "how much of a second has passed when a signal arrives, and how long a frozen member is probed, depends on chance",
  },
  {
    scenario: "cluster-monitor",
    from: /agent: Error invoking script '\.\/h\.sh': exit status 3/,
    reason: "an agent keeps 512 lines, and how often gossip repeats a message depends on chance",
  },
  {
    scenario: "cluster-monitor",
    lines:
      /\[DEBUG\] (memberlist: (Initiating push\/pull|Stream connection)|serf: (Relaying response|message\w+Type: ))/,
    reason: "when members push/pull, which of them relays, and what arrives twice depends on chance",
  },
  ...["cluster-monitor", "cluster-leave"].map((scenario) => ({
    scenario,
    lines: /\tEvent: "member-update"/,
    reason:
      "an update is held for a second, in which a monitor may start; Serf repeats it with every later one",
  })),
  ...["agent-log-cluster", "agent-log-keys", "cluster-leave"].map((scenario) => ({
    scenario,
    ...whoSuspects,
  })),
  { scenario: "agent-log-cluster", ...payloadWritten },
  {
    scenario: "agent-log-keys",
    repeated: /agent: Received event: member-join$/m,
    reason: "members that join more than a second apart, as on a loaded machine, come in events of their own",
  },
  ...["agent-log-cluster", "cluster-monitor"].map((scenario) => ({
    scenario,
    lines: /agent\.ipc: Failed to stream (ack|response|query end) to /,
    reason:
      "what an interrupted command still receives is a race; in ours its query ends with the connection, so it receives less",
  })),
  ...["agent-log-cluster", "cluster-monitor"].map((scenario) => ({
    scenario,
    lines: /serf: reply for non-running query /,
    reason: "how many answers arrive after a query's end or interruption depends on chance",
  })),
  { scenario: "event-handler-run", ...payloadWritten },
  {
    scenario: "event-handler-run",
    lines: /agent: Script 'sleep 1; echo slow' slow, execution exceeding 1s/,
    reason: "whether a second's sleep takes more than a second is a race",
  },
  {
    scenario: "event-handlers",
    lines: /memberlist: Push\/Pull with third failed: /,
    oursAlone: true,
    reason: "when members push/pull depends on chance",
  },
  {
    scenario: "event-handler-run",
    unordered: ["events"],
    reason: "scripts of different handlers run beside each other",
  },
  {
    scenario: "agent-reload",
    unordered: ["events"],
    reason: "a script's end and a held event coincide",
  },
  {
    scenario: "agent-misc",
    lines: /agent: Received event: (member-|user-event: x)/,
    reason: "held back for a second, by which the recorder had gone on",
  },
  {
    scenario: "agent-join-modes",
    step: 1,
    repeated: /^\n|agent: (error joining: |Join failed: |Joining cluster|joining: )/,
    reason: "how often an agent tries to join before another one starts depends on how fast that starts",
  },
  {
    scenario: "agent-join-modes",
    unordered: ["serf"],
    reason: "joins by flags and by the snapshot run at the same time",
  },
  {
    scenario: "agent-misc",
    step: 25,
    repeated: /memberlist: Conflicting address for c1|serf: Name conflict for 'c1'/,
    reason: "how often gossip repeats the other claim to a name depends on chance",
  },
  {
    scenario: "agent-misc",
    unordered: ["serf"],
    reason: "the members that a join adds arrive in random order",
  },
  {
    scenario: "mdns",
    lines: /\[DEBUG\] (memberlist: (Initiating push\/pull|Stream connection)|serf: message\w+Type: )/,
    reason: "the recording lasted more than a minute, in which members push/pull",
  },
];
