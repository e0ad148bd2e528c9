/** Output of the commands that query the whole cluster, as Serf prints it. */

import { describe, expect, test } from "vitest";
import type { QueryReply } from "../../src/core/serf/api.ts";
import { SerfError } from "../../src/errors.ts";
import { KeyError, type KeyResult } from "../../src/shell/keys.ts";
import { type FakeRuntime, settle } from "../agent/fakes.ts";
import { agent, begin, call, type Printed } from "./world.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const ack = (from: string): QueryReply => ({ type: "ack", from, payload: new Uint8Array(0) });

const response = (from: string, payload: Uint8Array): QueryReply => ({ type: "response", from, payload });

/** Waits until a command handles Ctrl-C, which it does once its query is sent. */
async function attentive(fake: FakeRuntime): Promise<void> {
  while (fake.listening("SIGINT") === 0) await settle();
}

/**
 * Runs a command that sends one query. The query receives these replies and ends after `ms`
 * milliseconds.
 */
async function asked(
  args: readonly string[],
  replies: readonly QueryReply[],
  { ms = 0, missing = [] }: { readonly ms?: number; readonly missing?: readonly string[] } = {},
): Promise<Printed> {
  const { streams, starter, host } = await agent();
  const { printed, fake } = begin(streams, args);
  await attentive(fake);
  for (const { query } of starter.node.queries) {
    for (const reply of replies) query.push(reply);
    await settle();
    await fake.clock.advance(ms);
    query.end(missing);
  }
  await host.clock.advance(100);
  return await printed;
}

describe("events", () => {
  test.each([
    [["event", "deploy"], "event deploy [] true", "Event 'deploy' dispatched! Coalescing enabled: true\n"],
    [
      ["event", "-coalesce=0", "deploy", "v2"],
      "event deploy [v2] false",
      "Event 'deploy' dispatched! Coalescing enabled: false\n",
    ],
    [
      ["event", "-coalesce", "it's", "-"],
      "event it's [-] true",
      "Event 'it's' dispatched! Coalescing enabled: true\n",
    ],
    [["event", "", "x"], "event  [x] true", "Event '' dispatched! Coalescing enabled: true\n"],
    [
      ["event", "x", "-coalesce=false"],
      "event x [-coalesce=false] true",
      "Event 'x' dispatched! Coalescing enabled: true\n",
    ],
  ])("%j is sent", async (args, sent, stdout) => {
    const { streams, starter } = await agent();
    expect(await call(streams, args)).toEqual({ code: 0, stdout, stderr: "" });
    expect(starter.node.calls).toEqual([sent]);
  });

  test("a refusal of the node is printed by the command and logged by the agent", async () => {
    const { streams, starter, host } = await agent();
    starter.node.refusal = new SerfError(
      "ERR_LIMIT",
      "user event exceeds configured limit of 512 bytes before encoding",
    );
    expect(await call(streams, "event deploy x")).toEqual({
      code: 1,
      stdout: "Error sending event: user event exceeds configured limit of 512 bytes before encoding\n",
      stderr: "",
    });
    expect(host.stdout).toContain("[WARN] agent: failed to send user event: user event exceeds");
  });
});

