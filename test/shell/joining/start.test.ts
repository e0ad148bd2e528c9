/** What a node does by itself from its start on: joining, looking for its cluster, leaving at a signal. */

import { describe, expect, it } from "vitest";
import { World } from "../../../runtimes/sim/mod.ts";
import type { Multicast, MulticastHandler, MulticastOptions } from "../../../src/host/multicast.ts";
import type { Runtime } from "../../../src/runtime.ts";
import { JoinError } from "../../../src/shell/joining/join.ts";
import type { LogLine } from "../../../src/shell/options/log.ts";
import type { SerfOptions } from "../../../src/shell/options/options.ts";
import { Serf } from "../../../src/shell/serf.ts";
import { watchedSignal } from "../signals.ts";
// Virtual time does not wait for a module to be loaded.
import "../../../src/shell/mdns/discovery.ts";

/** Two hosts; a node runs on the first one. */
class Stage {
  readonly world: World = new World({ seed: 7 });
  readonly a: Runtime = this.world.addHost("a", "10.0.0.1");
  readonly b: Runtime = this.world.addHost("b", "10.0.0.2");
  readonly lines: string[] = [];

  async start(
    host: "a" | "b",
    options: SerfOptions = {},
    runtime: Runtime = host === "a" ? this.a : this.b,
  ): Promise<Serf> {
    const address = host === "a" ? "10.0.0.1" : "10.0.0.2";
    const log = ({ level, text }: LogLine): void => void this.lines.push(`${level} ${text}`);
    const bind = `${address}:7946`;
    return await this.world.settle(Serf.start({ bind, log, profile: "local", ...options }, runtime));
  }

  seen(serf: Serf): string[] {
    return serf.members().map(({ name, status }) => `${name} ${status}`);
  }
}

describe("the option join", () => {
  it("joins before the start is over", async () => {
    const stage = new Stage();
    await stage.start("a");
    const b = await stage.start("b", { join: ["10.0.0.1"] });
    expect(stage.seen(b).sort()).toEqual(["a alive", "b alive"]);
  });

  it("that reaches nobody rejects with what became of each seed, and nothing stays open", async () => {
    const stage = new Stage();
    const failed = await stage
      .start("b", { join: ["10.0.0.9:1", "nowhere"] })
      .catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(JoinError);
    expect(failed).toMatchObject({
      code: "ERR_JOIN",
      message: expect.stringContaining("2 errors occurred"),
      seeds: [
        {
          seed: "10.0.0.9:1",
          reached: [],
          failures: [expect.stringContaining("failed to join 10.0.0.9:1: ")],
        },
        {
          seed: "nowhere",
          reached: [],
          failures: ["failed to resolve nowhere: lookup nowhere: no such host"],
        },
      ],
    });
    await stage.start("b");
  });

  it("says of each seed what was reached, when some are", async () => {
    const stage = new Stage();
    await stage.start("a");
    const b = await stage.start("b");
    const result = await stage.world.settle(b.join(["nowhere", "10.0.0.1"]));
    expect(result).toEqual({
      contacts: 1,
      seeds: [
        { seed: "nowhere", reached: [], failures: [expect.stringContaining("no such host")] },
        { seed: "10.0.0.1", reached: ["10.0.0.1:7946"], failures: [] },
      ],
    });
    expect(Object.isFrozen(result.seeds[1]!.reached)).toBe(true);
  });
});

