import { describe, expect, it } from "vitest";
import type { Meter } from "../../../src/core/metrics.ts";
import { alive, Machine } from "./machine.ts";

/** Records all measurements, on a clock that advances one millisecond at each read. */
class Notes implements Meter {
  #now = 0;
  #lines: string[] = [];

  incr(name: string, value: number): void {
    this.#lines.push(`c ${name} ${value}`);
  }

  sample(name: string, value: number): void {
    this.#lines.push(`s ${name} ${value}`);
  }

  gauge(name: string, value: number): void {
    this.#lines.push(`g ${name} ${value}`);
  }

  now(): number {
    this.#now += 1;
    return this.#now;
  }

  /** What was measured since the last call, without the periodic loops. */
  take(): string[] {
    return this.#lines.splice(0).filter((line) => !/udp|gossip/.test(line));
  }

  /** All of it. */
  takeAll(): string[] {
    return this.#lines.splice(0);
  }
}

function measured(): { readonly notes: Notes; readonly machine: Machine } {
  const notes = new Notes();
  const machine = new Machine({}, 1, notes);
  expect(notes.takeAll()).toEqual(["c memberlist.msg.alive 1"]);
  return { notes, machine };
}

describe("the membership layer measures", () => {
  it("messages that it accepts, and none that is old", () => {
    const { notes, machine } = measured();
    machine.packet(alive("b", 1, 2)).packet(alive("b", 1, 2));
    expect(notes.take()).toEqual(["c memberlist.msg.alive 1"]);
    machine.packet({ type: "suspect", node: "b", incarnation: 1, from: "c" });
    machine.packet({ type: "suspect", node: "b", incarnation: 1, from: "c" });
    machine.packet({ type: "dead", node: "b", incarnation: 1, from: "c" });
    machine.packet({ type: "dead", node: "b", incarnation: 1, from: "c" });
    expect(notes.take()).toEqual(["c memberlist.msg.suspect 1", "c memberlist.msg.dead 1"]);
  });

  it("its health when it has to refute", () => {
    const { notes, machine } = measured();
    machine.packet({ type: "suspect", node: "self", incarnation: 1, from: "c" });
    expect(notes.take()).toEqual(["g memberlist.health.score 1"]);
    machine.packet({ ...alive("self", 9, 1), meta: new Uint8Array([9]) });
    expect(notes.take()).toEqual(["g memberlist.health.score 2", "c memberlist.msg.alive 1"]);
  });

  it("bytes of datagrams, including malformed ones", () => {
    const { notes, machine } = measured();
    machine.swim.packet(0, { host: "10.0.0.9", port: 1 }, new Uint8Array([255, 0, 0]));
    expect(notes.takeAll()).toEqual(["c memberlist.udp.received 3"]);
    machine.packet(alive("b", 1, 2));
    notes.takeAll();
    const sent = machine.run(200).filter((effect) => effect.kind === "send");
    expect(sent).toHaveLength(1);
    const size = sent[0]?.kind === "send" ? sent[0].bytes.length : 0;
    // The clock advanced once between start and end of the round.
    expect(notes.takeAll()).toEqual([`c memberlist.udp.sent ${size}`, "s memberlist.gossip 1"]);
  });

  it("a probe from start to end, and that it was degraded", () => {
    const { notes, machine } = measured();
    machine.packet(alive("b", 1, 2));
    notes.takeAll();
    machine.run(1_000);
    machine.now = 1_040;
    const sequence = machine
      .sent()
      .flatMap(({ message }) => (message.type === "ping" ? [message.sequence] : []));
    machine.packet({ type: "ack", sequence: sequence[0]!, payload: null });
    expect(notes.take()).toEqual(["s memberlist.probeNode 40"]);
    machine.run(6_000);
    expect(notes.take().slice(0, 4)).toEqual([
      "c memberlist.msg.suspect 1",
      "s memberlist.probeNode 1000",
      "g memberlist.health.score 1",
      "c memberlist.degraded.probe 1",
    ]);
  });

  it("a suspicion that ended with fewer confirmations than expected", () => {
    const { notes, machine } = measured();
    for (const [index, name] of ["b", "c", "d", "e"].entries()) machine.packet(alive(name, 1, 2 + index));
    machine.packet({ type: "suspect", node: "b", incarnation: 1, from: "c" });
    notes.takeAll();
    machine.run(60_000);
    const measuredThen = notes.take().filter((line) => /degraded\.timeout|msg\.dead/.test(line));
    expect(measuredThen.slice(0, 2)).toEqual(["c memberlist.degraded.timeout 1", "c memberlist.msg.dead 1"]);
  });
});
