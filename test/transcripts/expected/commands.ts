/**
 * Intended differences in what commands print, and in what the agents of the large cluster log
 * about them.
 */

import { packageVersion } from "../../../src/version.ts";
import type { IntendedDifference } from "../intended.ts";
import { type Lines, logged, lookup } from "./lines.ts";

const versionLine: Lines = {
  original: ["stdout: 0.10.2-dev"],
  ours: [`stdout: ${packageVersion}`],
  reason: "the version is this program's own",
};

const clients: readonly IntendedDifference[] = [
  {
    scenario: "rpc-client-tolerance",
    steps: [15],
    original: [
      "stdout: Error retrieving members: msgpack decode error [pos 100]: cannot decode unsigned integer: unrecognized descriptor byte: cb/float",
      "end: exit 1",
    ],
    ours: [
      "stdout: {",
      'stdout:   "members": [',
      "stdout:     {",
      'stdout:       "name": "n",',
      'stdout:       "addr": "127.0.0.1:7946",',
      'stdout:       "port": 7946,',
      'stdout:       "tags": {',
      'stdout:         "a": "b"',
      "stdout:       },",
      'stdout:       "status": "alive",',
      'stdout:       "protocol": {',
      'stdout:         "max": 5,',
      'stdout:         "min": 2,',
      'stdout:         "version": 5',
      "stdout:       }",
      "stdout:     }",
      "stdout:   ]",
      "stdout: }",
      "end: exit 0",
    ],
    reason: "a whole number is read in any encoding",
  },
  {
    scenario: "rpc-client-tolerance",
    steps: [16, 20],
    original: ['stdout:       "tags": null,'],
    ours: ['stdout:       "tags": {},'],
    reason: "missing tags are empty; no agent sends them in this form",
  },
  {
    scenario: "rpc-client-tolerance",
    steps: [30],
    original: ['stdout:         "\\u003ck\\u003e": "\\u2028\\"\\\\\\u0008\\u000c\x7fé",'],
    ours: ['stdout:         "\\u003ck\\u003e": "\\u2028\\"\\\\\\b\\f\x7fé",'],
    reason: "released binaries spell these two as we do: they are made with a newer Go than the recorded one",
  },
  {
    scenario: "rpc-client-tolerance",
    steps: [35],
    original: ['stdout:   "Acks": [', 'stdout:     "n1"', "stdout:   ],"],
    ours: ['stdout:   "Acks": null,'],
    reason: "a reply without a name is the end; in Serf it races with what follows",
  },
  {
    scenario: "rpc-client-tolerance",
    steps: [36],
    original: ["stdout: Total Responses: 1"],
    ours: ["stdout: Response from 'a': 2", "stdout: Total Responses: 2"],
    reason: "everything before the end is shown; in Serf the last replies race with it",
  },
  {
    scenario: "rpc-client-tolerance",
    steps: [37],
    original: [
      "stdout: Error querying agent: msgpack decode error [pos 56]: invalid byte descriptor for decoding bytes, got: 0x3",
    ],
    ours: ["stdout: Error querying agent: msgpack decode error: expected text, got a number"],
    reason: "each decoder describes malformed responses in its own words",
  },
];

const cluster: readonly IntendedDifference[] = [
  {
    scenario: "cluster-leave",
    steps: [0],
    original: [],
    ours: logged(["[INFO] agent: shutdown complete"], ""),
    reason: "a monitor's connection ends after the last line",
  },
  {
    scenario: "cluster-join",
    steps: [7],
    ...lookup("no-such-host.invalid", "\t* failed to resolve no-such-host.invalid:17946: "),
  },
  {
    scenario: "agent-log-cluster",
    steps: [0],
    ...lookup(
      "no-such-host.invalid",
      "\t* failed to resolve no-such-host.invalid:17946: ",
      "    TIME [WARN] memberlist: failed to resolve no-such-host.invalid:17946: ",
    ),
  },
];

/** All of them. */
export const ofCommands: readonly IntendedDifference[] = [
  { scenario: "cli-bad-flags", steps: [52], ...versionLine },
  { scenario: "cli-help", steps: [8, 9, 11, 12, 13, 14, 15], ...versionLine },
  {
    scenario: "cli-no-agent",
    steps: [28],
    ...lookup("no-such-host.invalid", "Error connecting to Serf agent: dial tcp: "),
  },
  ...clients,
  ...cluster,
];