describe("the option retryJoin", () => {
  it("joins in the background as soon as a seed is up", async () => {
    const stage = new Stage();
    const b = await stage.start("b", { retryJoin: { seeds: ["10.0.0.1"], intervalMs: 1_000 } });
    await stage.world.run(2_500);
    expect(stage.seen(b)).toEqual(["b alive"]);
    await stage.start("a");
    await stage.world.settle(b.waitFor((members) => members.length === 2, { timeoutMs: 2_000 }));
    expect(stage.lines.filter((line) => line.startsWith("WARN Join failed"))).toHaveLength(3);
    expect(stage.lines).toContain("INFO Join completed. Synced with 1 initial agents");
  });

  it("gives up after its attempts, which is logged as an error", async () => {
    const stage = new Stage();
    const b = await stage.start("b", {
      retryJoin: { seeds: ["10.0.0.1"], intervalMs: 1_000, attemptsMax: 3 },
    });
    await stage.world.run(60_000);
    expect(stage.lines.filter((line) => line.startsWith("INFO Joining cluster"))).toHaveLength(3);
    expect(stage.lines).toContain("ERR Gave up to join after 3 attempts");
    expect(b.state).toBe("alive");
  });

  it.each(["leave", "shutdown"] as const)("ends with a %s", async (end) => {
    const stage = new Stage();
    const b = await stage.start("b", { retryJoin: ["10.0.0.1"] });
    await stage.world.run(31_000);
    const attempts = (): number =>
      stage.lines.filter((line) => line.startsWith("INFO Joining cluster")).length;
    expect(attempts()).toBe(2);
    await stage.world.settle(b[end]());
    await stage.world.run(120_000);
    expect(attempts()).toBe(2);
    expect(stage.lines.filter((line) => line.startsWith("ERR"))).toEqual([]);
  });
});

describe("the option discover", () => {
  it("joins whom multicast DNS finds, on the interface that it names, until the node leaves", async () => {
    const stage = new Stage();
    const a = await stage.start("a");
    let handler: MulticastHandler | undefined;
    let options: MulticastOptions | undefined;
    let closed = 0;
    const multicast: Multicast = {
      open: async (given, receiver) => {
        [options, handler] = [given, receiver];
        return {
          ask: async () => undefined,
          close: async () => {
            closed += 1;
          },
        };
      },
    };
    const b = await stage.start(
      "b",
      { discover: { cluster: "c", interface: "sim0", ipv6: false } },
      { ...stage.b, multicast: async () => multicast },
    );
    expect(options).toEqual({ interface: "sim0", askIpv4: true, askIpv6: false });
    const service = { name: "x._serf_c._tcp.local", ttl: 120 };
    handler!.answered([
      { ...service, type: "SRV", priority: 0, weight: 0, port: 7946, target: "h" },
      { name: "h", ttl: 120, type: "A", address: "10.0.0.1" },
    ]);
    await stage.world.settle(a.waitFor((members) => members.length === 2));
    await stage.world.settle(b.leave());
    expect(closed).toBeGreaterThan(0);
  });

  it("rejects the start if there is no multicast DNS, and nothing stays open", async () => {
    const stage = new Stage();
    await expect(stage.start("b", { discover: "c" })).rejects.toMatchObject({
      code: "ERR_OPTION",
      message: "Error starting mDNS listener: this runtime has no multicast DNS",
    });
    await stage.start("b");
  });
});

describe("the option leaveOn", () => {
  it("leaves and shuts down at a signal, and stops listening", async () => {
    const stage = new Stage();
    const a = await stage.start("a");
    const b = await stage.start("b", { join: ["10.0.0.1"], leaveOn: ["SIGINT", "SIGTERM"] });
    stage.world.signal("b", "SIGTERM");
    expect(await stage.world.settle(b.stopped)).toBe("shutdown");
    await stage.world.run(1_000);
    expect(stage.seen(a).sort()).toEqual(["a alive", "b left"]);
    expect(stage.lines).toContain("INFO Caught SIGTERM: leaving");
    const count = stage.lines.length;
    stage.world.signal("b", "SIGTERM");
    expect(stage.lines).toHaveLength(count);
  });

  it("does not wait for the leave after a second signal", async () => {
    const stage = new Stage();
    await stage.start("a");
    const b = await stage.start("b", {
      join: ["10.0.0.1"],
      leaveOn: ["SIGINT"],
      leavePropagateDelayMs: 60_000,
    });
    const began = stage.world.now;
    stage.world.signal("b", "SIGINT");
    stage.world.at(500, () => stage.world.signal("b", "SIGINT"));
    await stage.world.settle(b.stopped);
    expect(stage.world.now - began).toBeLessThan(2_000);
    expect(stage.lines).toContain(
      "WARN Caught SIGINT after SIGINT: shutting down without waiting for the leave",
    );
  });
});

