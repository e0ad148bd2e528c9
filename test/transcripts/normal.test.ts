import { describe, expect, it } from "vitest";
import type { Chance } from "./intended.ts";
import { normal, normalFile } from "./normal.ts";

const stdout = (args: string, text: string, chances: readonly Chance[] = []): string =>
  normal(args.split(" "), { stdout: text, stderr: "", end: "exit 0" }, chances).stdout;

const banner = "==> Serf agent running!\n\n==> Log data will now stream in as it occurs:\n\n";
const at = "    2026/11/23 10:36:17";

/** Pairs that differ only by chance. */
const alike: [string, string, string, string][] = [
  [
    "times",
    "agent",
    `${banner}${at} [INFO] agent: a\n`,
    `${banner}    2027/01/02 03:04:05 [INFO] agent: a\n`,
  ],
  [
    "ports of clients",
    "agent",
    `${banner}${at} [INFO] agent.ipc: Accepted client: 127.0.0.1:51354\n`,
    `${banner}${at} [INFO] agent.ipc: Accepted client: 127.0.0.1:4\n`,
  ],
  [
    "numbers of queries",
    "monitor",
    "2026/11/23 10:36:17 [WARN] serf: reply (LTime: 33, ID: 73951167) From: b\n",
    "2026/11/23 10:36:17 [WARN] serf: reply (LTime: 34, ID: 1) From: b\n",
  ],
  [
    "who of several writers was first",
    "agent",
    `${banner}${at} [INFO] serf: s\n${at} [INFO] agent: a\n`,
    `${banner}${at} [INFO] agent: a\n${at} [INFO] serf: s\n`,
  ],
  [
    "how often gossip repeats",
    "agent",
    `${banner}${at} [DEBUG] serf: messageJoinType: n\n${at} [DEBUG] serf: messageJoinType: n\n`,
    `${banner}${at} [DEBUG] serf: messageJoinType: n\n`,
  ],
  [
    "whether a node's end is seen behind the request for it",
    "agent",
    `${banner}${at} [INFO] agent: requesting serf shutdown\n${at} [WARN] agent: Serf shutdown detected, quitting\n`,
    `${banner}${at} [INFO] agent: requesting serf shutdown\n`,
  ],
  [
    "the order of members and tags",
    "members",
    "b  x  alive  d=1,c=2\na  y  alive  \n",
    "a  y  alive  \nb  x  alive  c=2,d=1\n",
  ],
  [
    "the order of members in JSON",
    "members -format=json",
    '[\n    {\n      "name": "b"\n    },\n    {\n      "name": "a"\n    }\n]\n',
    '[\n    {\n      "name": "a"\n    },\n    {\n      "name": "b"\n    }\n]\n',
  ],
  [
    "the order of replies",
    "query x",
    "Query 'x' dispatched\nAck from 'b'\nResponse from 'b': 1\n2\nAck from 'a'\nTotal Acks: 2\n",
    "Query 'x' dispatched\nAck from 'a'\nAck from 'b'\nResponse from 'b': 1\n2\nTotal Acks: 2\n",
  ],
  [
    "the order of acknowledgements in JSON",
    "query -format=json x",
    '{\n  "Acks": [\n    "b",\n    "a"\n  ],\n',
    '{\n  "Acks": [\n    "a",\n    "b"\n  ],\n',
  ],
  [
    "the order of failures",
    "keys -list",
    "failed:  b  why\nfailed:  a  why\n",
    "failed:  a  why\nfailed:  b  why\n",
  ],
  ["new keys", "keygen", `${"a".repeat(43)}=\n`, `${"b".repeat(43)}=\n`],
  ["round-trip times", "rtt a", "Estimated a <-> b rtt: 0.358 ms\n", "Estimated a <-> b rtt: 12.000 ms\n"],
  [
    "the machine",
    "info",
    "runtime:\n\tgoroutines = 25\n\tos = linux\n",
    "runtime:\n\tgoroutines = 1\n\tos = darwin\n",
  ],
];

/** Pairs that look alike and differ. */
const different: [string, string, string, string][] = [
  ["levels", "agent", `${banner}${at} [INFO] agent: a\n`, `${banner}${at} [WARN] agent: a\n`],
  [
    "indentation of the log",
    "agent",
    `${banner}${at} [INFO] agent: a\n`,
    `${banner}${at.trim()} [INFO] agent: a\n`,
  ],
  [
    "the order of one writer",
    "agent",
    `${banner}${at} [INFO] agent: a\n${at} [INFO] agent: b\n`,
    `${banner}${at} [INFO] agent: b\n${at} [INFO] agent: a\n`,
  ],
  [
    "how often a line is logged",
    "agent",
    `${banner}${at} [INFO] agent: a\n`,
    `${banner}${at} [INFO] agent: a\n${at} [INFO] agent: a\n`,
  ],
  ["ports of agents", "members", "a  127.0.0.1:1  alive  \n", "a  127.0.0.1:2  alive  \n"],
  ["the padding of columns", "members", "a  x  alive  t=1\n", "a  x  alive   t=1\n"],
  ["tags", "members", "a  x  alive  t=1,u=2\n", "a  x  alive  t=2,u=1\n"],
  ["the banner", "agent", banner, banner.replace("running", "walking")],
  ["other values of info", "info", "serf:\n\tmembers = 3\n", "serf:\n\tmembers = 2\n"],
  ["the digits of a round-trip time", "rtt a", "rtt: 0.358 ms\n", "rtt: 0.35 ms\n"],
  ["who replies", "query x", "Ack from 'a'\nTotal Acks: 1\n", "Ack from 'b'\nTotal Acks: 1\n"],
  ["what a text says of itself", "event", "2026/11/23\n", "2026/11/24\n"],
];

describe("the normal form", () => {
  it.each(alike)("does not depend on %s", (_what, args, first, second) => {
    expect(first).not.toBe(second);
    expect(stdout(args, first)).toBe(stdout(args, second));
  });

  it.each(different)("keeps %s", (_what, args, first, second) => {
    expect(stdout(args, first)).not.toBe(stdout(args, second));
  });

  it("leaves log entries out that are listed as chance, and no others", () => {
    const log = (...lines: string[]): string =>
      banner + lines.map((line) => `${at} [INFO] ${line}\n`).join("");
    const because = { scenario: "s", reason: "r" };
    const agent = (text: string, chance: Partial<Chance>): string =>
      stdout("agent", text, [{ ...because, ...chance }]);
    expect(agent(log("agent: a", "agent: b"), { lines: /agent: b/ })).toBe(stdout("agent", log("agent: a")));
    expect(agent(log("agent: a", "agent: a"), { repeated: /agent: a/ })).toBe(
      stdout("agent", log("agent: a")),
    );
    expect(agent(log("agent: b", "agent: a"), { unordered: ["agent"] })).toBe(
      stdout("agent", log("agent: a", "agent: b")),
    );
    expect(
      stdout("monitor", "old\n2026/11/23 10:36:17 [INFO] agent: a\n", [{ ...because, from: /agent: a/ }]),
    ).toBe(stdout("monitor", "2026/11/23 10:36:17 [INFO] agent: a\n"));
  });

  it("leaves the clocks out of snapshots", () => {
    expect(normalFile("alive: a\nclock: 3\nevent-clock: 1\nquery-clock: 9\nleave\n")).toBe(
      "alive: a\nleave\n",
    );
  });
});
