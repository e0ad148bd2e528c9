import { describe, expect, it } from "vitest";
import { Inbound, type WaitingStream } from "../../../../src/core/swim/streams/inbound.ts";

const stream = (id: number, host: string): WaitingStream => ({ id, peer: { host, port: 1 }, received: 0 });
const megabyte = 1_048_576;

describe("the places of streams that wait", () => {
  it("are given back when streams are removed", () => {
    const inbound = new Inbound<WaitingStream>();
    for (let id = 0; id < 1_000; id++) {
      const each = stream(id, "10.0.0.1");
      expect(inbound.add(each)).toBeUndefined();
      inbound.remove(each);
    }
    expect(inbound.count).toBe(0);
  });

  it("are taken from the source that has most, first from its oldest silent stream", () => {
    const inbound = new Inbound<WaitingStream>();
    const own = stream(0, "10.0.0.1");
    inbound.add(own);
    const others = Array.from({ length: 127 }, (_, index) => stream(index + 1, "10.0.0.2"));
    for (const each of others) inbound.add(each);
    inbound.received(others[0]!, 1);
    expect(inbound.add(stream(200, "10.0.0.1"))).toBe(others[1]);
    for (const each of others) inbound.received(each, 1);
    expect(inbound.add(stream(201, "10.0.0.1"))).toBe(others[0]);
  });

  it("count by source again when streams are removed", () => {
    const inbound = new Inbound<WaitingStream>();
    const gone = Array.from({ length: 80 }, (_, index) => stream(index, "10.0.0.1"));
    for (const each of gone) inbound.add(each);
    for (const each of gone.slice(1)) inbound.remove(each);
    const others = Array.from({ length: 127 }, (_, index) => stream(100 + index, "10.0.0.2"));
    for (const each of others) inbound.add(each);
    expect(inbound.add(stream(500, "10.0.0.3"))).toBe(others[0]);
  });
});

describe("the bytes of streams that wait", () => {
  it("are given back when streams are removed, and only once", () => {
    const inbound = new Inbound<WaitingStream>();
    for (let id = 0; id < 200; id++) {
      const each = stream(id, "10.0.0.1");
      inbound.add(each);
      expect(inbound.received(each, megabyte)).toBeUndefined();
      inbound.remove(each);
      inbound.remove(each);
      expect(inbound.received(each, megabyte)).toBeUndefined();
    }
    const last = stream(500, "10.0.0.1");
    inbound.add(last);
    expect(inbound.received(last, 60 * megabyte)).toBeUndefined();
    expect(inbound.received(last, 1)).toBe(last);
  });

  it("are taken from the largest stream of the source that has most", () => {
    const inbound = new Inbound<WaitingStream>();
    const own = stream(0, "10.0.0.1");
    const others = [1, 2, 3].map((id) => stream(id, "10.0.0.2"));
    for (const each of [own, ...others]) inbound.add(each);
    inbound.received(own, 20 * megabyte);
    inbound.received(others[0]!, 10 * megabyte);
    inbound.received(others[1]!, 15 * megabyte);
    expect(inbound.received(others[2]!, 15 * megabyte + 1)).toBe(others[2]);
  });
});
