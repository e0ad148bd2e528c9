import { describe, expect, it } from "vitest";
import { alive, Machine } from "../machine.ts";

/** The hosts that a machine dials for push/pulls in some hours; probes over TCP are not counted. */
function partners(machine: Machine): string[] {
  const hosts: string[] = [];
  while (machine.now < 30 * 60_000) {
    machine.swim.tick((machine.now = Math.max(machine.now, machine.swim.deadline(machine.now))));
    for (const effect of machine.take()) {
      if (effect.kind !== "dial") continue;
      hosts.push(effect.to.host);
      machine.swim.stream(machine.now, effect.id, { kind: "failed", reason: "no" });
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
    const subject = new Machine({ pushPullIntervalMs: 0 });
    subject.packet(alive("b", 1, 2, { versions: new Uint8Array([1, 2, 2, 2, 5, 5]) }));
    expect(subject.run(600_000).filter(({ kind }) => kind === "dial")).toEqual([]);
  });
});
