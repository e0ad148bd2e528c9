/** Rules about what a node counts: its Lamport clocks and its health score. */

import { lamportLeapMax } from "../../../src/core/serf/lamport.ts";
import type { CoreNode } from "../cores/node.ts";
import { type Change, Rule } from "./rule.ts";

const clockNames = ["members", "events", "queries"] as const;

/** How many times a node may take in one turn: a command, a return, a refutation and its answer. */
const takenMax = 4n;

/** Lamport clocks never fall by what is possible without a lie, and never go further than one step past the highest of all. */
export class ClocksMoveInSteps extends Rule {
  readonly name = "Lamport clocks never fall nor leap";
  readonly #seen: bigint[][] = [];
  readonly #highest: bigint[] = [1n, 1n, 1n];

  override started(_now: number, node: CoreNode): void {
    const { clocks } = node.core.inspect();
    this.#seen[node.index] = clockNames.map((name) => clocks[name].time);
    this.#inspected[node.index] = clocks;
  }

  readonly #inspected: ReturnType<CoreNode["core"]["inspect"]>["clocks"][] = [];

  override turned(now: number, node: CoreNode): void {
    const clocks = this.#inspected[node.index]!;
    const seen = this.#seen[node.index]!;
    this.judged += 1;
    for (let index = 0; index < 3; index += 1) {
      const { time } = clocks[clockNames[index]!];
      const before = seen[index]!;
      if (time === before) continue;
      seen[index] = time;
      const highest = this.#highest[index]!;
      // Who joins goes back to the time of the cluster if a liar had moved it far away from that.
      if (time < before && before - time <= lamportLeapMax)
        this.fail(now, `${node.name}: the clock of ${clockNames[index]} fell to ${time}`);
      if (time <= highest) continue;
      const { truth, bounds } = this.scene;
      // A message without a checksum may be damaged, and a member may lie.
      const isTrue = truth.calmSince("damage") + bounds.aftermathMs < now;
      if (isTrue && time > highest + takenMax) {
        this.fail(now, `${node.name}: the clock of ${clockNames[index]} leapt from ${highest} to ${time}`);
      }
      this.#highest[index] = time;
    }
  }
}

/** The health score stays in its range, and moves by what one turn can add or take. */
export class AwarenessMovesInSteps extends Rule {
  readonly name = "awareness stays in its range and moves in steps";
  readonly #score: number[] = [];
  readonly #refuted: number[] = [];
  readonly #inspections: ReturnType<CoreNode["core"]["inspect"]>[] = [];

  override started(_now: number, node: CoreNode): void {
    this.#score[node.index] = 0;
    this.#refuted[node.index] = 0;
    this.#inspections[node.index] = node.core.inspect();
  }

  override changed(_now: number, { observer, subject }: Change): void {
    if (subject === observer.index) this.#refuted[subject] = (this.#refuted[subject] ?? 0) + 1;
  }

  override turned(now: number, node: CoreNode): void {
    const { index } = node;
    const score = this.#inspections[index]!.awareness;
    const before = this.#score[index]!;
    const refuted = this.#refuted[index]!;
    this.#refuted[index] = 0;
    if (score === before) return;
    this.judged += 1;
    this.#score[index] = score;
    const { awarenessMax, indirectChecks } = this.scene.bounds.swim;
    if (score < 0 || score >= awarenessMax) this.fail(now, `${node.name}: the health score is ${score}`);
    // A probe that succeeds takes one. One that fails adds one, or the nacks that are missing, and
    // every refutation adds one.
    if (score < before - 1 || score > before + indirectChecks + refuted) {
      this.fail(now, `${node.name}: the health score went from ${before} to ${score}`);
    }
  }
}
