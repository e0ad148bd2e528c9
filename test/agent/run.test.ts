import { describe, expect, test } from "vitest";
import { runAgent } from "../../src/agent/run.ts";
import { readConfig } from "../../src/cli/commands/agent.ts";
import { SerfError } from "../../src/errors.ts";
import { RpcClient } from "../../src/rpc/client/client.ts";
import { FakeRuntime, FakeStart, member, settle } from "./fakes.ts";

const baseFlags = ["-node=n1", "-bind=127.0.0.41:17946", "-rpc-addr=127.0.0.41:17373"];

interface Started {
  readonly fake: FakeRuntime;
  readonly starter: FakeStart;
  readonly exit: Promise<number>;
}

async function start(
  flags: readonly string[],
  prepare: (starter: FakeStart, fake: FakeRuntime) => void = () => undefined,
): Promise<Started> {
  const fake = new FakeRuntime();
  const starter = new FakeStart();
  prepare(starter, fake);
  const exit = runAgent(
    async () => await readConfig([...baseFlags, ...flags], fake.runtime.files),
    fake.runtime,
    starter.start,
  );
  await settle();
  return { fake, starter, exit };
}

const runningText = `==> Starting Serf agent...
==> Starting Serf agent RPC...
==> Serf agent running!
                      Node name: 'n1'
                      Bind addr: '127.0.0.41:17946'
                       RPC addr: '127.0.0.41:17373'
                      Encrypted: false
                       Snapshot: false
                        Profile: lan
    Message Compression Enabled: true
`;

const streamingText = `
==> Log data will now stream in as it occurs:

    2026/11/23 10:34:05 [INFO] agent: Serf agent starting
`;

