/**
 * What peers can put into the state of a node is bounded, so that the node can always send it: a state that is too large for a frame would
 * keep everybody from joining.
 */

import { describe, expect, it } from "vitest";
import { Outbox } from "../../../src/core/effects.ts";
import { finish } from "../../../src/core/jobs.ts";
import { OwnNames } from "../../../src/core/names.ts";
import { SerfLimits, userEventSizeMax } from "../../../src/core/serf/config.ts";
import { encodeQuery, encodeUserEvent } from "../../../src/core/serf/wire/encoding.ts";
import type { UserEventMessage } from "../../../src/core/serf/wire/messages.ts";
import { decodePushPull, encodePushPull } from "../../../src/core/serf/wire/push_pull.ts";
import { SwimLimits } from "../../../src/core/swim/config.ts";
import type { SwimContext } from "../../../src/core/swim/context.ts";
import { OwnIdentities } from "../../../src/core/swim/identity.ts";
import { Members } from "../../../src/core/swim/members.ts";
import type { Membership } from "../../../src/core/swim/membership.ts";
import { FullState } from "../../../src/core/swim/streams/full_state.ts";
import { Codec } from "../../../src/core/wire/codec.ts";
import { FrameReader } from "../../../src/core/wire/frame.ts";
import type { PushPull } from "../../../src/core/wire/messages.ts";
import { address, alive, seeded, swimConfig } from "../swim/machine.ts";
import { receive } from "../wire/support.ts";
import { Network, question, type TestNode } from "./nodes.ts";
import { SerfParts } from "./parts.ts";

const stranger = { host: "10.0.0.99", port: 7946 };

const event = (lamportTime: bigint, size: number, first = 0): UserEventMessage => {
  const payload = new Uint8Array(size);
  payload[0] = first;
  return { type: "userEvent", lamportTime, name: "e", payload, coalesce: false };
};

/** The largest payload of an event named `e` at a time of up to 65,535. */
const largest = userEventSizeMax - (encodeUserEvent(event(512n, 300)).length - 300);

function pushPull(to: TestNode, network: Network, userState: Uint8Array): void {
  const message = to.codec.encode({ type: "pushPull", join: false, nodes: [], userState });
  const id = to.core.accept(network.now, stranger);
  const bytes = to.codec.sealStream(message, { labelHeader: true, encrypt: false });
  to.core.stream(network.now, id, { kind: "received", bytes });
  network.settle();
}

describe("a user event that nobody may send", () => {
  it("is dropped, whether it comes in a packet or with a push/pull, and the largest one is not", () => {
    const network = new Network();
    const a = network.add("a");
    const give = (message: UserEventMessage): void => {
      const packet = a.codec.encode({ type: "user", payload: encodeUserEvent(message) });
      a.core.packet(network.now, stranger, packet);
      network.settle();
    };
    const share = (message: UserEventMessage): void => {
      const events = [{ lamportTime: message.lamportTime, events: [message] }];
      const rest = { lamportTime: 0n, statusTimes: new Map(), leftMembers: [], eventTime: 0n, queryTime: 0n };
      pushPull(a, network, finish(encodePushPull({ ...rest, events })));
    };
    give(event(505n, largest + 1));
    share(event(506n, largest + 1));
    expect(a.userEvents).toEqual([]);
    expect(a.core.stats()["event_time"]).toBe("1");
    expect(a.logs.filter((line) => line.includes("larger than 9216 bytes"))).toHaveLength(2);
    give(event(505n, largest));
    share(event(506n, largest));
    network.run(1_000);
    expect(a.userEvents).toHaveLength(2);
  });

  it("does not keep others from joining, however many come", () => {
    const network = new Network();
    const a = network.add("a");
    for (let index = 0; index < 400; index++) {
      const payload = encodeUserEvent(event(10n + BigInt(index >> 8), 60_000, index & 255));
      a.core.packet(network.now, stranger, a.codec.encode({ type: "user", payload }));
    }
    network.settle();
    const b = network.add("b");
    network.joinTo(b, a);
    expect(b.core.members()).toHaveLength(2);
  });
});

