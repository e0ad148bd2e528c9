import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LamportClock, lamportLeapMax } from "../../../../src/core/serf/lamport.ts";
import { encodeUserEvent } from "../../../../src/core/serf/wire/encoding.ts";
import { Network, text } from "../nodes.ts";

const user = (bytes: Uint8Array): Uint8Array => Uint8Array.from([8, ...bytes]);

describe("a user event that is sent", () => {
  it("is delivered here at once, and everywhere exactly once", () => {
    const network = new Network();
    const nodes = ["a", "b", "c"].map((name) => network.add(name));
    network.join();
    nodes[1]!.core.userEvent(network.now, "deploy", text("v1"), true);
    network.settle();
    expect(nodes[1]!.userEvents).toEqual(["deploy v1"]);
    expect(nodes[0]!.userEvents).toEqual([]);
    network.run(5_000);
    for (const node of nodes) {
      expect(node.userEvents).toEqual(["deploy v1"]);
      expect(node.events.find(({ type }) => type === "user")).toMatchObject({
        coalesce: true,
        lamportTime: 1n,
      });
      expect(node.core.stats()["event_time"]).toBe("2");
    }
  });

  it("is rejected with Serf's message if it is too large, and the clock does not advance", () => {
    const network = new Network();
    const { core, events } = network.add("a");
    const send = (size: number): void =>
      core.userEvent(network.now, "x".repeat(2), new Uint8Array(size), false);
    expect(() => send(511)).toThrow("user event exceeds configured limit of 512 bytes before encoding");
    expect(() => send(510)).toThrow(
      "encoded user event exceeds configured limit of 512 bytes after encoding",
    );
    expect(() => send(481)).toThrow(expect.objectContaining({ code: "ERR_LIMIT" }));
    expect(core.stats()["event_time"]).toBe("1");
    send(480);
    network.settle();
    expect(events.filter(({ type }) => type === "user")).toHaveLength(1);
    expect(core.stats()["event_time"]).toBe("2");
  });

  it("is checked against the hard limit even if the configured limit was raised", () => {
    const network = new Network();
    const { core } = network.add("a", { config: { userEventSizeLimit: 20_000 } });
    const send = (size: number) => () => core.userEvent(network.now, "x", new Uint8Array(size), false);
    expect(send(9216)).toThrow("user event exceeds sane limit of 9216 bytes before encoding");
    expect(send(9215)).toThrow("encoded user event exceeds reasonable limit of 9216 bytes after encoding");
  });

  it("is not queued if no packet can carry it: it spreads with the next push/pull", () => {
    const network = new Network();
    const config = { userEventSizeLimit: 9216 };
    const [a, b] = [network.add("a", { config }), network.add("b", { config })];
    network.join();
    a.core.userEvent(network.now, "big", new Uint8Array(5_000), false);
    network.settle();
    expect(a.core.stats()["event_queue"]).toBe("0");
    expect(a.logs.at(-1)).toMatch(/^WARN serf: user event big has 50\d\d bytes/);
    network.run(3_000);
    expect(b.userEvents).toEqual([]);
    network.run(70_000);
    expect(b.events.filter(({ type }) => type === "user")).toHaveLength(1);
  });
});

describe("user events that arrive", () => {
  it("are delivered at most once, however duplicated and reordered, and no clock goes back", () => {
    const event = fc.record({
      lamportTime: fc.oneof(fc.bigInt(0n, 40n), fc.bigInt(0n, 2n ** 34n), fc.bigInt(0n, 2n ** 64n - 1n)),
      name: fc.constantFrom("a", "b"),
      payload: fc.constantFrom(new Uint8Array(), text("x"), null),
      coalesce: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (messages) => {
        const network = new Network();
        const node = network.add("a");
        let clock = 0n;
        for (const message of messages) {
          const bytes = encodeUserEvent({ type: "userEvent", ...message });
          node.core.packet(0, { host: "10.0.0.9", port: 7946 }, user(bytes));
          const time = BigInt(node.core.stats()["event_time"]!);
          expect(time).toBeGreaterThanOrEqual(clock);
          clock = time;
        }
        network.settle();
        const seen = node.events.flatMap((one) =>
          one.type === "user" ? [`${one.lamportTime} ${one.name} ${one.payload.join()}`] : [],
        );
        expect(new Set(seen).size).toBe(seen.length);
      }),
      { numRuns: 200 },
    );
  });

  it("are not delivered if more than 512 times have passed since", () => {
    const network = new Network();
    const node = network.add("a");
    const give = (lamportTime: bigint): void => {
      const event = { lamportTime, name: `e${lamportTime}`, payload: null, coalesce: false } as const;
      const bytes = user(encodeUserEvent({ type: "userEvent", ...event }));
      node.core.packet(0, { host: "10.0.0.9", port: 7946 }, bytes);
    };
    for (const time of [1_000n, 489n, 488n]) give(time);
    network.run(1_000);
    expect(node.userEvents).toEqual(["e489", "e1000"]);
    expect(node.logs).toContain("WARN serf: received old event e488 from time 488 (current: 1001)");
  });

  it("move a clock forward only", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(fc.constant("take" as const), fc.bigInt(0n, 2n ** 34n), fc.bigInt(0n, 2n ** 64n - 1n)),
        ),
        (steps) => {
          const clock = new LamportClock();
          for (const step of steps) {
            const before = clock.time;
            if (step === "take") expect(clock.take()).toBe(before);
            else clock.witness(step);
            expect(clock.time).toBeGreaterThanOrEqual(before);
            // A time that is absurdly far ahead is not followed.
            if (step !== "take" && step - before < lamportLeapMax) expect(clock.time).toBeGreaterThan(step);
            else if (step !== "take") expect(clock.time).toBe(before);
          }
        },
      ),
    );
  });
});

describe("user events in one packet", () => {
  it("are delivered in the order in which they were sent, however long each is", () => {
    const network = new Network();
    const nodes = ["a", "b", "c", "d"].map((name) => network.add(name));
    network.join();
    network.run(5_000);
    const sent = Array.from({ length: 15 }, (_, index) => `${index}${"x".repeat((index * 7) % 30)}`);
    for (const payload of sent) nodes[0]!.core.userEvent(network.now, "e", text(payload), false);
    network.settle();
    network.run(10_000);
    for (const node of nodes) expect(node.userEvents).toEqual(sent.map((payload) => `e ${payload}`));
  });

  it("are delivered in order also if the sender put the longest and then the newest first, as Serf's agents do", () => {
    const network = new Network();
    const node = network.add("a");
    const event = (lamportTime: bigint, payload: string): Uint8Array =>
      encodeUserEvent({ type: "userEvent", lamportTime, name: "e", payload: text(payload), coalesce: false });
    const parts = [event(2n, "longer"), event(3n, "three"), event(1n, "one!!")];
    const packet = node.codec.seal(
      parts.map((payload) => node.codec.encode({ type: "user", payload })),
      { crc: false, encrypt: false },
    );
    node.core.packet(network.now, { host: "10.0.0.9", port: 7946 }, packet);
    network.settle();
    expect(node.userEvents).toEqual(["e one!!", "e longer", "e three"]);
  });
});
