import { describe, expect, it } from "vitest";
import { Awareness } from "../../../src/core/swim/awareness.ts";
import { alive, Machine } from "./machine.ts";

describe("local health", () => {
  it("stays between 0 and one below its maximum, and goes both ways", () => {
    const scores: number[] = [];
    const awareness = new Awareness(4, (score) => scores.push(score));
    for (const delta of [-1, 1, 1, 0, 5, 1, -1, -1, -5, -1]) awareness.apply(delta);
    // Only changes are reported.
    expect(scores).toEqual([1, 2, 3, 2, 1, 0]);
    expect(awareness.score).toBe(0);
  });

  it("multiplies durations by the score and one", () => {
    const awareness = new Awareness(8);
    expect(awareness.scale(500)).toBe(500);
    awareness.apply(3);
    expect(awareness.scale(500)).toBe(2_000);
  });

  it("recovers by one with each acknowledged probe", () => {
    const machine = new Machine();
    machine.packet(alive("b", 1, 2));
    for (let accusation = 1; accusation <= 3; accusation++) {
      machine.packet({ type: "suspect", node: "self", incarnation: accusation, from: "b" });
    }
    const scores: number[] = [];
    for (let second = 1; second <= 12; second++) {
      machine.run(second * 1_000);
      for (const { message } of machine.sent()) {
        if (message.type !== "ping" || message.node !== "b") continue;
        machine.packet({ type: "ack", sequence: message.sequence, payload: null });
        scores.push(machine.swim.healthScore);
        break;
      }
    }
    expect(scores.slice(0, 4)).toEqual([2, 1, 0, 0]);
  });
});
