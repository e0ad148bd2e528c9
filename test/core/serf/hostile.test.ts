/**
 * One hostile message, from a stranger on a network without a key or from a broken member, and what the cluster is like afterwards.
 */

import { describe, expect, it } from "vitest";
import { finish } from "../../../src/core/jobs.ts";
import { encodeQuery, encodeUserEvent } from "../../../src/core/serf/wire/encoding.ts";
import { encodeIntent } from "../../../src/core/serf/wire/messages.ts";
import { encodePushPull } from "../../../src/core/serf/wire/push_pull.ts";
import { incarnationHalf } from "../../../src/core/swim/validity.ts";
import type { PacketMessage } from "../../../src/core/wire/messages.ts";
import { address, alive } from "../swim/machine.ts";
import { Network, question, type TestNode, text } from "./nodes.ts";

const stranger = { host: "10.0.0.99", port: 7946 };
const minute = 60_000;
const last = 0xffff_ffff_ffff_fffen;

function cluster(count = 3): { network: Network; nodes: TestNode[] } {
  const network = new Network();
  const nodes = ["a", "b", "c", "d", "e"].slice(0, count).map((name) => network.add(name));
  network.join();
  return { network, nodes };
}

function send(network: Network, to: TestNode, ...messages: PacketMessage[]): void {
  const parts = messages.map((message) => to.codec.encode(message));
  to.core.packet(network.now, stranger, to.codec.seal(parts, { crc: false, encrypt: false }));
  network.settle();
}

/** Does what a cluster is for, and expects that it works. */
function expectSound({ network, nodes }: { network: Network; nodes: TestNode[] }): void {
  const names = nodes.map(({ name }) => name);
  for (const [index, node] of nodes.entries()) {
    for (const round of [1, 2, 3])
      node.core.userEvent(network.now, `from-${node.name}`, text(`${round}`), false);
    network.run(5_000);
    for (const other of nodes) {
      for (const round of [1, 2, 3]) expect(other.userEvents).toContain(`from-${node.name} ${round}`);
    }
    const asked = nodes[index]!;
    const before = asked.replies.length;
    asked.core.queries.ask(network.now, 1, question("ask", { ack: true }));
    asked.core.queries.ask(network.now, 2, question("again", { ack: true }));
    network.run(minute);
    expect(asked.replies.slice(before).filter((reply) => reply.startsWith("ack"))).toHaveLength(
      2 * names.length,
    );
    expect(asked.replies.slice(before).filter((reply) => reply.startsWith("end"))).toHaveLength(2);
  }
  for (const node of nodes) {
    expect(node.core.members().map(({ name, status }) => [name, status])).toEqual(
      expect.arrayContaining(names.map((name) => [name, "alive"])),
    );
  }
  // Leaves are still seen as leaves.
  const leaver = nodes.at(-1)!;
  leaver.core.leave(network.now, 99);
  network.run(minute);
  for (const node of nodes.slice(0, -1)) expect(node.core.member(leaver.name)?.status).toBe("left");
}

const query = (lamportTime: bigint): PacketMessage => ({
  type: "user",
  payload: encodeQuery({
    type: "query",
    lamportTime,
    id: 7,
    address: address(99),
    port: 7946,
    sourceNode: "x",
    filters: [],
    flags: 1,
    relayFactor: 0,
    timeout: 1_000_000_000n,
    name: "q",
    payload: null,
  }),
});
const event = (lamportTime: bigint): PacketMessage => ({
  type: "user",
  payload: encodeUserEvent({ type: "userEvent", lamportTime, name: "e", payload: null, coalesce: false }),
});
const intent = (type: "join" | "leave", lamportTime: bigint, node: string): PacketMessage => ({
  type: "user",
  payload: encodeIntent(
    type === "join" ? { type, lamportTime, node } : { type, lamportTime, node, prune: false },
  ),
});

describe("a Lamport time near the end of its range", () => {
  it.each([
    ["a user event", event(last)],
    ["a query", query(last)],
    ["a join intent", intent("join", last, "b")],
    ["a leave intent about a stranger", intent("leave", last, "nobody")],
    ["a leave intent about a member", intent("leave", last, "b")],
  ])("in %s changes nothing", (_what, message) => {
    const subject = cluster();
    send(subject.network, subject.nodes[0]!, message);
    subject.network.run(2 * minute);
    expectSound(subject);
  });

  it("in a push/pull changes nothing", () => {
    const subject = cluster();
    const [a] = subject.nodes;
    const userState = finish(
      encodePushPull({
        lamportTime: last,
        statusTimes: new Map([
          ["b", last],
          ["c", last - 1n],
        ]),
        leftMembers: ["c"],
        eventTime: last,
        events: [{ lamportTime: last, events: [{ name: "e", payload: null }] }],
        queryTime: last,
      }),
    );
    const frame = a!.codec.sealStream(
      a!.codec.encode({ type: "pushPull", join: true, nodes: [], userState }),
      {
        labelHeader: true,
        encrypt: false,
      },
    );
    const id = a!.core.accept(subject.network.now, stranger)!;
    a!.core.stream(subject.network.now, id, { kind: "received", bytes: frame });
    subject.network.settle();
    subject.network.run(2 * minute);
    expectSound(subject);
  });

  it("far ahead but within 2^32 is followed, and the cluster goes on from there", () => {
    const subject = cluster();
    send(subject.network, subject.nodes[0]!, event(0xffff_0000n), query(0xffff_0000n));
    subject.network.run(minute);
    expectSound(subject);
  });
});

describe("an incarnation near the end of its range", () => {
  const accusations = [
    0xffff_ffff,
    0xffff_fffe,
    0xffff_fffd,
    incarnationHalf + 5,
    incarnationHalf,
    incarnationHalf - 1,
  ];

  it.each(accusations)("%d in a dead message leaves the member alive and heard", (incarnation) => {
    const subject = cluster();
    const [a, b] = subject.nodes;
    send(subject.network, a!, { type: "dead", incarnation, node: "b", from: "x" });
    subject.network.run(2 * minute);
    b!.core.setTags(subject.network.now, 5, { role: "web" });
    subject.network.run(minute);
    for (const node of subject.nodes) expect(node.core.member("b")?.tags).toEqual({ role: "web" });
    expectSound(subject);
  });

  it.each(accusations)("%d in a suspect message leaves the member alive and heard", (incarnation) => {
    const subject = cluster();
    send(subject.network, subject.nodes[0]!, { type: "suspect", incarnation, node: "b", from: "x" });
    subject.network.run(2 * minute);
    expectSound(subject);
  });

  it.each(accusations)("%d in an alive message leaves the member alive and heard", (incarnation) => {
    const subject = cluster();
    const [a, b] = subject.nodes;
    send(subject.network, a!, alive("b", incarnation, 2));
    subject.network.run(2 * minute);
    b!.core.setTags(subject.network.now, 5, { role: "web" });
    subject.network.run(minute);
    for (const node of subject.nodes) expect(node.core.member("b")?.tags).toEqual({ role: "web" });
    expectSound(subject);
  });
});
