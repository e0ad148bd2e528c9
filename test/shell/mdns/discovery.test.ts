import { describe, expect, it } from "vitest";
import type { Member } from "../../../src/core/serf/api.ts";
import { SerfError } from "../../../src/errors.ts";
import type {
  DnsQuestion,
  DnsRecord,
  Multicast,
  MulticastHandler,
  MulticastOptions,
} from "../../../src/host/multicast.ts";
import { SystemError } from "../../../src/runtime.ts";
import {
  Discovery,
  type DiscoveryRuntime,
  type DiscoverySettings,
} from "../../../src/shell/mdns/discovery.ts";
import { FakeRuntime, member, settle } from "../../agent/fakes.ts";

const minuteMs = 60_000;

/** An agent on a network where the test plays all other hosts. */
class Stage {
  readonly fake: FakeRuntime = new FakeRuntime();
  readonly asked: { question: DnsQuestion; id: number; at: number }[] = [];
  readonly joins: string[][] = [];
  readonly log: string[] = [];
  readonly members: Member[] = [member("one", "10.0.0.1")];
  options: MulticastOptions | null = null;
  handler: MulticastHandler | null = null;
  closed = false;
  openFailure: Error | null = null;
  askFailure: Error | null = null;
  /** The outcome of a join. */
  joining: (addresses: readonly string[]) => Promise<number> = async (addresses) => addresses.length;

  readonly #multicast: Multicast = {
    open: async (options, handler) => {
      if (this.openFailure !== null) throw this.openFailure;
      this.options = options;
      this.handler = handler;
      return {
        ask: async (question, id) => {
          this.asked.push({ question, id, at: this.fake.clock.now() });
          if (this.askFailure !== null) throw this.askFailure;
        },
        close: async () => {
          this.closed = true;
        },
      };
    },
  };

  async start(config: Partial<DiscoverySettings> = {}, runtime?: DiscoveryRuntime): Promise<Discovery> {
    const agent = {
      join: async (addresses: readonly string[], replay: boolean) => {
        this.joins.push(replay ? ["replay", ...addresses] : [...addresses]);
        return await this.joining(addresses);
      },
      log: (level: string, text: string, component = "agent.ipc") => {
        this.log.push(`[${level}] ${component}: ${text}`);
      },
      members: () => this.members,
    };
    const discovery = await Discovery.start(
      { cluster: "c", interface: undefined, ipv4: true, ipv6: true, replay: false, ...config },
      agent,
      this.members[0]!,
      runtime ?? { ...this.fake.runtime, multicast: async () => this.#multicast },
    );
    await settle();
    return discovery;
  }

  /** Sends a response of another agent. */
  hears(...hosts: string[]): void {
    for (const address of hosts) {
      const records: DnsRecord[] = [
        {
          name: "n._serf_c._tcp.local",
          ttl: 120,
          type: "SRV",
          priority: 0,
          weight: 0,
          port: 17946,
          target: "h",
        },
        { name: "h", ttl: 120, type: "A", address },
      ];
      this.handler!.answered(records);
    }
  }
}