describe("an agent that cannot start prints why", () => {
  test.each([
    ["a tag without =", ["-tag", "bad"], "Error: Invalid tag: 'bad'"],
    ["a tag without key", ["-tag", "=v"], "Error: Invalid tag: '=v'"],
    ["a duration without unit", ["-retry-interval=5"], 'Error: time: missing unit in duration "5"'],
    ["no duration at all", ["-broadcast-timeout=abc"], 'Error: time: invalid duration "abc"'],
    [
      "an interface that is not there",
      ["-iface=nosuch0"],
      "Invalid network interface: route ip+net: no such network interface",
    ],
    [
      "an interface for mDNS without a cluster to look for",
      ["-mdns-iface=nosuch0"],
      "mDNS interface specified without enabling mDNS discovery",
    ],
    [
      "an interface for mDNS that is not there",
      ["-discover=c", "-mdns-iface=nosuch0"],
      "Invalid mDNS network interface: route ip+net: no such network interface",
    ],
    [
      "a question that nobody may hear",
      ["-discover=c", "-mdns-disable-ipv4", "-mdns-disable-ipv6"],
      "Invalid mDNS configuration: both IPv4 and IPv6 are disabled",
    ],
    [
      "an unknown log level",
      ["-log-level=bogus"],
      "Invalid log level: BOGUS. Valid log levels are: [TRACE DEBUG INFO WARN ERR]",
    ],
    ["no host to join", ["-join="], 'Invalid join address "": missing host'],
    ["one host of two to join", ["-join=a", "-join=:7946"], 'Invalid join address ":7946": missing host'],
    ["no host to join later", ["-retry-join=n/"], 'Invalid retry-join address "n/": missing host'],
    ["IPv6 without brackets", ["-bind=::1"], "Invalid bind address: address ::1: too many colons in address"],
    [
      "a port beyond the last",
      ["-bind=127.0.0.41:99999"],
      "Invalid bind address: address 99999: invalid port",
    ],
    [
      "a name that does not resolve",
      ["-bind=999.1.1.1"],
      "Invalid bind address: lookup 999.1.1.1: no such host",
    ],
    [
      "the same for the advertised one",
      ["-advertise=nosuch.invalid:1"],
      "Invalid advertise address: lookup nosuch.invalid: no such host",
    ],
    ["an address of another interface", ["-iface=lo"], "Interface 'lo' has no '127.0.0.41' address"],
    [
      "only link-local addresses",
      ["-iface=ll0", "-bind=0.0.0.0"],
      "Failed to find usable address for interface 'll0'",
    ],
    [
      "a key that is no base64",
      ["-encrypt=!!"],
      "Invalid encryption key: illegal base64 data at input byte 0",
    ],
    ["an unknown profile", ["-profile=x"], "Unknown profile: x"],
  ])("%s", async (_name, flags, text) => {
    const { fake, exit } = await start(flags);
    expect(await exit).toBe(1);
    expect(fake.stdout).toBe(`==> ${text}\n`);
  });

  test.each([
    [
      "two kinds of keys",
      ["-encrypt=AAAA", "-keyring-file=k"],
      "Encryption key not allowed while using a keyring",
    ],
    ["no keyring file", ["-keyring-file=nosuch"], "stat nosuch: no such file or directory"],
    ["an empty keyring", ["-keyring-file=empty"], "Keyring file contains no keys"],
    [
      "a keyring of other things",
      ["-keyring-file=bad"],
      "Failed to decode key from keyring: illegal base64 data at input byte 0",
    ],
    [
      "an empty keyring file",
      ["-keyring-file=blank"],
      "Failed to decode keyring file: unexpected end of JSON input",
    ],
  ])("%s", async (_name, flags, text) => {
    const { fake, exit } = await start(flags, (_starter, runtime) => {
      runtime.files.set("empty", "[]").set("bad", '["!!"]').set("blank", "");
    });
    expect(await exit).toBe(1);
    expect(fake.stdout).toBe(`==> Starting Serf agent...\n==> Failed to setup the Serf agent: ${text}\n`);
  });

  test("a node that fails to start", async () => {
    const { fake, exit } = await start([], (starter) => {
      starter.failure = new SerfError(
        "ERR_OPTION",
        "Protocol version '6' too high. Must be in range: [2, 5]",
      );
    });
    expect(await exit).toBe(1);
    expect(fake.stdout).toBe(
      "==> Starting Serf agent...\n==> Failed to start the Serf agent: Error creating Serf: Protocol version '6' too high. Must be in range: [2, 5]\n",
    );
  });

  test.each([
    ["in a pipe prints what Serf prints", null, ""],
    [
      "in a terminal also says what to do",
      80,
      "    Another program uses this address, probably another agent. Stop that one, or give this one\n" +
        "    other addresses with -bind and -rpc-addr.\n",
    ],
  ])("an RPC address in use, after the node has started, %s", async (_what, columns, advice) => {
    const streams = new FakeRuntime();
    await streams.streams.listen({ host: "127.0.0.41", port: 17373 }, () => undefined);
    const fake = new FakeRuntime([], {}, streams.streams);
    const starter = new FakeStart();
    const runtime = { ...fake.runtime, terminal: { ...fake.runtime.terminal, columns } };
    const exit = runAgent(async () => await readConfig(baseFlags, runtime.files), runtime, starter.start);
    expect(await exit).toBe(1);
    expect(fake.stdout).toBe(
      `==> Starting Serf agent...\n==> Error starting RPC listener: listen tcp 127.0.0.41:17373: bind: address already in use\n${advice}`,
    );
    expect(starter.node.calls).toEqual(["shutdown"]);
  });

  test("no address to join, and the log is lost", async () => {
    const { fake, exit } = await start(["-join=127.0.0.99:17946"]);
    expect(await exit).toBe(1);
    expect(fake.stdout).toBe(`${runningText}==> Joining cluster...(replay: false)
==> 1 error occurred:
	* failed to join 127.0.0.99:17946: dial tcp 127.0.0.99:17946: connect: connection refused


`);
  });
});

