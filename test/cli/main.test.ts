import { describe, expect, test } from "vitest";
import { settle } from "../agent/fakes.ts";
import { MemoryStreams } from "../rpc/memory.ts";
import { agent, begin, call } from "./world.ts";

const versionText = "0.1.0\nAgent Protocol: 5 (Understands back to: 2)\n";

describe("finding the command", () => {
  test.each([
    ["", 127, "Usage: serf [--version]"],
    ["help", 127, "Usage: serf [--version]"],
    ["-foo", 127, "Usage: serf [--version]"],
    ["-version", 127, "Usage: serf [--version]"],
    ["-h", 0, "Usage: serf [--version]"],
    ["-h nosuch", 127, "Usage: serf [--version]"],
    ["-- members", 127, "Usage: serf [--version]"],
    ["members -nosuch -help", 0, "Usage: serf members"],
    ["-foo members", 1, "Flags of a subcommand"],
    ["-h -v", 0, "\n"],
  ])("'%s' exits %i with help on standard error", async (args, code, start) => {
    const result = await call(new MemoryStreams(), args);
    expect(result).toMatchObject({ code, stdout: "" });
    expect(result.stderr.startsWith(start)).toBe(true);
  });

  test.each([
    "-v",
    "--version",
    "version extra -x",
    "members -v",
    "nosuch -v",
    "members -- -v",
  ])("'%s' prints the version", async (args) => {
    expect(await call(new MemoryStreams(), args)).toEqual({ code: 0, stdout: versionText, stderr: "" });
  });

  test("a wrong flag prints its error to standard error and help to standard output", async () => {
    const result = await call(new MemoryStreams(), "leave ---x");
    expect(result).toMatchObject({ code: 1, stderr: "bad flag syntax: ---x\n" });
    expect(result.stdout.startsWith("Usage: serf leave")).toBe(true);
  });
});

test.each([
  ["members -rpc-addr=nonsense", "dial tcp: address nonsense: missing port in address"],
  ["members -rpc-addr=127.0.0.1:99999", "dial tcp: address 99999: invalid port"],
  ["members -rpc-addr=127.0.0.1:abc", "dial tcp: address tcp/abc: unknown port"],
  ["members -rpc-addr=:17999", "dial tcp :17999: connect: connection refused"],
  ["members -rpc-addr=", "dial tcp: missing address"],
  ["members -rpc-addr=[::1]:17999", "dial tcp [::1]:17999: connect: connection refused"],
  ["members -rpc-addr=[::1", "dial tcp: address [::1: missing ']' in address"],
  ["tags -set bad", "dial tcp 127.0.0.1:7373: connect: connection refused"],
])("'%s' without an agent prints why it failed", async (args, reason) => {
  const expected = { code: 1, stdout: `Error connecting to Serf agent: ${reason}\n`, stderr: "" };
  expect(await call(new MemoryStreams(), args)).toEqual(expected);
});

test("the environment sets the agent's address, and a flag overrides it", async () => {
  const empty = new MemoryStreams();
  const text = async (args: string, env: Record<string, string>) => (await call(empty, args, env)).stdout;
  expect(await text("leave", { SERF_RPC_ADDR: "127.0.0.1:1" })).toContain("dial tcp 127.0.0.1:1:");
  expect(await text("leave", { SERF_RPC_ADDR: "" })).toContain("dial tcp 127.0.0.1:7373:");
  expect(await text("leave -rpc-addr=127.0.0.1:2", { SERF_RPC_ADDR: "127.0.0.1:1" })).toContain(
    "dial tcp 127.0.0.1:2:",
  );
});

test.each<[string, number, string]>([
  [
    "members",
    0,
    "node-a   127.0.0.41:17946  alive   a=<1>,role=web\nnode-b   127.0.0.12:17946  alive   role=db\nünïcode  127.0.0.13:17946  failed\n",
  ],
  [
    "members -detailed -name=node-b",
    0,
    "node-b  127.0.0.12:17946  alive  role=db  Protocol Version: 5  Available Protocol Range: [2, 5]\n",
  ],
  [
    "members -role=d.",
    0,
    "Deprecation warning: 'Role' has been replaced with 'Tags'\nnode-b  127.0.0.12:17946  alive  role=db\n",
  ],
  ["members -name=node", 0, "\n"],
  ["members -name=x -format=json", 0, '{\n  "members": null\n}\n'],
  ["members -name=[", 1, "Error retrieving members: client closed\n"],
  ["members -format=xml", 1, 'Encoding error: Invalid output format "xml"\n'],
  ["members -tag bad", 1, "Error: Invalid tag: 'bad'\n"],
  ["tags -set a=2 -delete a -delete role", 0, "Successfully updated agent tags\n"],
  ["tags -set =x", 1, "Error: Invalid tag: '=x'\n"],
  ["force-leave -prune gone", 0, ""],
  [
    "join 127.0.0.99:1",
    1,
    "Error joining the cluster: 1 error occurred:\n\t* failed to join 127.0.0.99:1: dial tcp 127.0.0.99:1: connect: connection refused\n\n\n",
  ],
  ["info -format=xml", 1, 'Encoding error: Invalid output format "xml"\n'],
  ["leave", 0, "Graceful leave complete\n"],
  ["monitor -log-level=bogus", 1, "Error starting monitor: Unknown log level: BOGUS\n"],
  ["keygen -nosuch", 0, "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\n"],
])("'%s' exits %i with the expected output", async (args, code, stdout) => {
  const { streams } = await agent();
  expect(await call(streams, args)).toEqual({ code, stdout, stderr: "" });
});

