import { describe, expect, it } from "vitest";
import type { Ping } from "../../../../src/core/wire/messages.ts";
import { alive, Machine } from "../machine.ts";

/** Pings that carry the suspicion of b, in what was sent during the last run. */
function questions(machine: Machine): Ping[] {
  return machine
    .sent()
    .flatMap(({ message }) => (message.type === "ping" && message.node === "b" ? [message] : []));
}

function suspecting(overrides = {}): Machine {
  const machine = new Machine({ probeIntervalMs: 100_000, ...overrides });
  machine.packet(alive("b", 1, 2), { type: "suspect", node: "b", incarnation: 1, from: "x" });
  return machine;
}

describe("the last check of a suspect", () => {
  it("probes three times before the deadline, and an ack ends the suspicion without a broadcast", () => {
    const machine = suspecting();
    const deadline = 4 * 100_000;
    machine.run(deadline - 1600);
    machine.run(deadline - 1501);
    expect(questions(machine)).toEqual([]);
    machine.run(deadline - 1);
    const asked = questions(machine);
    expect(asked).toHaveLength(3);
    const sent = machine.sent().map(({ message }) => message.type);
    expect(sent).toEqual(["ping", "suspect", "ping", "suspect", "ping", "suspect"]);
    machine.packet({ type: "ack", sequence: asked[2]!.sequence, payload: null });
    expect(machine.status("b")).toBe("alive@1");
    expect(machine.effects.filter(({ kind }) => kind === "send")).toEqual([]);
    machine.run(deadline + 10_000);
    expect(machine.status("b")).toBe("alive@1");
  });

  it("does not save a suspect that sends no ack", () => {
    const machine = suspecting();
    machine.run(400_000);
    expect(machine.status("b")).toBe("dead@1");
  });

  it("does not count an ack from an earlier suspicion for a later one", () => {
    const machine = suspecting();
    machine.run(398_000);
    machine.run(400_000 - 1);
    // Those before it are no longer waited for.
    const asked = questions(machine).at(-1);
    machine.packet(alive("b", 2, 2));
    machine.packet({ type: "suspect", node: "b", incarnation: 2, from: "x" });
    machine.packet({ type: "ack", sequence: asked!.sequence, payload: null });
    expect(machine.status("b")).toBe("suspect@2");
  });

  it("probes only as often as there is time before the deadline", () => {
    const machine = suspecting({ probeTimeoutMs: 250_000 });
    machine.run(50_000);
    expect(questions(machine)).toEqual([]);
    machine.run(149_000);
    machine.run(151_000);
    expect(questions(machine)).toHaveLength(1);
  });

  it("can be switched off", () => {
    const machine = suspecting({ lastChecks: 0 });
    machine.run(398_000);
    machine.run(399_999);
    expect(questions(machine)).toEqual([]);
  });
});
