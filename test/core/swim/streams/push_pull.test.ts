import { describe, expect, it } from "vitest";
import { allRules } from "../../../../src/core/swim/config.ts";
import { NodeStateCode } from "../../../../src/core/wire/messages.ts";
import { alive, Machine, state } from "../machine.ts";

/** The hosts that a machine dials for push/pulls in some hours; probes over TCP are not counted. */
function partners(machine: Machine): string[] {
  const hosts: string[] = [];
  while (machine.now < 30 * 60_000) {
    machine.swim.tick((machine.now = Math.max(machine.now, machine.swim.deadline(machine.now))));
    for (const effect of machine.take()) {
      if (effect.kind !== "dial") continue;
      hosts.push(effect.to.host);
      machine.swim.stream(machine.now, effect.id, { kind: "failed", code: "ECONNRESET", reason: "no" });
    }
  }
  return hosts;
}

/** Without probes, so that nobody's status changes by itself. */
function machine(): Machine {
  return new Machine({ probeIntervalMs: 1e9, suspicionMult: 1e6, gossipToTheDeadMs: 1e9 });
}

describe("push/pulls", () => {
  it("are made with live members only, not with suspects, the dead, those who left, or this node", () => {
    const subject = machine();
    for (const [index, name] of ["b", "c", "d", "e"].entries()) subject.packet(alive(name, 1, index + 2));
    subject.packet({ type: "suspect", node: "c", incarnation: 1, from: "b" });
    subject.packet({ type: "dead", node: "d", incarnation: 1, from: "b" });
    subject.packet({ type: "dead", node: "e", incarnation: 1, from: "e" });
    const hosts = partners(subject);
    expect(["b", "c", "d", "e"].map((name) => subject.status(name))).toEqual([
      "alive@1",
      "suspect@1",
      "dead@1",
      "left@1",
    ]);
    expect(hosts.length).toBeGreaterThan(50);
    expect(new Set(hosts)).toEqual(new Set(["10.0.0.2"]));
  });

  it("are made with every live member in turn by chance", () => {
    const subject = machine();
    for (const [index, name] of ["b", "c", "d"].entries()) subject.packet(alive(name, 1, index + 2));
    expect(new Set(partners(subject))).toEqual(new Set(["10.0.0.2", "10.0.0.3", "10.0.0.4"]));
  });

  it("are made half as often with more than 32 members", () => {
    const subject = machine();
    for (let last = 2; last < 45; last++) subject.packet(alive(`n${last}`, 1, last));
    const count = partners(subject).length;
    expect([count > 25, count < 35]).toEqual([true, true]);
  });

  it("are not made at all with an interval of 0", () => {
    const rules = { ...allRules, crashEvidence: false, probeNeighbours: false };
    const subject = new Machine({ pushPullIntervalMs: 0, rules });
    subject.packet(alive("b", 1, 2, { versions: new Uint8Array([1, 2, 2, 2, 5, 5]) }));
    expect(subject.run(600_000).filter(({ kind }) => kind === "dial")).toEqual([]);
  });
});

describe("a newcomer", () => {
  /** Joins through b, which knows so many others, and returns what is dialled in a minute after that. */
  function dialsAfterJoin(subject: Machine, others: number): number[] {
    subject.swim.join(subject.now, { host: "10.0.0.2", port: 7946 }, "b", () => undefined);
    const [dial] = subject.take().filter((effect) => effect.kind === "dial");
    subject.swim.stream(subject.now, dial!.id, { kind: "opened" });
    const nodes = [state("b", 1, 2, NodeStateCode.alive)];
    for (let last = 3; last < 3 + others; last++) nodes.push(state(`n${last}`, 1, last, NodeStateCode.alive));
    const reply = subject.codec.encode({ type: "pushPull", join: true, nodes, userState: new Uint8Array(0) });
    const bytes = subject.codec.sealStream(reply, { labelHeader: false, encrypt: false });
    subject.swim.stream(subject.now, dial!.id, { kind: "received", bytes });
    subject.take();
    const times: number[] = [];
    while (subject.swim.deadline(subject.now) <= subject.now + 60_000) {
      subject.now = Math.max(subject.now, subject.swim.deadline(subject.now));
      if (subject.now > 60_000) return times;
      subject.swim.tick(subject.now);
      for (const effect of subject.take()) {
        if (effect.kind !== "dial") continue;
        times.push(subject.now);
        subject.swim.stream(subject.now, effect.id, { kind: "failed", code: "ECONNRESET", reason: "no" });
      }
    }
    return times;
  }

  /** Without probes and other push/pulls. */
  const quiet = { probeIntervalMs: 1e9, pushPullIntervalMs: 1e9 } as const;

  it("exchanges state once more when its gossip has come to rest, after its first join only", () => {
    expect(dialsAfterJoin(new Machine(quiet), 40)).toEqual([1_000]);
    const subject = new Machine({ ...quiet, packetSizeMax: 200 });
    expect(dialsAfterJoin(subject, 40)).toEqual([6_000]);
    expect(subject.swim.load.broadcasts.length).toBe(0);
    subject.now = 0;
    expect(dialsAfterJoin(subject, 40)).toEqual([]);
  });

  it("does not in a cluster of up to nine, or if it makes no push/pulls", () => {
    expect(dialsAfterJoin(new Machine(quiet), 7)).toEqual([]);
    expect(dialsAfterJoin(new Machine({ ...quiet, pushPullIntervalMs: 0 }), 40)).toEqual([]);
  });
});
