import { describe, expect, test } from "vitest";
import { AgentLog } from "../../../src/agent/log/log.ts";
import { Telemetry } from "../../../src/agent/telemetry/telemetry.ts";
import type { Address, DatagramSocket, Runtime } from "../../../src/runtime.ts";
import { SystemError } from "../../../src/runtime.ts";
import { FakeRuntime } from "../fakes.ts";

/** Telemetry with servers in memory. */
class Measured {
  readonly fake: FakeRuntime = new FakeRuntime();
  readonly log: AgentLog = new AgentLog(this.fake.clock);
  readonly datagrams: { to: Address; text: string }[] = [];
  readonly streams: { to: Address; text: string; closed: boolean }[] = [];
  refused = false;
  memoryReads = 0;
  readonly telemetry: Telemetry;

  constructor(statsdAddr = "", statsiteAddr = "") {
    const { host } = this.fake.runtime;
    const runtime = {
      ...this.fake.runtime,
      host: {
        ...host,
        memory: () => {
          this.memoryReads += 1;
          return host.memory();
        },
      },
      datagrams: {
        bind: async (): Promise<DatagramSocket> => ({
          local: { host: "::", port: 1 },
          dropped: 0,
          send: (to, bytes) => this.datagrams.push({ to, text: new TextDecoder().decode(bytes) }),
          close: async () => undefined,
        }),
      },
      streams: {
        connect: async (to: Address) => {
          if (this.refused) throw new SystemError("ECONNREFUSED", "connect", "refused");
          const stream = { to, text: "", closed: false };
          this.streams.push(stream);
          return {
            write: async (bytes: Uint8Array) => {
              stream.text += new TextDecoder().decode(bytes);
            },
            close: () => {
              stream.closed = true;
            },
          };
        },
      },
    } as unknown as Runtime;
    this.telemetry = Telemetry.start({ statsdAddr, statsiteAddr }, runtime, this.log);
  }

  get lines(): string[] {
    return this.log.recent().map(({ text }) => text.slice("2026/11/23 10:34:05 ".length));
  }
}

describe("an agent's measurements", () => {
  test("are sent as lines of statsd and statsite, gauges with the host name", async () => {
    const { telemetry, fake, datagrams, streams } = new Measured("127.0.0.1:8125", "localhost:8126");
    telemetry.incr("memberlist.udp.sent", 129);
    telemetry.sample("memberlist.gossip", 0.26114);
    telemetry.gauge("memberlist.node.instances.alive", 1);
    telemetry.incr("serf.events.a b:c|d\ne", 1);
    await fake.clock.advance(100);
    const text =
      "serf-agent.memberlist.udp.sent:129.000000|c\n" +
      "serf-agent.memberlist.gossip:0.261140|ms\n" +
      "serf-agent.host1.memberlist.node.instances.alive:1.000000|g\n" +
      "serf-agent.serf.events.a_b_c|d_e:1.000000|c\n";
    expect(datagrams).toEqual([{ to: { host: "127.0.0.1", port: 8125 }, text }]);
    expect(streams).toEqual([{ to: { host: "127.0.0.1", port: 8126 }, text, closed: false }]);
    await telemetry.close();
    expect(streams[0]?.closed).toBe(true);
  });

  test("are printed to standard error at SIGUSR1, until the agent ends", async () => {
    const { telemetry, fake } = new Measured();
    telemetry.gauge("a", 1);
    fake.signal("SIGUSR1");
    expect(fake.stderr).toBe("");
    await fake.clock.advance(10_000);
    fake.signal("SIGUSR1");
    expect(fake.stderr).toMatch(/^\[2026-11-23 .*\]\[G\] 'serf-agent\.a': 1\.000$/m);
    expect(fake.stdout).toBe("");
    await telemetry.close();
    expect(fake.listening("SIGUSR1")).toBe(0);
  });

  test("contain the host name only in gauges that are sent", async () => {
    const { telemetry, fake } = new Measured("127.0.0.1:8125");
    telemetry.gauge("a", 1);
    telemetry.incr("b", 1);
    await fake.clock.advance(10_000);
    fake.signal("SIGUSR1");
    expect(fake.stderr).toContain("'serf-agent.host1.a': 1.000");
    expect(fake.stderr).toContain("'serf-agent.b': Count");
    await telemetry.close();
  });

  test("include the memory of the process, every second", async () => {
    const { telemetry, fake, datagrams } = new Measured("127.0.0.1:8125");
    await fake.clock.advance(3_100);
    const sent = datagrams.map(({ text }) => text).join("");
    expect(sent.match(/runtime\.alloc_bytes:1000\.000000\|g/g)).toHaveLength(3);
    expect(sent.match(/runtime\.sys_bytes:2000\.000000\|g/g)).toHaveLength(3);
    await telemetry.close();
  });

  test("include the memory once in each interval of ten seconds if no server gets it", async () => {
    const measured = new Measured();
    for (let interval = 0; interval < 5; interval++) {
      const before = measured.memoryReads;
      await measured.fake.clock.advance(10_000);
      expect(measured.memoryReads - before).toBe(1);
    }
    measured.fake.signal("SIGUSR1");
    expect(measured.fake.stderr.match(/runtime\.alloc_bytes': 1000\.000/g)).toHaveLength(5);
    expect(measured.fake.stderr.match(/runtime\.sys_bytes': 2000\.000/g)).toHaveLength(5);
    await measured.telemetry.close();
    await measured.fake.clock.advance(20_000);
    expect(measured.memoryReads).toBe(5);
  });

  test("include the memory after the first second", async () => {
    const measured = new Measured();
    await measured.fake.clock.advance(1_000);
    expect(measured.memoryReads).toBe(1);
    await measured.telemetry.close();
  });

  test("continue without a server, and one line logs that it is missing", async () => {
    const measured = new Measured("nosuchhost:8125", "127.0.0.1:8126");
    measured.refused = true;
    for (let second = 0; second < 20; second++) {
      measured.telemetry.incr("a", 1);
      await measured.fake.clock.advance(1_000);
    }
    expect([...measured.lines].sort()).toEqual([
      "[ERR] agent: Error connecting to statsd! Err: dial udp: lookup nosuchhost: no such host",
      "[ERR] agent: Error connecting to statsite! Err: dial tcp 127.0.0.1:8126: connect: connection refused",
    ]);
    measured.refused = false;
    await measured.fake.clock.advance(6_000);
    expect(measured.lines.at(-1)).toBe("[INFO] agent: Connected to statsite again");
    await measured.telemetry.close();
  });

  test.each([
    ["nowhere", "", "statsd sink. Got: address nowhere: missing port in address"],
    ["", "::1:8126", "statsite sink. Got: address ::1:8126: too many colons in address"],
    ["h:99999", "", "statsd sink. Got: address 99999: invalid port"],
    ["h:stats", "", "statsd sink. Got: address udp/stats: unknown port"],
  ])("reject the addresses %j and %j", (statsd, statsite, text) => {
    expect(() => new Measured(statsd, statsite)).toThrow(`Failed to start ${text}`);
  });

  test("log one warning when names are dropped", async () => {
    const measured = new Measured();
    for (let index = 0; index < 3_000; index++) measured.telemetry.incr(`serf.events.${index}`, 1);
    expect(measured.lines).toEqual(["[WARN] agent: Telemetry keeps 1024 names, further ones are lost"]);
    await measured.telemetry.close();
  });
});