describe("queries", () => {
  const replies = [
    ack("node-a"),
    response("node-a", bytes("1.0\n")),
    response("node-b", bytes("l1\nl2\n\n")),
    ack("node-b"),
    response("node-c", Uint8Array.of(0x78, 0xff, 0x3c)),
  ];

  test("print replies as they arrive, each without one final newline", async () => {
    expect(await asked(["query", "load"], replies.slice(0, 4))).toEqual({
      code: 0,
      stdout: `Query 'load' dispatched
Ack from 'node-a'
Response from 'node-a': 1.0
Response from 'node-b': l1
l2

Ack from 'node-b'
Total Acks: 2
Total Responses: 2
`,
      stderr: "",
    });
  });

  test("print JSON at the end, with invalid UTF-8 replaced", async () => {
    expect((await asked(["query", "-format=json", "load"], replies)).stdout).toBe(`{
  "Acks": [
    "node-a",
    "node-b"
  ],
  "Responses": {
    "node-a": "1.0\\n",
    "node-b": "l1\\nl2\\n\\n",
    "node-c": "x\\ufffd\\u003c"
  }
}
`);
  });

  test("print no acknowledgements if none were requested", async () => {
    expect((await asked(["query", "-no-ack", "load"], [])).stdout).toBe(
      "Query 'load' dispatched\nTotal Responses: 0\n",
    );
    expect((await asked(["query", "-no-ack", "-format=json", "load"], [])).stdout).toBe(
      '{\n  "Acks": null,\n  "Responses": {}\n}\n',
    );
  });

  test("name at the end who did not reply, but not who only has no answer", async () => {
    const { stdout } = await asked(["query", "load"], [ack("node-a")], { missing: ["node-a", "b", "c"] });
    expect(stdout).toBe(
      "Query 'load' dispatched\nAck from 'node-a'\nTotal Acks: 1\nTotal Responses: 0\nNo reply from 'b', 'c'\n",
    );
  });

  test("name nobody if no acknowledgements were wanted", async () => {
    const { stdout } = await asked(["query", "-no-ack", "load"], [], { missing: ["node-a"] });
    expect(stdout).toBe("Query 'load' dispatched\nTotal Responses: 0\n");
  });

  test("run until their time is over if the agent is set so", async () => {
    const { streams, starter } = await agent("-query-wait-for-deadline");
    const { fake, printed } = begin(streams, ["query", "load"]);
    await attentive(fake);
    expect(starter.node.queries[0]!.options.waitForDeadline).toBe(true);
    fake.signal("SIGINT");
    await printed;
  });

  test("pass their options to the node", async () => {
    const { streams, starter } = await agent();
    const args = ["-node=a", "-node=b", "-tag", "role=w=1", "-no-ack", "-relay-factor=0x10", "-timeout=1.5s"];
    const { fake, printed } = begin(streams, ["query", ...args, "load"]);
    await attentive(fake);
    expect(starter.node.queries[0]).toMatchObject({
      name: "load",
      options: {
        nodes: ["a", "b"],
        tags: { role: "w=1" },
        ack: false,
        relayFactor: 16,
        timeoutMs: 1500,
        waitForDeadline: false,
      },
    });
    fake.signal("SIGINT");
    expect((await printed).code).toBe(1);
  });

  test("that are interrupted print no totals, and the agent cancels them", async () => {
    const { streams, starter } = await agent();
    const { fake, printed } = begin(streams, ["query", "load"]);
    await attentive(fake);
    const { query } = starter.node.queries[0]!;
    query.push(ack("node-a"));
    await settle();
    fake.signal("SIGINT");
    expect(await printed).toEqual({
      code: 1,
      stdout: "Query 'load' dispatched\nAck from 'node-a'\n",
      stderr: "",
    });
    await query.done;
  });

  test.each([
    ["query", "A query name must be specified.\n\nUsage: serf query"],
    [
      "query a b c",
      "Too many command line arguments. Only a name and payload must be specified.\n\nUsage: serf query",
    ],
    ["query -tag bad", "Error: Invalid tag: 'bad'\n"],
    ["query -relay-factor=256 a", "Relay factor must be between 0 and 255\n"],
    ["query -format=xml a", "Invalid format: xml\n"],
    ["query _serf_x", "Error sending query: Queries cannot contain the '_serf_' prefix\n"],
    ["query _serf_ping x", "Error sending query: Queries cannot contain the '_serf_' prefix\n"],
    ["event", "An event name must be specified.\n\nUsage: serf event"],
    [
      "event a b c",
      "Too many command line arguments. Only a name and payload must be specified.\n\nUsage: serf event",
    ],
    ["rtt", "One or two node names must be specified\n\nUsage: serf rtt"],
    ["rtt nosuch", 'Could not find a coordinate for node "nosuch"\n'],
    ["keys", "Usage: serf keys"],
    ["keys -list -use x", "Only one of -install, -use, -remove, or -list allowed\n"],
    ["force-leave -prune alive", 'Error force leaving: Cannot prune "alive": the member is alive\n'],
  ])("'%s' is refused", async (args, start) => {
    const { streams, starter } = await agent();
    starter.node.pruneRefusal = new SerfError("ERR_STATE", 'Cannot prune "alive": the member is alive');
    const { code, stdout, stderr } = await call(streams, args);
    expect({ code, stdout: stdout.slice(0, start.length), stderr }).toEqual({
      code: 1,
      stdout: start,
      stderr: "",
    });
    expect(starter.node.queries).toEqual([]);
  });
});

