import { describe, expect, test } from "vitest";
import { runAgent } from "../../../src/agent/run.ts";
import { readConfig } from "../../../src/cli/commands/agent.ts";
import { RpcClient } from "../../../src/rpc/client/client.ts";
import { FakeRuntime, FakeStart, settle } from "../fakes.ts";

const where = ["-node=n1", "-bind=127.0.0.41:17946", "-rpc-addr=127.0.0.41:17373", "-config-file=c.json"];

async function start(config: object | string, ...flags: string[]) {
  const fake = new FakeRuntime();
  const starter = new FakeStart();
  const set = (value: object | string): void => {
    fake.files.set("c.json", typeof value === "string" ? value : JSON.stringify(value));
  };
  set(config);
  const read = async () => await readConfig([...where, ...flags], fake.runtime.files);
  const exit = runAgent(read, fake.runtime, starter.start);
  await settle();
  return { fake, starter, exit, set };
}

describe("settings of a configuration file", () => {
  test("are passed to the node", async () => {
    const { starter } = await start({
      reconnect_interval: "1s",
      reconnect_timeout: "2m",
      tombstone_timeout: "3h",
      broadcast_timeout: "4s",
      disable_name_resolution: true,
      validate_node_names: true,
      user_event_size_limit: 600,
      query_size_limit: 700,
      query_response_size_limit: 800,
      label: "blue",
      allowed_cidrs: ["127.0.0.0/8"],
      verify_incoming: false,
      verify_outgoing: false,
      eager_gossip: false,
      dead_node_reclaim_time: "5s",
      crash_hold_time: "300ms",
      coalesce_period: "6s",
      quiescent_period: "7s",
      user_coalesce_period: "8s",
      user_quiescent_period: "0s",
      protocol: 4,
    });
    expect(starter.node.options).toMatchObject({
      reconnectIntervalMs: 1000,
      reconnectTimeoutMs: 120_000,
      tombstoneTimeoutMs: 10_800_000,
      broadcastTimeoutMs: 4000,
      enableNameConflictResolution: false,
      validateNodeNames: true,
      userEventSizeLimit: 600,
      querySizeLimit: 700,
      queryResponseSizeLimit: 800,
      label: "blue",
      allowedCidrs: ["127.0.0.0/8"],
      verifyIncoming: false,
      verifyOutgoing: false,
      eagerGossip: false,
      deadNodeReclaimMs: 5000,
      crashHoldMs: 300,
      coalesceMs: 6000,
      quiescentMs: 7000,
      userCoalesceMs: 8000,
      userQuiescentMs: 0,
      protocol: 4,
    });
  });

  test("require a token from RPC clients", async () => {
    const { fake } = await start({ rpc_auth: "secret" });
    const address = "127.0.0.41:17373";
    await expect(RpcClient.connect(fake.runtime, { address, token: "wrong" })).rejects.toThrow(
      "Invalid authentication token",
    );
    (await RpcClient.connect(fake.runtime, { address, token: "secret" })).close();
  });

  test("choose the format of log lines", async () => {
    const { fake } = await start({ log_format: "json" });
    const line = fake.stdout.split("\n").find((text) => text.startsWith("{")) ?? "";
    expect(JSON.parse(line)).toEqual({
      time: new Date(fake.clock.wallTime()).toISOString(),
      level: "INFO",
      component: "agent",
      text: "Serf agent starting",
    });
  });

  test.each([
    [{ log_format: "xml" }, "==> Invalid log format: xml. Valid log formats are: [text json]\n"],
    [{ event_handlers: ["bogus=x.sh"] }, "==> Invalid event script: Event 'bogus' invoking 'x.sh'\n"],
    [{ mdns: { interface: "lo" } }, "==> mDNS interface specified without enabling mDNS discovery\n"],
    [
      { tags_file: "t.json", tags: { a: "1" } },
      "==> Failed to setup the Serf agent: Tags config not allowed while using tag files\n",
    ],
  ])("stop the agent if they are wrong: %j", async (config, text) => {
    const { fake, exit } = await start(config);
    expect(await exit).toBe(1);
    expect(fake.stdout.replace("==> Starting Serf agent...\n", "")).toBe(text);
  });

  test("list their handlers in the statistics, and the new handlers after a reload", async () => {
    const { fake, set } = await start({ event_handlers: ["user=echo one"] });
    const client = await RpcClient.connect(fake.runtime, { address: "127.0.0.41:17373" });
    const handlers = async () => new Map((await client.stats()).get("event_handlers"));
    expect(await handlers()).toEqual(new Map([["user:", "echo one"]]));
    set({ event_handlers: ["user=echo two"], leave_on_terminate: true });
    fake.signal("SIGHUP");
    await settle();
    expect(await handlers()).toEqual(new Map([["user:", "echo two"]]));
  });

  test("are applied by a reload where that is possible", async () => {
    const { fake, starter, exit, set } = await start({ tags: { a: "1" } });
    set({ node_name: "renamed", tags: { a: "2", b: "3" }, leave_on_terminate: true });
    fake.signal("SIGHUP");
    await settle();
    expect(starter.node.local.tags).toEqual({ a: "2", b: "3" });
    set('{"nosuch": 1}');
    fake.signal("SIGHUP");
    await settle();
    expect(fake.stdout).toContain(
      "==> Error decoding 'c.json': decoding failed due to the following error(s):\n\n'' has invalid keys: nosuch\n==> Failed to reload configs\n",
    );
    fake.signal("SIGTERM");
    expect(await exit).toBe(0);
  });

  test("cannot override the tags of a tags file at a reload", async () => {
    const { fake, starter, set } = await start({ tags_file: "t.json" });
    await starter.node.setTags({ kept: "1" });
    fake.signal("SIGHUP");
    await settle();
    expect(starter.node.local.tags).toEqual({ kept: "1" });
    set({ tags_file: "t.json", tags: { a: "1" } });
    fake.signal("SIGHUP");
    await settle();
    expect(starter.node.local.tags).toEqual({ kept: "1" });
    expect(fake.stdout).toContain(
      "==> Failed to update tags: Tags config not allowed while using tag files\n",
    );
  });
});
