import { beforeEach, describe, expect, it, vi } from "vitest";
import type { SwimEffect } from "../../../../src/core/effects.ts";
import { FrameReader } from "../../../../src/core/wire/frame.ts";
import { NodeStateCode, type StreamMessage } from "../../../../src/core/wire/messages.ts";
import { alive, Machine, state } from "../machine.ts";

const peer = { host: "10.0.0.9", port: 40000 };
const key = new Uint8Array(16).fill(7);
let machine: Machine;

function frame(from: Machine, message: StreamMessage): Uint8Array {
  const encoded =
    message.type === "user" ? from.codec.encodeStreamUser(message.payload) : from.codec.encode(message);
  return from.codec.sealStream(encoded, { labelHeader: true, encrypt: from.codec.encrypted });
}

/** What was written on a stream, decoded as the other side would. */
function written(reader: Machine = machine): StreamMessage[] {
  return machine.effects.flatMap((effect) => {
    if (effect.kind !== "write") return [];
    const message = new FrameReader(reader.codec, { accepting: false, verifyIncoming: true }).push(
      effect.bytes,
    );
    return message === undefined ? [] : [message];
  });
}

function serve(bytes: Uint8Array): void {
  const id = machine.swim.accept(machine.now, peer)!;
  machine.swim.stream(machine.now, id, { kind: "received", bytes: bytes });
  machine.take();
}

function dialed(effects: readonly SwimEffect[]): number {
  const dial = effects.find((effect) => effect.kind === "dial");
  if (dial?.kind !== "dial") throw new Error("nothing was dialled");
  return dial.id;
}

const kinds = (): string[] =>
  machine.effects.filter((effect) => effect.kind !== "log").map((effect) => effect.kind);

beforeEach(() => {
  machine = new Machine();
  machine.happened();
});

