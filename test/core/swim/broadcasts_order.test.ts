/** The broadcast queue against its plain twin. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { Broadcasts, type BroadcastsOptions } from "../../../src/core/swim/queue/broadcasts.ts";
import { Tally } from "../../../src/core/swim/queue/tally.ts";
import { PlainBroadcasts } from "../../reference/broadcasts.ts";

const sizes = fc.oneof(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 30 }));
const side = fc.constantFrom(undefined, "before" as const, "after" as const);
const steps = fc.array(
  fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant("queue" as const),
        size: sizes,
        name: fc.option(fc.constantFrom("", "a", "b", "c"), { nil: undefined }),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant("fetch" as const),
        overhead: fc.integer({ min: 0, max: 3 }),
        limit: fc.integer({ min: 0, max: 60 }),
        countMax: fc.integer({ min: 0, max: 9 }),
        side,
        below: fc.constantFrom(undefined, 1, 2),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("forgive" as const), side }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("storm" as const), size: sizes }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("prune" as const), max: fc.nat(9) }) },
  ),
  { maxLength: 60 },
);

it.each([
  false,
  true,
])("a queue sends, finishes and drops what a sorted list would; oldest first: %s", (oldestFirst) => {
  const limits = fc.record({ lengthMax: fc.constantFrom(3, 8, 300), nodes: fc.constantFrom(1, 3, 9) });
  fc.assert(
    fc.property(steps, limits, (script, { lengthMax, nodes }) => {
      const tally = new Tally();
      const options: BroadcastsOptions = {
        retransmitMult: 1,
        nodeCount: () => nodes,
        lengthMax: () => lengthMax,
        sizeMax: () => 25,
        oldestFirst,
        tally,
      };
      const queue = new Broadcasts(options);
      const plain = new PlainBroadcasts(options, queue.transmitLimit);
      const finished: number[] = [];
      const expected: number[] = [];
      let number = 0;
      const add = (size: number, name?: string): void => {
        const bytes = new Uint8Array(size).fill(number++);
        const id = number;
        const isQueued = queue.queue(bytes, name, () => finished.push(id));
        expect(isQueued).toBe(plain.queue(bytes, name, () => expected.push(id)));
      };
      for (const step of script) {
        if (step.kind === "queue") add(step.size, step.name);
        else if (step.kind === "storm") for (let index = 0; index < 100; index++) add(step.size);
        else if (step.kind === "fetch") expect(queue.fetch(step)).toEqual(plain.fetch(step));
        else if (step.kind === "prune") for (const each of [queue, plain]) each.prune(step.max);
        else if (step.side !== undefined) for (const each of [queue, plain]) each.forgive(step.side);
        expect(finished).toEqual(expected);
        const { length, bytes, dropped, entryCount } = queue;
        expect({ length, bytes, dropped, entryCount, untold: tally.untold }).toEqual({
          length: plain.length,
          bytes: plain.bytes,
          dropped: plain.dropped,
          entryCount: tally.entries,
          untold: plain.untold,
        });
      }
    }),
    { numRuns: 500 },
  );
});
