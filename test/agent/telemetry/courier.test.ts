import { describe, expect, test } from "vitest";
import {
  Courier,
  flushIntervalMs,
  type LineServer,
  linesMax,
  retryMs,
} from "../../../src/agent/telemetry/courier.ts";
import { packetSizeMax, packets } from "../../../src/agent/telemetry/servers.ts";
import { FakeClock, settle } from "../fakes.ts";

/** A courier with a server that does what the test sets. */
class Delivery {
  readonly clock: FakeClock = new FakeClock();
  readonly sent: (readonly string[])[] = [];
  readonly reports: unknown[] = [];
  connects = 0;
  closed = 0;
  connectFailure: Error | null = null;
  sendFailure: Error | null = null;
  stuck = false;
  readonly courier: Courier;

  constructor() {
    const server: LineServer = {
      send: async (lines) => {
        if (this.sendFailure !== null) throw this.sendFailure;
        this.sent.push([...lines]);
        if (this.stuck) await new Promise(() => undefined);
      },
      close: async () => {
        this.closed += 1;
      },
    };
    const connect = async (): Promise<LineServer> => {
      this.connects += 1;
      if (this.connectFailure !== null) throw this.connectFailure;
      return server;
    };
    this.courier = new Courier(this.clock, connect, (failure) => this.reports.push(failure));
  }
}

describe("lines for a server", () => {
  test("are collected for a moment and sent together, over one connection", async () => {
    const delivery = new Delivery();
    delivery.courier.push("a\n");
    delivery.courier.push("b\n");
    await delivery.clock.advance(flushIntervalMs - 1);
    expect(delivery.sent).toEqual([]);
    await delivery.clock.advance(1);
    delivery.courier.push("c\n");
    await delivery.clock.advance(flushIntervalMs);
    expect(delivery.sent).toEqual([["a\n", "b\n"], ["c\n"]]);
    expect(delivery.connects).toBe(1);
  });

  test("are lost while a failed server rests; one line logs its start and one its end", async () => {
    const delivery = new Delivery();
    delivery.connectFailure = new Error("refused");
    for (let round = 0; round < 3; round++) {
      delivery.courier.push("lost\n");
      await delivery.clock.advance(flushIntervalMs);
      delivery.courier.push("lost\n");
      await delivery.clock.advance(retryMs);
    }
    expect(delivery.connects).toBe(3);
    expect(delivery.reports).toEqual([delivery.connectFailure]);
    delivery.connectFailure = null;
    delivery.courier.push("back\n");
    await delivery.clock.advance(flushIntervalMs);
    expect(delivery.sent).toEqual([["back\n"]]);
    expect(delivery.reports).toEqual([expect.any(Error), undefined]);
  });

  test("go over a new connection after the old one broke", async () => {
    const delivery = new Delivery();
    delivery.courier.push("a\n");
    await delivery.clock.advance(flushIntervalMs);
    delivery.sendFailure = new Error("reset");
    delivery.courier.push("b\n");
    await delivery.clock.advance(flushIntervalMs);
    expect(delivery.closed).toBe(1);
    delivery.sendFailure = null;
    await delivery.clock.advance(retryMs);
    delivery.courier.push("c\n");
    await delivery.clock.advance(flushIntervalMs);
    expect(delivery.sent).toEqual([["a\n"], ["c\n"]]);
    expect(delivery.connects).toBe(2);
  });

  test("are bounded if the server stops reading", async () => {
    const delivery = new Delivery();
    delivery.stuck = true;
    delivery.courier.push("first\n");
    await delivery.clock.advance(flushIntervalMs);
    for (let index = 0; index < 3 * linesMax; index++) delivery.courier.push("x\n");
    await delivery.clock.advance(10 * flushIntervalMs);
    expect(delivery.sent).toEqual([["first\n"]]);
    const closed = delivery.courier.close();
    await delivery.clock.advance(1_000);
    await closed;
  });

  test("wait for the connection, up to a maximum number", async () => {
    const delivery = new Delivery();
    for (let index = 0; index < linesMax + 10; index++) delivery.courier.push(`${index}\n`);
    await delivery.clock.advance(flushIntervalMs);
    expect(delivery.sent.flat()).toHaveLength(linesMax);
    expect(delivery.sent.flat().at(-1)).toBe(`${linesMax - 1}\n`);
  });

  test("are sent at the end, and none after that", async () => {
    const delivery = new Delivery();
    delivery.courier.push("last\n");
    await delivery.courier.close();
    delivery.courier.push("late\n");
    await delivery.courier.close();
    await delivery.clock.advance(retryMs);
    await settle();
    expect(delivery.sent).toEqual([["last\n"]]);
    expect(delivery.closed).toBe(1);
  });
});

describe("datagrams", () => {
  test("hold whole lines up to their size in bytes, and a longer line alone", () => {
    const line = `${"é".repeat(349)}a\n`;
    expect(packets([line, line, "b\n", "c\n"])).toEqual([line + line, "b\nc\n"]);
    expect(packetSizeMax).toBe(1400);
    const long = `${"x".repeat(2000)}\n`;
    expect(packets(["a\n", long, "b\n"])).toEqual(["a\n", long, "b\n"]);
    expect(packets([])).toEqual([]);
  });
});