const tips = `
Troubleshooting tips:
* Ensure that the bind addr:port is accessible by all other nodes
* If an advertise address is set, ensure it routes to the bind address
* Check that no nodes are behind a NAT
* If nodes are behind firewalls or iptables, check that Serf traffic is permitted (UDP and TCP)
* Verify networking equipment is functional
`;

/** The agent of these tests has two live members, node-a and node-b, and a failed one. */
describe("reachability", () => {
  const began = "Total members: 3, live members: 2\nStarting reachability test...\n";
  const less = "Received less acks than live nodes! Missing acks from:\n";
  const lessWhy =
    "This could mean Serf gossip packets are being lost due to a misconfiguration or network issue.\n";
  const more = "Received more acks than live nodes! Acks from non-live nodes:\n";
  const moreWhy =
    "This could mean Serf is detecting false-failures due to a misconfiguration or network issue.\n";
  const duplicates =
    "Duplicate responses means there is a misconfiguration. Verify that node names are unique.\n";
  const all = "Successfully contacted all live nodes\n";

  test.each([
    ["all answer", ["node-a", "node-b"], 0, all],
    ["one is missing", ["node-b"], 1, `${less}\tnode-a\n${lessWhy}${tips}`],
    ["a failed one answers too", ["node-a", "node-b", "ünïcode"], 1, `${more}\tünïcode\n${moreWhy}${tips}`],
    ["a failed one makes up for a missing one", ["node-a", "ünïcode"], 0, all],
    [
      "one answers twice, the other never",
      ["node-a", "node-a"],
      1,
      `Duplicate response from 'node-a'\n${duplicates}${all}`,
    ],
    [
      "one of all answers twice",
      ["node-a", "node-b", "node-a"],
      1,
      `Duplicate response from 'node-a'\n${duplicates}${more}${moreWhy}${tips}`,
    ],
  ])("prints the result if %s", async (_what, names, code, text) => {
    expect(await asked(["reachability"], names.map(ack))).toEqual({ code, stdout: began + text, stderr: "" });
  });

  test.each([
    ["one is missing", ["node-b"], `${less}\tnode-a\n${lessWhy}${tips}`],
    ["a failed one makes up for it", ["node-b", "ünïcode"], `${all}No reply from 'node-a'\n`],
  ])("names a missing member once when %s", async (_what, names, text) => {
    const { stdout } = await asked(["reachability"], names.map(ack), { missing: ["node-a"] });
    expect(stdout).toBe(began + text);
  });

  test("prints every reply and its time with -verbose", async () => {
    const { stdout } = await asked(["reachability", "-verbose"], [ack("node-a"), ack("node-b")], {
      ms: 1600,
    });
    expect(stdout).toBe(
      `${began}\tAck from 'node-a'\n\tAck from 'node-b'\nQuery time: 1.60 sec, time to last response: 0.00 sec\n${all}`,
    );
  });

  test("ends if it is interrupted", async () => {
    const { streams } = await agent();
    const { fake, printed } = begin(streams, ["reachability"]);
    await attentive(fake);
    fake.signal("SIGINT");
    expect(await printed).toEqual({ code: 1, stdout: `${began}Test interrupted\n`, stderr: "" });
  });
});

