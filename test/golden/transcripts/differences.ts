/** Where our program differs from the transcripts on purpose, and what is chance. Commands and files are counted from 0. */

import type { Chance, IntendedDifference } from "../../transcripts/intended.ts";

const versionLine = {
  original: ["stdout: 0.10.2-dev"],
  ours: ["stdout: 0.1.0"],
  reason: "the version is this program's own",
};
const resolver = "JavaScript does not tell which name server was asked";

function lookup(prefix: string, name: string): Pick<IntendedDifference, "original" | "ours" | "reason"> {
  return {
    original: [`stdout: ${prefix}lookup ${name} on DNS-SERVER:53: no such host`],
    ours: [`stdout: ${prefix}lookup ${name}: no such host`],
    reason: resolver,
  };
}

function badDuration(step: number, words: string, key: string): IntendedDifference {
  return {
    scenario: "config-errors",
    steps: [step],
    original: [`stdout: ==> Error decoding 'c.json': time: ${words}`],
    ours: [`stdout: ==> Error decoding 'c.json': time: ${words} ('${key}')`],
    reason: "a bad duration comes with its key",
  };
}

export const differences: readonly IntendedDifference[] = [
  { scenario: "cli-bad-flags", steps: [52], ...versionLine },
  { scenario: "cli-help", steps: [8, 9, 11, 12, 13, 14, 15], ...versionLine },
  { scenario: "cli-no-agent", steps: [28], ...lookup("Error connecting to Serf agent: dial tcp: ", "no-such-host.invalid") },
  { scenario: "agent-start-errors", steps: [0], ...lookup("==> Invalid bind address: ", "nosuch.invalid") },
  { scenario: "agent-start-errors", steps: [4], ...lookup("==> Invalid advertise address: ", "nosuch.invalid") },
  badDuration(28, 'missing unit in duration "5"', "reconnect_interval"),
  badDuration(29, 'invalid duration "abc"', "reconnect_timeout"),
  badDuration(30, 'unknown unit "d" in duration "1d"', "tombstone_timeout"),
  badDuration(31, 'invalid duration "x"', "retry_interval"),
  badDuration(32, 'invalid duration "x"', "broadcast_timeout"),
];

/** Members of clusters of three and more: who suspects a dead one first, and who hears of it. */
const whoSuspects = {
  lines: /memberlist: (Suspect|Marking) /,
  reason: "which member suspects a dead one first is chance",
};
const payloadWritten = {
  lines: /Error writing payload: write \|1: /,
  reason: "whether a script ends before its input is written is a race",
};

export const chances: readonly Chance[] = [
  { scenario: "agent-log-keys", ...whoSuspects },
  { scenario: "event-handler-run", ...payloadWritten },
  {
    scenario: "event-handler-run",
    unordered: ["events"],
    reason: "scripts of different handlers run beside each other",
  },
];

/** Commands, or whole transcripts, that are not played again, and why. */
export const notPlayed: readonly { scenario: string; steps: readonly number[] | "all"; reason: string }[] = [];