describe("the option signal", () => {
  it("ends a start that joins, with its reason, and nothing stays open", async () => {
    const stage = new Stage();
    stage.world.network.cut("a", "b");
    const controller = new AbortController();
    const reason = new Error("enough");
    stage.world.at(300, () => controller.abort(reason));
    const began = stage.world.now;
    await expect(stage.start("b", { join: ["10.0.0.1"], signal: controller.signal })).rejects.toBe(reason);
    expect(stage.world.now - began).toBeLessThan(400);
    await expect(stage.start("b", { signal: controller.signal })).rejects.toBe(reason);
    await stage.start("b");
  });

  it("has no listener left after the start", async () => {
    const stage = new Stage();
    const { signal, listeners } = watchedSignal();
    await stage.start("a", { signal });
    await stage.start("b", { signal, join: ["10.0.0.1"] });
    expect(listeners.size).toBe(0);
  });
});

describe("a malformed option of the start", () => {
  it.each<[object, string]>([
    [{ join: "10.0.0.1" }, 'join must be a list of text, got "10.0.0.1"'],
    [{ retryJoin: 7 }, "retryJoin must be a list of text, or an object with seeds, got 7"],
    [{ retryJoin: { intervalMs: 1 } }, "retryJoin has no seeds"],
    [{ retryJoin: { seeds: [], interval: 1 } }, 'unknown option "interval", did you mean "intervalMs"?'],
    [{ retryJoin: { seeds: [], intervalMs: 0 } }, "intervalMs of retryJoin must be a positive number"],
    [{ retryJoin: { seeds: [], attemptsMax: 0 } }, "attemptsMax must be a whole number above 0, got 0"],
    [{ discover: { ipv4: false, ipv6: false, cluster: "c" } }, "discover switches IPv4 and IPv6 off"],
    [{ discover: "" }, "discover names no cluster"],
    [{ leaveOn: ["SIGKILL"] }, "leaveOn must be a list of SIGINT, SIGTERM, SIGHUP, SIGUSR1"],
    [{ log: true }, "log must be false, a function, or an object with level and write, got true"],
    [{ log: { level: "warn" } }, "log must be false, a function, or an object with level and write"],
  ])("%j is refused", async (options, message) => {
    await expect(new Stage().start("a", options as SerfOptions)).rejects.toMatchObject({
      code: "ERR_OPTION",
      message: expect.stringContaining(message),
    });
  });
});

describe("the option log", () => {
  const shutDown = "Shutdown without a Leave";

  async function printed(options: SerfOptions): Promise<string> {
    const stage = new Stage();
    const serf = await stage.start("a", options);
    await stage.world.settle(serf.shutdown());
    await stage.world.run(10);
    return stage.world.output("a").stderr;
  }

  it("prints warnings to standard error by default", async () => {
    expect(await printed({ log: undefined })).toMatch(
      new RegExp(`^\\d{4}/\\d\\d/\\d\\d \\d\\d:\\d\\d:\\d\\d \\[WARN\\] serf: ${shutDown}\n$`),
    );
  });

  it("takes false, a level, and functions", async () => {
    expect(await printed({ log: false })).toBe("");
    expect(await printed({ log: { level: "ERR" } })).toBe("");
    expect(await printed({ log: { level: "INFO" } })).toContain("[INFO] serf: EventMemberJoin: a 10.0.0.1");
    const lines: LogLine[] = [];
    expect(await printed({ log: { write: (line) => lines.push(line) } })).toBe("");
    expect(lines.map(({ level, text }) => `${level} ${text}`)).toEqual([`WARN ${shutDown}`]);
    const all: LogLine[] = [];
    expect(await printed({ log: (line) => all.push(line) })).toBe("");
    expect(all.length).toBeGreaterThan(1);
  });
});