test("warnings do not stop the agent, and its output shows interface and advertised address", async () => {
  const { fake, starter } = await start([
    "-role=web",
    "-retry-interval=10ms",
    "-broadcast-timeout=10ms",
    "-iface=eth0",
    "-bind=0.0.0.0:1",
    "-advertise=127.0.0.77",
  ]);
  expect(
    fake.stdout.split("==> Starting Serf agent RPC")[0],
  ).toBe(`==> Deprecation warning: 'Role' has been replaced with 'Tags'
==> Warning: 'RetryInterval' is too low. Setting to 1s
==> Warning: 'BroadcastTimeout' is too low. Setting to 1s
==> Using interface 'eth0' address '10.0.0.5'
==> Starting Serf agent...
`);
  expect(fake.stdout).toContain(
    "                      Bind addr: '10.0.0.5:1'\n    Advertise addr: '127.0.0.77:7946'\n",
  );
  expect(starter.node.options).toMatchObject({
    name: "n1",
    bind: "10.0.0.5:1",
    advertise: "127.0.0.77:7946",
    tags: { role: "web" },
    broadcastTimeoutMs: 1000,
  });
});

test("discovery shows its cluster, joins the agents it finds, and stops at a leave", async () => {
  const calls: string[] = [];
  const { fake, exit } = await start(
    ["-discover=mycl", "-iface=eth0", "-bind=10.0.0.5:17946"],
    (starter, fake) => {
      starter.prepare = (node) => node.reachable.add("10.0.0.6:17946");
      fake.multicast = {
        open: async ({ interface: name }, handler) => {
          calls.push(`open ${name}`);
          return {
            ask: async ({ name: service }) => {
              calls.push(`ask ${service}`);
              handler.answered([
                {
                  name: `two.${service}`,
                  ttl: 120,
                  type: "SRV",
                  priority: 10,
                  weight: 1,
                  port: 17946,
                  target: "h",
                },
                { name: "h", ttl: 120, type: "A", address: "10.0.0.6" },
              ]);
            },
            close: async () => {
              calls.push(`close, node is ${starter.node.state}`);
            },
          };
        },
      };
    },
  );
  // The module is imported first, however long that takes.
  while (!fake.stdout.includes("Log data")) await settle();
  await fake.clock.advance(100);
  expect(fake.stdout).toContain(
    "    Message Compression Enabled: true\n                   mDNS cluster: mycl\n\n",
  );
  expect(fake.stdout.slice(fake.stdout.indexOf("    2026")).replaceAll(/^ *\S+ \S+ /gm, "")).toBe(
    `[INFO] agent: Serf agent starting
[INFO] agent: Starting mDNS listener on interface eth0
[INFO] agent: joining: [10.0.0.6:17946] replay: false
[INFO] agent: joined: 1 nodes
[INFO] agent.mdns: Joined 1 hosts
`,
  );
  fake.signal("SIGINT");
  expect(await exit).toBe(0);
  expect(calls.slice(0, 3)).toEqual(["open eth0", "ask _serf_mycl._tcp.local", "close, node is alive"]);
});

test("an agent whose runtime has no multicast DNS does not start with -discover", async () => {
  const { fake, starter, exit } = await start(["-discover=mycl"]);
  expect(await exit).toBe(1);
  expect(fake.stdout).toBe(
    "==> Starting Serf agent...\n==> Error starting mDNS listener: this runtime has no multicast DNS\n",
  );
  expect(starter.node.calls).toEqual(["shutdown"]);
});