describe("keys", () => {
  const key = "HvY8ubRZMgafUOWvrOadwOckVa1wN3QWAo46FVKbVN8=";

  test.each([
    ["install", "Installing key on all members...", "Successfully installed key!"],
    ["use", "Changing primary key on all members...", "Successfully changed primary key!"],
    ["remove", "Removing key on all members...", "Successfully removed key!"],
  ])("%s", async (operation, begun, done) => {
    const { streams, starter } = await agent();
    const stdout = `==> ${begun}\n==> ${done}\n`;
    expect(await call(streams, `keys -${operation} ${key}`)).toEqual({ code: 0, stdout, stderr: "" });
    expect(starter.node.calls).toEqual([`${operation} ${key}`]);
  });

  test("are listed with the number of members that have them", async () => {
    const { streams, starter } = await agent();
    starter.node.keyResult = {
      ...starter.node.keyResult,
      keys: new Map([
        ["c2VjcmV0LTE2LWJ5dGVzIQ==", 1],
        [key, 2],
      ]),
    };
    expect((await call(streams, "keys -list")).stdout).toBe(
      "==> Asking all members for installed keys...\n==> Keys gathered, listing cluster keys...\n\n" +
        `c2VjcmV0LTE2LWJ5dGVzIQ==                      [1/2]\n${key}  [2/2]\n`,
    );
  });

  const failed: KeyResult = {
    nodes: 2,
    responses: 2,
    failures: 2,
    messages: new Map([
      ["node-bb", "requested key is not in the keyring"],
      ["node-a", "requested key is not in the keyring"],
    ]),
    keys: new Map(),
    primaryKeys: new Map(),
  };
  const table =
    "failed:  node-a   requested key is not in the keyring\nfailed:  node-bb  requested key is not in the keyring\n";

  test.each([
    ["members say why", new KeyError("2/2 nodes reported failure", failed), table],
    [
      "members say nothing",
      new KeyError("1/2 nodes reported success", { ...failed, messages: new Map() }),
      "",
    ],
    ["nobody was asked", new SerfError("ERR_KEY", "illegal base64 data at input byte 0"), ""],
  ])("fail if %s", async (_what, error, rows) => {
    const { streams, starter } = await agent();
    starter.node.keyFailure = error;
    expect(await call(streams, `keys -use ${key}`)).toEqual({
      code: 1,
      stdout: `==> Changing primary key on all members...\n${rows}\nError changing primary key: ${error.message}\n`,
      stderr: "",
    });
  });
});

test("round-trip times come from both coordinates; the second defaults to the agent's own node", async () => {
  const { streams, starter } = await agent();
  const { coordinates } = starter.node;
  coordinates.set("node-a", { vec: [3e-4, 0], error: 1, adjustment: 2e-5, height: 3e-5 });
  coordinates.set("node-b", { vec: [0, 4e-4], error: 1, adjustment: -1e-5, height: 5e-5 });
  expect((await call(streams, "rtt node-a node-b")).stdout).toBe(
    "Estimated node-a <-> node-b rtt: 0.590 ms\n",
  );
  expect((await call(streams, "rtt node-b")).stdout).toBe("Estimated node-b <-> node-a rtt: 0.590 ms\n");
  expect((await call(streams, "rtt node-a")).stdout).toBe("Estimated node-a <-> node-a rtt: 0.100 ms\n");
  coordinates.set("node-b", { vec: [0], error: 1, adjustment: 0, height: 0 });
  expect((await call(streams, "rtt node-b")).stdout).toBe(
    "Error getting coordinates: dimensions aren't compatible\n",
  );
});