describe("discovery", () => {
  it("sends a question at the start and every minute, until it is closed", async () => {
    const stage = new Stage();
    const discovery = await stage.start();
    await stage.fake.clock.advance(2 * minuteMs);
    const question = { name: "_serf_c._tcp.local", type: "PTR" };
    expect(stage.asked).toEqual([0, minuteMs, 2 * minuteMs].map((at) => ({ question, id: 0x0707, at })));
    await discovery.close();
    await stage.fake.clock.advance(2 * minuteMs);
    expect(stage.asked).toHaveLength(3);
    expect(stage.closed).toBe(true);
    expect(stage.log).toEqual([]);
  });

  it("joins all discovered addresses in one call, 100 ms after the last new one", async () => {
    const stage = new Stage();
    await stage.start({ replay: true });
    stage.hears("10.0.0.2");
    await stage.fake.clock.advance(99);
    stage.hears("10.0.0.3", "10.0.0.2");
    await stage.fake.clock.advance(99);
    stage.hears("10.0.0.3");
    expect(stage.joins).toEqual([]);
    await stage.fake.clock.advance(1);
    expect(stage.joins).toEqual([["replay", "10.0.0.2:17946", "10.0.0.3:17946"]]);
    expect(stage.log).toEqual(["[INFO] agent.mdns: Joined 2 hosts"]);
  });

  it("joins failed members, but neither itself nor alive members", async () => {
    const stage = new Stage();
    stage.members.push(member("two", "10.0.0.2"), member("three", "10.0.0.3", {}, "failed"));
    await stage.start();
    stage.hears("10.0.0.1", "10.0.0.2");
    await stage.fake.clock.advance(100);
    expect(stage.joins).toEqual([]);
    stage.hears("10.0.0.3");
    await stage.fake.clock.advance(100);
    expect(stage.joins).toEqual([["10.0.0.3:17946"]]);
  });

  it("tries an address that failed again after the next question, not before", async () => {
    const stage = new Stage();
    stage.joining = async () => {
      throw new Error("refused");
    };
    await stage.start();
    stage.hears("10.0.0.2");
    await stage.fake.clock.advance(100);
    stage.hears("10.0.0.2");
    await stage.fake.clock.advance(1000);
    expect(stage.joins).toHaveLength(1);
    await stage.fake.clock.advance(minuteMs);
    stage.hears("10.0.0.2");
    await stage.fake.clock.advance(100);
    expect(stage.joins).toEqual([["10.0.0.2:17946"], ["10.0.0.2:17946"]]);
    expect(stage.log).toEqual(Array(2).fill("[ERR] agent.mdns: Failed to join: refused"));
  });

  it("makes one join call after the other", async () => {
    const stage = new Stage();
    const ends: (() => void)[] = [];
    stage.joining = (addresses) =>
      new Promise((resolve) => {
        ends.push(() => resolve(addresses.length));
      });
    await stage.start();
    stage.hears("10.0.0.2");
    await stage.fake.clock.advance(100);
    stage.hears("10.0.0.3");
    await stage.fake.clock.advance(200);
    stage.hears("10.0.0.4");
    await stage.fake.clock.advance(200);
    expect(stage.joins).toEqual([["10.0.0.2:17946"]]);
    ends[0]!();
    await settle();
    expect(stage.joins).toEqual([["10.0.0.2:17946"], ["10.0.0.3:17946", "10.0.0.4:17946"]]);
  });

  it("keeps a bounded number of addresses", async () => {
    const stage = new Stage();
    await stage.start();
    for (let index = 0; index < 5000; index++) stage.hears(`10.1.${index >> 8}.${index & 255}`);
    await stage.fake.clock.advance(100);
    expect(stage.joins.map((join) => join.length)).toEqual([256]);
    await stage.fake.clock.advance(10_000);
    expect(stage.joins).toHaveLength(1);
  });

  it("logs why a question could not be sent, and sends the next one", async () => {
    const stage = new Stage();
    stage.askFailure = new SystemError("ENETUNREACH", "send", "no");
    await stage.start();
    await stage.fake.clock.advance(minuteMs);
    expect(stage.asked).toHaveLength(2);
    expect(stage.log).toEqual(
      Array(2).fill("[ERR] agent.mdns: Failed to poll for new hosts: network is unreachable"),
    );
  });

  it("ignores packets after it is closed", async () => {
    const stage = new Stage();
    const discovery = await stage.start();
    stage.hears("10.0.0.2");
    await discovery.close();
    stage.hears("10.0.0.3");
    await stage.fake.clock.advance(1000);
    expect(stage.joins).toEqual([]);
  });

  it.each([
    [{}, { interface: null, askIpv4: true, askIpv6: true }, []],
    [{ interface: "d0" }, { interface: "d0", askIpv4: true, askIpv6: true }, ["d0"]],
    [{ interface: "d1", ipv4: false }, { interface: "d1", askIpv4: false, askIpv6: true }, ["d1"]],
    [{ ipv6: false }, { interface: null, askIpv4: true, askIpv6: false }, []],
  ])("sends to the groups that the settings %j choose", async (config, options, named) => {
    const stage = new Stage();
    await stage.start(config);
    expect(stage.options).toEqual(options);
    expect(stage.log).toEqual(
      named.map((name) => `[INFO] agent: Starting mDNS listener on interface ${name}`),
    );
  });

  it("responds to other agents", async () => {
    const stage = new Stage();
    await stage.start();
    const answers = stage.handler!.asked({ name: "_serf_c._tcp.local", type: "PTR" });
    expect(answers.map(({ type }) => type)).toEqual(["PTR", "SRV", "A", "TXT"]);
  });

  it("fails to start if no socket opens, or if the name is too long for a question", async () => {
    const stage = new Stage();
    stage.openFailure = new SystemError("EADDRINUSE", "bind", "in use");
    const prefix = "Error starting mDNS listener: ";
    await expect(stage.start()).rejects.toEqual(new SerfError("ERR_BIND", `${prefix}address already in use`));
    await expect(stage.start({ cluster: "a..b" })).rejects.toEqual(
      new SerfError("ERR_OPTION", `${prefix}'a..b' does not fit into a name of DNS`),
    );
    await expect(stage.start({}, stage.fake.runtime)).rejects.toEqual(
      new SerfError("ERR_OPTION", `${prefix}this runtime has no multicast DNS`),
    );
  });
});