describe("signals", () => {
  test("an interrupt leaves gracefully and exits 0", async () => {
    const { fake, starter, exit } = await start([]);
    fake.signal("SIGINT");
    expect(await exit).toBe(0);
    expect(starter.node.calls).toEqual(["leave", "shutdown"]);
    expect(fake.keepsHeapSmall).toBe(true);
    expect(fake.stdout).toBe(`${runningText}${streamingText}==> Caught signal: interrupt
==> Gracefully shutting down agent...
    2026/11/23 10:34:05 [INFO] agent: requesting graceful leave from Serf
    2026/11/23 10:34:05 [INFO] agent: Received event: member-leave
    2026/11/23 10:34:05 [INFO] agent: requesting serf shutdown
    2026/11/23 10:34:05 [INFO] agent: shutdown complete
`);
    expect(fake.listening("SIGINT")).toBe(0);
  });

  test("a termination exits 1 without leaving", async () => {
    const { fake, starter, exit } = await start([]);
    fake.signal("SIGTERM");
    expect(await exit).toBe(1);
    expect(starter.node.calls).toEqual(["shutdown"]);
    expect(fake.stdout).toContain(
      "==> Caught signal: terminated\n    2026/11/23 10:34:05 [INFO] agent: requesting serf shutdown\n",
    );
  });

  test("events that the node held back until it stopped run no handlers", async () => {
    const { fake, exit } = await start([], (starter) => {
      starter.prepare = (node) => {
        const shutdown = node.shutdown.bind(node);
        node.shutdown = async () => {
          node.emit({ type: "member-join", members: [node.local] });
          await settle();
          await shutdown();
        };
      };
    });
    fake.signal("SIGTERM");
    expect(await exit).toBe(1);
    expect(fake.stdout).not.toContain("Received event");
  });

  test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("%s during a leave ends it with 1", async (signal) => {
    const { fake, exit } = await start([], (starter) => {
      starter.prepare = (node) => {
        node.leaving = new Promise(() => undefined);
      };
    });
    fake.signal("SIGINT");
    await settle();
    fake.signal(signal);
    expect(await exit).toBe(1);
  });

  test("a leave that takes more than three seconds exits 1", async () => {
    const { fake, exit } = await start([], (starter) => {
      starter.prepare = (node) => {
        node.leaving = new Promise(() => undefined);
      };
    });
    fake.signal("SIGINT");
    await fake.clock.advance(2999);
    expect(fake.stdout).not.toContain("requesting serf shutdown");
    await fake.clock.advance(1);
    expect(await exit).toBe(1);
  });

  test("a hangup puts the configured tags back", async () => {
    const { fake, starter, exit } = await start(["-tag", "a=1"]);
    await starter.node.setTags({ other: "2" });
    fake.signal("SIGHUP");
    await settle();
    expect(starter.node.local.tags).toEqual({ a: "1" });
    expect(fake.stdout.endsWith("==> Caught signal: hangup\n==> Reloading configuration...\n")).toBe(true);
    fake.signal("SIGTERM");
    expect(await exit).toBe(1);
  });
});

test("a reload that fails keeps the old settings, and a bad log level does not stop the tags", async () => {
  const fake = new FakeRuntime();
  const starter = new FakeStart();
  let flags: string[] = ["-tag", "a=1"];
  const exit = runAgent(
    async () => await readConfig([...baseFlags, ...flags], fake.runtime.files),
    fake.runtime,
    starter.start,
  );
  await settle();
  flags = ["-tag", "bad"];
  fake.signal("SIGHUP");
  await settle();
  flags = ["-log-level=bogus", "-tag", "a=2"];
  fake.signal("SIGHUP");
  await settle();
  flags = ["-tag", `a=${"x".repeat(600)}`];
  fake.signal("SIGHUP");
  await settle();
  expect(fake.stdout.split("agent starting\n")[1]).toBe(`==> Caught signal: hangup
==> Reloading configuration...
==> Error: Invalid tag: 'bad'
==> Failed to reload configs
==> Caught signal: hangup
==> Reloading configuration...
==> Invalid log level: BOGUS. Valid log levels are: [TRACE DEBUG INFO WARN ERR]
==> Caught signal: hangup
==> Reloading configuration...
==> Failed to update tags: Encoded length of tags exceeds limit of 512 bytes
`);
  expect(starter.node.local.tags).toEqual({ a: "2" });
  fake.signal("SIGTERM");
  expect(await exit).toBe(1);
});