describe("accepted streams", () => {
  it("reply to a push/pull with the state from before the merge, echo the join flag, then merge", () => {
    machine.packet(alive("b", 3, 2));
    machine.happened();
    const nodes = [state("c", 1, 3, NodeStateCode.alive), state("b", 3, 2, NodeStateCode.left)];
    serve(frame(machine, { type: "pushPull", join: true, nodes, userState: new Uint8Array([1, 2]) }));
    const [reply] = written();
    expect(reply).toMatchObject({ type: "pushPull", join: true, userState: new Uint8Array([9]) });
    const told =
      reply?.type === "pushPull" ? reply.nodes.map((node) => `${node.node} ${node.state}`).sort() : [];
    expect(told).toEqual(["b 0", "self 0"]);
    expect(kinds()).toEqual(["write", "close"]);
    expect(machine.happened()).toEqual(["joined c", "left b", "state 1,2 true"]);
  });

  it("merge entries without a port with the port that this node listens on", () => {
    machine = new Machine({ bindPort: 7_000 });
    const nodes = [{ ...state("c", 1, 3, NodeStateCode.alive), port: 0 }];
    serve(frame(machine, { type: "pushPull", join: false, nodes, userState: new Uint8Array() }));
    expect(machine.swim.find("c")?.endpoint).toEqual({ host: "10.0.0.3", port: 7_000 });
  });

  it("reply to a ping for us, not for another node", () => {
    const source = { address: new Uint8Array(), port: 0, node: "" };
    serve(frame(machine, { type: "ping", sequence: 9, node: "self", source }));
    expect(written()).toEqual([{ type: "ack", sequence: 9, payload: null }]);
    serve(frame(machine, { type: "ping", sequence: 9, node: "other", source }));
    expect(kinds()).toEqual(["close"]);
  });

  it("reply without the label, which only the side that dials sends", () => {
    const seal = vi.spyOn(machine.codec, "sealStream");
    const source = { address: new Uint8Array(), port: 0, node: "" };
    serve(frame(machine, { type: "ping", sequence: 9, node: "self", source }));
    expect(seal.mock.lastCall?.[1]).toEqual({ labelHeader: false, encrypt: false });
  });

  it("pass user messages up, unless they are empty", () => {
    serve(frame(machine, { type: "user", payload: new Uint8Array([4, 5]) }));
    serve(frame(machine, { type: "user", payload: new Uint8Array() }));
    expect(machine.happened()).toEqual(["message 4,5"]);
  });

  it("refuse a merge of incompatible versions as a whole", () => {
    const bad = { ...state("c", 1, 3, NodeStateCode.dead), versions: new Uint8Array([1, 5, 9, 2, 5, 5]) };
    const good = state("d", 1, 4, NodeStateCode.alive);
    serve(
      frame(machine, { type: "pushPull", join: false, nodes: [good, bad], userState: new Uint8Array([1]) }),
    );
    expect(machine.status("d")).toBe("unknown");
    expect(machine.happened()).toEqual([]);
    expect(machine.logs.at(-1)).toContain("node 'c' protocol version (9) is incompatible: [1, 5]");
  });

  it("reject a joiner that the application does not admit, but merge a periodic exchange", () => {
    machine.mergeAdmission = "too many";
    const message = {
      type: "pushPull",
      nodes: [state("d", 1, 4, NodeStateCode.alive)],
      userState: new Uint8Array(),
    } as const;
    serve(frame(machine, { ...message, join: true }));
    expect(machine.status("d")).toBe("unknown");
    serve(frame(machine, { ...message, join: false }));
    expect(machine.status("d")).toBe("alive@1");
  });

  it("send a peer without the key the reason, in a frame that only key holders can read", () => {
    const plain = new Machine();
    machine.codec.setKeys([key]);
    serve(frame(plain, { type: "pushPull", join: true, nodes: [], userState: new Uint8Array() }));
    expect(written()).toEqual([
      { type: "error", text: "encryption is configured but remote state is not encrypted" },
    ]);
  });

  it("are closed without a reply if they end early, and forgotten after the time limit", () => {
    const whole = frame(machine, { type: "pushPull", join: true, nodes: [], userState: new Uint8Array() });
    const id = machine.swim.accept(0, peer)!;
    machine.swim.stream(0, id, { kind: "received", bytes: whole.subarray(0, 5) });
    machine.swim.stream(0, id, { kind: "ended" });
    machine.take();
    expect(kinds()).toEqual(["close"]);
    const slow = machine.swim.accept(0, peer)!;
    machine.swim.stream(0, slow, { kind: "received", bytes: whole.subarray(0, 5) });
    expect(machine.run(10_000)).toContainEqual({ kind: "close", id: slow, stranger: true });
  });

  it("without a byte are closed after five seconds, and have ten from their first byte on", () => {
    const silent = machine.swim.accept(0, peer);
    const begun = machine.swim.accept(0, peer);
    const whole = frame(machine, { type: "pushPull", join: true, nodes: [], userState: new Uint8Array() });
    machine.swim.stream(0, begun, { kind: "received", bytes: whole.subarray(0, 3) });
    machine.take();
    expect(machine.run(5_000)).toContainEqual({ kind: "close", id: silent, stranger: true });
    expect(machine.run(9_999)).not.toContainEqual({ kind: "close", id: begun, stranger: true });
    expect(machine.run(10_000)).toContainEqual({ kind: "close", id: begun, stranger: true });
  });

  it("beyond a number take the place of the oldest silent one of the source that has most", () => {
    const member = { host: "10.0.0.2", port: 40_000 };
    const own = machine.swim.accept(0, member);
    const strangers = Array.from({ length: 500 }, () => machine.swim.accept(0, peer));
    const closed = machine.take().flatMap((effect) => (effect.kind === "close" ? [effect.id] : []));
    expect(closed).toEqual(strangers.slice(0, 373));
    expect(closed).not.toContain(own);
  });

  it("of a member are served however many strangers open and reopen", () => {
    const state = frame(machine, { type: "pushPull", join: true, nodes: [], userState: new Uint8Array() });
    for (let round = 0; round < 50; round++) {
      for (let count = 0; count < 200; count++) machine.swim.accept(0, peer);
      // The source is that of the strangers: only that it speaks tells the member from them.
      const own = machine.swim.accept(0, peer);
      machine.swim.stream(0, own, { kind: "received", bytes: state.subarray(0, 3) });
      for (let count = 0; count < 100; count++) machine.swim.accept(0, peer);
      machine.take();
      machine.swim.stream(0, own, { kind: "received", bytes: state.subarray(3) });
      expect(machine.take().some((effect) => effect.kind === "write" && effect.id === own)).toBe(true);
    }
  });

  it("together buffer a bounded number of bytes", () => {
    const claim = new Uint8Array([10, 1, 63, 255, 255]); // an encrypted frame of just under 20 MiB
    machine.codec.setKeys([key]);
    const megabyte = new Uint8Array(1_048_576);
    let closed = 0;
    for (let stream = 0; stream < 8; stream++) {
      const id = machine.swim.accept(0, peer)!;
      machine.swim.stream(0, id, { kind: "received", bytes: claim });
      for (let chunk = 0; chunk < 15; chunk++)
        machine.swim.stream(0, id, { kind: "received", bytes: megabyte });
      closed += machine.take().filter((effect) => effect.kind === "close").length;
    }
    expect(closed).toBeGreaterThan(0);
    expect(machine.logs.some((line) => line.includes("too many bytes on unfinished streams"))).toBe(true);
  });
});

