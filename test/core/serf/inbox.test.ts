import { beforeEach, describe, expect, it } from "vitest";
import { encodeQuery, encodeRelay, encodeUserEvent } from "../../../src/core/serf/wire/encoding.ts";
import { decodeMessage, encodeIntent, type QueryMessage } from "../../../src/core/serf/wire/messages.ts";
import { address } from "../swim/machine.ts";
import { Network, type TestNode } from "./nodes.ts";

const stranger = { host: "10.0.0.9", port: 7946 };
const query: QueryMessage = {
  type: "query",
  lamportTime: 5n,
  id: 7,
  address: address(9),
  port: 7946,
  sourceNode: "probe",
  filters: [],
  flags: 0,
  relayFactor: 0,
  timeout: 1_000_000_000n,
  name: "q",
  payload: null,
};
const event = (name: string, lamportTime = 1n): Uint8Array =>
  encodeUserEvent({ type: "userEvent", lamportTime, name, payload: null, coalesce: false });
const leave = encodeIntent({ type: "leave", lamportTime: 5n, node: "b", prune: false });

let network: Network;
let a: TestNode;

/** Gives the node user messages in one packet. */
function give(...payloads: Uint8Array[]): void {
  const parts = payloads.map((payload) => a.codec.encode({ type: "user", payload }));
  a.core.packet(network.now, stranger, a.codec.seal(parts, { crc: false, encrypt: false }));
  network.settle();
}

function queued(): string[] {
  const stats = a.core.stats();
  return [stats["intent_queue"]!, stats["query_queue"]!, stats["event_queue"]!];
}

beforeEach(() => {
  network = new Network();
  [a] = [network.add("a"), network.add("b")];
  network.join();
  network.run(20_000);
  a.sent.length = 0;
  a.logs.length = 0;
});

describe("a message that is new", () => {
  it("is passed on, once", () => {
    give(leave, encodeQuery(query), event("e"));
    expect(queued()).toEqual(["1", "1", "1"]);
    give(leave, encodeQuery(query), event("e"));
    expect(queued()).toEqual(["1", "1", "1"]);
    expect(a.userEvents).toEqual(["e"]);
    expect(a.queries).toHaveLength(1);
    expect(a.core.member("b")?.status).toBe("leaving");
  });

  it("is passed on byte by byte, with fields that this version does not know", () => {
    const bytes = new Uint8Array([...event("e"), 0xa1, 0x78, 0x2a]);
    bytes[1]! += 1;
    give(bytes);
    network.run(300);
    const sent = a.sent.flatMap(
      ({ bytes: packet }) => a.codec.open(packet, { verifyIncoming: true }).messages,
    );
    expect(sent).toContainEqual({ type: "user", payload: bytes });
  });

  it("and says that it is not to be passed on is not", () => {
    give(encodeQuery({ ...query, flags: 2 }));
    expect([a.queries.length, queued()]).toEqual([1, ["0", "0", "0"]]);
  });
});

describe("the messages of a packet", () => {
  it("are handled in the order of their Lamport times, queries before user events", () => {
    give(event("e"), encodeQuery({ ...query, lamportTime: 6n, id: 8, name: "later" }), encodeQuery(query));
    const names = a.events.flatMap((each) => ("name" in each ? [each.name] : []));
    expect(names).toEqual(["q", "later", "e"]);
  });
});

describe("a message that is not usable", () => {
  const decoded = (payload: Uint8Array): string[] => {
    give(payload, event("next"));
    expect(a.userEvents).toEqual(["next"]);
    return a.logs.filter((line) => !line.startsWith("DEBUG"));
  };

  it("is logged if it is malformed, and the others of its packet are handled", () => {
    expect(decoded(event("x").subarray(0, 9))).toEqual([
      "ERR serf: Error decoding user event message: msgpack: message is cut short from=10.0.0.9:7946",
    ]);
  });

  it("is logged if its type is unknown", () => {
    expect(decoded(new Uint8Array([99, 0x80]))).toEqual(["WARN serf: Received message of unknown type: 99"]);
  });

  it("is ignored if it is empty", () => {
    expect(decoded(new Uint8Array())).toEqual([]);
  });

  it.each([
    ["leave", encodeIntent({ type: "leave", lamportTime: 1n << 40n, node: "b", prune: false })],
    ["join", encodeIntent({ type: "join", lamportTime: 1n << 40n, node: "b" })],
    ["userEvent", event("x", 1n << 40n)],
    ["query", encodeQuery({ ...query, lamportTime: 1n << 40n })],
  ])("is logged if it is a %s from the far future", (type, payload) => {
    expect(decoded(payload)).toEqual([
      `WARN serf: Ignoring ${type} message: its Lamport time is too far ahead`,
    ]);
  });
});

describe("a message for another member", () => {
  it("is relayed as it is", () => {
    const inner = event("e");
    give(encodeRelay({ type: "relay", address: address(7), port: 7946, node: "x", inner }));
    const packet = a.sent.find(({ to }) => to.host === "10.0.0.7")!;
    const [message] = a.codec.open(packet.bytes, { verifyIncoming: true }).messages;
    expect(message).toEqual({ type: "user", payload: inner });
    expect(decodeMessage(inner)).toMatchObject({ name: "e" });
    expect(a.userEvents).toEqual([]);
  });
});