test("retrying to join stops after one attempt more than the maximum", async () => {
  const { fake, exit } = await start(["-retry-join=127.0.0.99:17946", "-retry-interval=1s", "-retry-max=2"]);
  await fake.clock.advance(2000);
  expect(await exit).toBe(1);
  const log = fake.stdout.split("agent starting\n")[1]!;
  expect(log.match(/Joining cluster/g)).toHaveLength(3);
  expect(
    log.startsWith(`    2026/11/23 10:34:05 [INFO] agent: Joining cluster...(replay: false)
    2026/11/23 10:34:05 [INFO] agent: joining: [127.0.0.99:17946] replay: false
    2026/11/23 10:34:05 [WARN] agent: error joining: 1 error occurred:
	* failed to join 127.0.0.99:17946: dial tcp 127.0.0.99:17946: connect: connection refused

    2026/11/23 10:34:05 [WARN] agent: Join failed: 1 error occurred:
	* failed to join 127.0.0.99:17946: dial tcp 127.0.0.99:17946: connect: connection refused

, retrying in 1s
`),
  ).toBe(true);
  expect(log).toContain("[ERR] agent: maximum retry join attempts made, exiting\n");
});

test("retrying to join continues until it succeeds", async () => {
  const { fake, starter } = await start(["-retry-join=127.0.0.52:17946", "-retry-interval=1s"]);
  await fake.clock.advance(1000);
  starter.node.reachable.add("127.0.0.52:17946");
  await fake.clock.advance(5000);
  expect(fake.stdout.match(/Join failed/g)).toHaveLength(2);
  expect(fake.stdout).toContain("[INFO] agent: joined: 1 nodes\n");
  expect(fake.stdout).toContain("[INFO] agent: Join completed. Synced with 1 initial agents\n");
});

test("a node that stops by itself ends the agent with 0", async () => {
  const { fake, starter, exit } = await start([]);
  starter.node.halt();
  expect(await exit).toBe(0);
  expect(fake.stdout).toContain("[WARN] agent: Serf shutdown detected, quitting\n");
});

test("events are logged and streamed at once; the node coalesces bursts", async () => {
  const { fake, starter } = await start([]);
  expect(starter.node.options).toMatchObject({
    coalesceMs: 3000,
    quiescentMs: 1000,
    userCoalesceMs: 3000,
    userQuiescentMs: 1000,
  });
  const client = await RpcClient.connect(fake.runtime, { address: "127.0.0.41:17373" });
  const events = await client.stream("member-join");
  starter.node.emit({
    type: "member-join",
    members: [member("n1", "127.0.0.41"), member("n2", "127.0.0.42")],
  });
  await settle();
  expect(fake.stdout.match(/agent: Received event: member-join/g)).toHaveLength(1);
  const { value } = await events.next();
  expect(value.members.map((joined: { name: string }) => joined.name)).toEqual(["n1", "n2"]);
});

test("-snapshot and -rejoin reach the node and are shown", async () => {
  const { fake, starter } = await start(["-snapshot=/var/lib/serf/snapshot", "-rejoin"]);
  expect(starter.node.options).toMatchObject({
    snapshotPath: "/var/lib/serf/snapshot",
    rejoinAfterLeave: true,
  });
  expect(fake.stdout).toContain("                       Snapshot: true\n");
  expect(fake.stdout).not.toContain("Warning");
});

test("-rejoin without a snapshot logs a warning", async () => {
  const { fake, exit } = await start(["-rejoin"]);
  expect(fake.stdout).toMatch(/^==> Warning: 'RejoinAfterLeave' enabled without snapshot file\n==> Starting/);
  fake.signal("SIGTERM");
  expect(await exit).toBe(1);
});

test("a leave by RPC is answered before the agent exits 0", async () => {
  const { fake, exit } = await start([]);
  const client = await RpcClient.connect(fake.runtime, { address: "127.0.0.41:17373" });
  await client.leave();
  expect(await exit).toBe(0);
  await expect(client.members()).rejects.toThrow("client closed");
  const order = [
    "Accepted client: 127.0.0.1:40000",
    "Graceful leave triggered",
    "requesting graceful leave from Serf",
    "requesting serf shutdown",
  ];
  const places = order.map((text) => fake.stdout.indexOf(text));
  expect(places).toEqual([...places].sort((a, b) => a - b));
  expect(places[0]).toBeGreaterThan(0);
});