describe("dialled streams", () => {
  function join(): { id: number; results: (string | undefined)[] } {
    const results: (string | undefined)[] = [];
    machine.swim.join(machine.now, peer, "", (_now, error) => results.push(error));
    return { id: dialed(machine.take()), results };
  }

  it("send our state and merge the reply", () => {
    const { id, results } = join();
    machine.swim.stream(0, id, { kind: "opened" });
    machine.take();
    expect(machine.effects.filter((effect) => effect.kind === "write")).toHaveLength(1);
    const nodes = [state("c", 1, 3, NodeStateCode.alive)];
    const reply = machine.codec.encode({
      type: "pushPull",
      join: true,
      nodes,
      userState: new Uint8Array([3]),
    });
    machine.swim.stream(0, id, {
      kind: "received",
      bytes: machine.codec.sealStream(reply, { labelHeader: false, encrypt: false }),
    });
    expect(results).toEqual([undefined]);
    expect(machine.happened()).toEqual(["joined c", "state 3 true"]);
  });

  it("fail with the message of the peer, of the dial, of the end, or of the timeout", () => {
    const refused = join();
    machine.swim.stream(0, refused.id, { kind: "failed", code: "ECONNRESET", reason: "dial tcp: no" });
    const told = join();
    machine.swim.stream(0, told.id, { kind: "opened" });
    const answer = machine.codec.encode({ type: "error", text: "go away" });
    machine.swim.stream(0, told.id, {
      kind: "received",
      bytes: machine.codec.sealStream(answer, { labelHeader: false, encrypt: false }),
    });
    const ended = join();
    machine.swim.stream(0, ended.id, { kind: "opened" });
    machine.swim.stream(0, ended.id, { kind: "ended" });
    const silent = join();
    machine.run(10_000);
    expect([refused, told, ended, silent].map(({ results }) => results)).toEqual([
      ["dial tcp: no"],
      ["remote error: go away"],
      ["EOF"],
      ["read tcp 10.0.0.9:40000: i/o timeout"],
    ]);
  });

  it("settle once, whatever follows", () => {
    const { id, results } = join();
    machine.swim.stream(0, id, { kind: "failed", code: "ECONNRESET", reason: "first" });
    machine.swim.stream(0, id, { kind: "failed", code: "ECONNRESET", reason: "second" });
    machine.swim.stream(0, id, { kind: "opened" });
    machine.swim.stream(0, id, { kind: "ended" });
    expect(results).toEqual(["first"]);
  });

  it("are opened periodically with a random live member", () => {
    machine = new Machine({ pushPullIntervalMs: 400 });
    machine.packet(alive("b", 1, 2));
    machine.packet(alive("c", 1, 3), { type: "suspect", node: "c", incarnation: 1, from: "x" });
    // Probes and knocks have less time.
    const isPushPull = (effect: SwimEffect): boolean => effect.kind === "dial" && effect.timeoutMs === 10_000;
    expect(machine.run(2_000).filter(isPushPull).length).toBeGreaterThanOrEqual(3);
  });
});