describe("a query that is larger than a packet", () => {
  it("is dropped: it can only have come over a stream", () => {
    const network = new Network();
    const a = network.add("a");
    const give = (size: number): void => {
      const payload = encodeQuery({
        type: "query",
        lamportTime: 5n,
        id: 7,
        address: address(9),
        port: 7946,
        sourceNode: "x",
        filters: [],
        flags: 0,
        relayFactor: 0,
        timeout: 1_000_000_000n,
        name: "q",
        payload: new Uint8Array(size),
      });
      const id = a.core.accept(network.now, stranger);
      const frame = a.codec.sealStream(a.codec.encodeStreamUser(payload), {
        labelHeader: true,
        encrypt: false,
      });
      a.core.stream(network.now, id, { kind: "received", bytes: frame });
      network.settle();
    };
    give(65_536);
    expect([a.queries.length, a.core.stats()["query_time"]]).toEqual([0, "1"]);
    expect(a.logs.at(-1)).toContain("Ignoring query q: it is larger than a packet");
    give(65_535);
    expect(a.queries).toHaveLength(1);
  });

  it("is not kept with its payload and filters until its deadline", () => {
    const kept: unknown[] = [];
    const network = new Network();
    const a = network.add("a", { parts: { respond: (query) => kept.push(query.message) } });
    const payload = new Uint8Array(100);
    a.core.queries.ask(network.now, 1, question("q", { payload, nodes: ["a"] }));
    network.settle();
    expect(a.queries[0]!.payload).toHaveLength(100);
    a.queries[0]!.respond(new Uint8Array(1));
    expect(kept).toEqual([expect.objectContaining({ name: "q", payload: null, filters: [] })]);
  });
});

describe("remembered user events", () => {
  it("have one of the largest at each of 512 times", () => {
    const { events } = new SerfParts();
    for (let time = 1; time <= 512; time++) events.receive(event(BigInt(time), largest));
    expect(events.slots()).toHaveLength(512);
  });

  it("are forgotten, the oldest first, if all have more bytes than a push/pull may have", () => {
    const { events } = new SerfParts();
    for (let time = 1; time <= 512; time++) {
      for (let index = 0; index < 3; index++) events.receive(event(BigInt(time), largest, index));
    }
    const times = events.slots().map(({ lamportTime }) => lamportTime);
    const count = Math.floor(SerfLimits.eventBytes / (3 * (largest + 65)));
    expect(times.sort((a, b) => Number(a - b))).toEqual(
      Array.from({ length: count }, (_, index) => BigInt(513 - count + index)),
    );
    expect(events.receive(event(1n, 1))).toBe(false);
  });
});

describe("members that are gone", () => {
  /** Adds members that failed or left, one a millisecond. */
  function fill(parts: SerfParts, count: number): SerfParts {
    for (let index = 0; index < count; index++) {
      parts.join(index, `n${index}`);
      if (index % 2 === 0) parts.fail(index, `n${index}`);
      else parts.leave(index, `n${index}`);
      if (index % 1_000 === 0) parts.emitted();
    }
    parts.emitted();
    return parts;
  }

  it("are bounded: the one that is gone longest is reaped for another, never a live one", () => {
    const parts = fill(new SerfParts().join(0, "live"), SerfLimits.goneMembers);
    expect(parts.members.count).toBe(1 + SerfLimits.goneMembers);
    parts.join(9e6, "x").fail(9e6, "x");
    expect(parts.emitted()).toEqual(["member-join x", "member-failed x", "member-reap n0"]);
    expect(parts.members.count).toBe(1 + SerfLimits.goneMembers);
    expect([parts.status("live"), parts.status("n0")]).toEqual(["alive", undefined]);
  });

  it("count from when they were gone last, and not while they are back or erased", () => {
    const parts = fill(new SerfParts(), SerfLimits.goneMembers);
    parts.join(8e6, "n0").fail(8e6, "n0").join(9e6, "n2");
    parts.members.prune("n3");
    // This one announces its return and does not come: it has failed a minute later.
    parts.members.joinIntent(8e6, { type: "join", lamportTime: 1n << 32n, node: "n1" });
    parts.members.reap(9e6);
    parts.emitted();
    parts.join(9e6, "x", "y", "z").fail(9e6, "x", "y", "z");
    expect(parts.emitted().filter((line) => line.startsWith("member-reap"))).toEqual(["member-reap n4"]);
    expect(["n0", "n1", "n2"].map((name) => parts.status(name))).toEqual(["failed", "failed", "alive"]);
  });

  it("never include this node, which also leaves", () => {
    const parts = fill(new SerfParts().join(0, "self").fail(0, "self"), SerfLimits.goneMembers);
    expect([parts.status("self"), parts.status("n0")]).toEqual(["failed", undefined]);
    expect(parts.members.count).toBe(SerfLimits.goneMembers);
  });
});