test("JSON has Serf's layout", async () => {
  const { streams } = await agent();
  expect((await call(streams, "members -name=node-a -format=json")).stdout).toBe(`{
  "members": [
    {
      "name": "node-a",
      "addr": "127.0.0.41:17946",
      "port": 17946,
      "tags": {
        "a": "\\u003c1\\u003e",
        "role": "web"
      },
      "status": "alive",
      "protocol": {
        "max": 5,
        "min": 2,
        "version": 5
      }
    }
  ]
}
`);
});

test("a monitor prints lines and events until the agent ends", async () => {
  const { streams, starter, host } = await agent();
  const watched = call(streams, "monitor");
  await settle();
  starter.node.emit({
    type: "user",
    lamportTime: 200n,
    name: "deploy",
    payload: Uint8Array.of(118, 49),
    coalesce: false,
  });
  await settle();
  host.signal("SIGTERM");
  const { code, stdout } = await watched;
  expect(code).toBe(1);
  expect(stdout.startsWith("2026/11/23 10:34:05 [INFO] agent: Serf agent starting\n")).toBe(true);
  expect(stdout).toContain(`Event Info:
	Coalesce: false
	Event: "user"
	LTime: 0xc8
	Name: "deploy"
	Payload: []byte{0x76, 0x31}
`);
  expect(
    stdout.endsWith(
      "\n\nRemote side ended the monitor! This usually means that the\nremote side has exited or crashed.\n",
    ),
  ).toBe(true);
});

test("names and tags of members cannot forge lines or move the cursor, except in JSON", async () => {
  const { streams, starter } = await agent();
  const evil = "x\u001b[2J\u202e\ny  10.0.0.1:1  alive";
  starter.node.others = [{ ...starter.node.local, name: evil, tags: { role: "\u009b1m" } }];
  const shown = "x\\x1b[2J\\u202e\\ny  10.0.0.1:1  alive";
  const { stdout } = await call(streams, "members");
  expect(stdout.split("\n").slice(1)).toEqual([`${shown}  127.0.0.41:17946  alive  role=\\u009b1m`, ""]);
  const json = JSON.parse((await call(streams, "members -format=json")).stdout);
  expect(json.members[1].name).toBe(evil);
});

test("events cannot forge lines of the log, on the agent's terminal and in monitors", async () => {
  const { streams, starter, host } = await agent();
  const name = "x\n2026/11/26 00:00:00 [ERR] serf: forged\u001b[2J";
  const payload = new Uint8Array(0);
  const { fake, printed } = begin(streams, ["monitor"]);
  while (fake.stdout === "") await settle();
  starter.node.emit({ type: "user", name, payload, lamportTime: 1n, coalesce: false });
  await settle();
  const line =
    "[INFO] agent: Received event: user-event: x\\n2026/11/26 00:00:00 [ERR] serf: forged\\x1b[2J\n";
  expect(host.stdout).toContain(line);
  expect(fake.stdout).toContain(line);
  expect(`${host.stdout}${fake.stdout}`).not.toMatch(/^2026\/11\/26/m);
  expect(`${host.stdout}${fake.stdout}`).not.toContain("\u001b");
  fake.signal("SIGINT");
  await printed;
});

test("what fails in a timer of the agent is logged once, and the agent goes on", async () => {
  const { streams, host } = await agent();
  const memory = (): never => {
    throw new Error("EMFILE: too many open files");
  };
  Object.assign(host.host, { memory });
  await host.clock.advance(35_000);
  expect(host.stdout.match(/\[ERR\] agent: Failure in a timer: EMFILE: too many open files\n/g)).toHaveLength(
    1,
  );
  Object.assign(host.host, { memory: () => ({ used: 7, resident: 8 }) });
  await host.clock.advance(11_000);
  host.signal("SIGUSR1");
  expect(host.stderr).toContain("runtime.alloc_bytes': 7.000");
  expect(host.stderr.match(/background_failure': Count: 1/g)).toHaveLength(4);
  expect((await call(streams, "members")).stdout).toContain("node-b");
});

test("a command ends when nobody reads its output any more", async () => {
  const { streams, starter } = await agent();
  const { fake, printed } = begin(streams, ["monitor"]);
  const ended = printed.catch((error: Error) => error.message);
  while (fake.stdout === "") await settle();
  Object.assign(fake.terminal, { write: async () => false });
  const payload = new Uint8Array(0);
  starter.node.emit({ type: "user", name: "x", payload, lamportTime: 1n, coalesce: false });
  expect(await ended).toBe("exit 141");
});