describe("a large state", () => {
  const count = 20_000;
  const nodes = Array.from({ length: count }, (_, index) => state(`n${index}`, 1, 3, NodeStateCode.alive));
  const large = (): StreamMessage => ({
    type: "pushPull",
    join: true,
    nodes,
    userState: new Uint8Array([3]),
  });

  /** The members after each tick, until nothing is due at once any more. */
  function steps(): number[] {
    const counts: number[] = [];
    while (machine.swim.deadline(machine.now) <= machine.now + 1) {
      machine.run(machine.now + 1);
      counts.push(machine.swim.nodes.length);
    }
    return counts;
  }

  it("is decoded and then merged by steps, between which pings are acknowledged", () => {
    const id = machine.swim.accept(0, peer);
    machine.swim.stream(0, id, { kind: "received", bytes: frame(machine, large()) });
    const ping = { type: "ping", sequence: 9, node: "self" } as const;
    const source = { address: new Uint8Array(), port: 0, node: "" };
    machine.packet({ ...ping, source });
    expect(machine.sent()).toContainEqual(
      expect.objectContaining({ message: expect.objectContaining({ type: "ack" }) }),
    );
    const counts = steps();
    expect(counts.slice(0, 3)).toEqual([1, 1, 1]);
    const added = counts.map((each, index) => each - (counts[index - 1] ?? 1));
    expect(Math.max(...added)).toBeLessThanOrEqual(512);
    expect(counts.at(-1)).toBe(count + 1);
    expect(machine.happened().at(-1)).toBe("state 3 true");
  });

  it("gets our own as a reply, when it is decoded and before it is merged", () => {
    const id = machine.swim.accept(0, peer);
    machine.swim.stream(0, id, { kind: "received", bytes: frame(machine, large()) });
    const effects = machine.take();
    while (machine.swim.deadline(machine.now) <= machine.now + 1) {
      machine.run(machine.now + 1);
      effects.push(...machine.effects);
    }
    machine.effects = effects;
    expect(kinds()).toEqual(["write", "close"]);
    expect(written()).toEqual([
      expect.objectContaining({ nodes: [expect.objectContaining({ node: "self" })] }),
    ]);
  });

  it("that is malformed at its end is refused as a whole, without a reply", () => {
    const bytes = machine.codec.encode(large());
    // The last entry is the last map in front of the user state, a byte: its first key gets another type.
    const last = bytes.lastIndexOf(0x87);
    bytes[last] = 0xc3;
    const id = machine.swim.accept(0, peer);
    machine.swim.stream(0, id, {
      kind: "received",
      bytes: machine.codec.sealStream(bytes, { labelHeader: true, encrypt: false }),
    });
    machine.take();
    expect(steps().at(-1) ?? 1).toBe(1);
    expect(machine.logs.at(-1)).toMatch(/^ERR failed to receive: failed to decode message/);
    expect(machine.happened()).toEqual([]);
  });

  it("that we asked for is merged although the peer ends the stream at once", () => {
    const results: (string | undefined)[] = [];
    machine.swim.join(machine.now, peer, "", (_now, error) => results.push(error));
    const id = dialed(machine.take());
    machine.swim.stream(0, id, { kind: "opened" });
    const reply = machine.codec.encode(large());
    const bytes = machine.codec.sealStream(reply, { labelHeader: false, encrypt: false });
    machine.swim.stream(0, id, { kind: "received", bytes });
    machine.swim.stream(0, id, { kind: "ended" });
    machine.swim.stream(0, id, { kind: "failed", code: "ECONNRESET", reason: "connection reset" });
    steps();
    expect(results).toEqual([undefined]);
    expect(machine.swim.nodes).toHaveLength(count + 1);
  });

  it("is let go when this node leaves, and its streams are closed", () => {
    const results: (string | undefined)[] = [];
    machine.swim.join(machine.now, peer, "", (_now, error) => results.push(error));
    const dialled = dialed(machine.take());
    machine.swim.stream(0, dialled, { kind: "opened" });
    const reply = machine.codec.sealStream(machine.codec.encode(large()), {
      labelHeader: false,
      encrypt: false,
    });
    machine.swim.stream(0, dialled, { kind: "received", bytes: reply });
    const accepted = machine.swim.accept(0, peer);
    machine.swim.stream(0, accepted, { kind: "received", bytes: frame(machine, large()) });
    machine.run(machine.now + 1);
    machine.swim.leave(machine.now, () => undefined);
    machine.take();
    const closed = machine.effects.flatMap((effect) => (effect.kind === "close" ? [effect.id] : []));
    expect(closed.sort()).toEqual([dialled, accepted].sort());
    expect(results).toEqual(["this node stops"]);
    steps();
    expect(machine.swim.nodes.length).toBeLessThan(count);
  });

  it("waits for others that came before it, and small messages do not", () => {
    const bytes = frame(machine, large());
    const ids = [1, 2, 3].map(() => machine.swim.accept(0, peer));
    for (const id of ids) machine.swim.stream(0, id, { kind: "received", bytes });
    machine.take();
    serve(frame(machine, { type: "user", payload: new Uint8Array([4, 5]) }));
    expect(machine.happened()).toEqual(["message 4,5"]);
    const closed: number[] = [];
    while (machine.swim.deadline(machine.now) <= machine.now + 1) {
      machine.run(machine.now + 1);
      closed.push(...machine.effects.flatMap((effect) => (effect.kind === "close" ? [effect.id] : [])));
    }
    expect(closed).toEqual(ids);
    expect(machine.swim.nodes).toHaveLength(count + 1);
  });
});