describe("the state of a node", () => {
  const long = (index: number): string => `${index} `.padEnd(SwimLimits.name, "n");

  /** More members with the longest names and metadata than can be sent, alive and gone. */
  const count = 40_000;

  /** Fills everything that peers can fill. */
  function full(): { fullState: FullState; codec: Codec } {
    const parts = new SerfParts();
    const random = seeded(1);
    const table = new Members(random, new OwnNames(), new OwnIdentities());
    const meta = new Uint8Array(SwimLimits.meta);
    for (let index = 0; index < count; index++) {
      const name = index === 0 ? "self" : long(index);
      const each = table.add(alive(name, 1, 2, { meta }), 0);
      if (index % 3 > 0 || index === 0) table.change(each, "alive", 0, 0);
      parts.join(0, name, long(1e6 + index)).leave(0, long(1e6 + index));
      if (index % 1_000 === 0) parts.emitted();
    }
    for (let time = 1; time <= 512; time++) {
      for (let index = 0; index < 3; index++) parts.events.receive(event(BigInt(time), largest, index));
    }
    const codec = new Codec({ label: "", compression: false, encryptionVersion: 0, random });
    codec.setKeys([new Uint8Array(16)]);
    const context = {
      config: swimConfig(),
      members: table,
      outbox: new Outbox(),
      application: { localState: () => parts.shared.encode() },
    };
    return { fullState: new FullState(context as unknown as SwimContext, {} as Membership), codec };
  }

  it("is encoded, sealed and decoded by peers, however full all tables are", () => {
    const { fullState, codec } = full();
    const frame = codec.sealStream(codec.encode(finish(fullState.local(true))), {
      labelHeader: true,
      encrypt: true,
    });
    const reader = new FrameReader(codec, { accepting: true, verifyIncoming: true });
    const state = receive(reader, frame) as PushPull;
    expect(state.nodes.map((each) => each.node)).toContain("self");
    expect(state.nodes.length).toBeGreaterThan(5_000);
    expect(state.nodes.every((each) => each.state === 0)).toBe(true);
    const shared = finish(decodePushPull(state.userState));
    expect(shared.events.map(({ lamportTime }) => lamportTime)).toContain(512n);
    expect(shared.statusTimes.size).toBeGreaterThan(20_000);
  });

  it("has all members in their order as long as it fits", () => {
    const parts = new SerfParts().join(0, "b", "a", "c").leave(0, "a");
    const { statusTimes, leftMembers } = finish(decodePushPull(finish(parts.shared.encode())));
    expect([...statusTimes.keys()]).toEqual(["b", "a", "c"]);
    expect(leftMembers).toEqual(["a"]);
  });

  it("leaves out the members that have been gone longest first", () => {
    const parts = new SerfParts();
    for (let index = 0; index < 30_000; index++) {
      parts.join(index, long(index));
      if (index < 20_000) parts.fail(index, long(index));
    }
    const shared = [...finish(parts.members.shared()).statusTimes.keys()];
    expect(shared.slice(0, 10_000)).toEqual(
      Array.from({ length: 10_000 }, (_, index) => long(20_000 + index)),
    );
    expect(shared[10_000]).toBe(long(19_999));
    expect(shared.length).toBeLessThan(30_000);
  });
});
