import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Entry, OrderedList } from "../../src/core/ordered_list.ts";

function values(list: OrderedList<number>): number[] {
  const found: number[] = [];
  for (let entry = list.first; entry !== undefined; entry = entry.next) found.push(entry.value);
  const back: number[] = [];
  for (let entry = list.last; entry !== undefined; entry = entry.previous) back.push(entry.value);
  expect(back.reverse()).toEqual(found);
  return found;
}

describe("an ordered list", () => {
  it("has its values in descending order, whatever is added and removed in between", () => {
    const steps = fc.array(fc.record({ order: fc.nat(40), remove: fc.boolean() }), { maxLength: 60 });
    fc.assert(
      fc.property(steps, (script) => {
        const list = new OrderedList<number>();
        const entries = new Map<number, Entry<number>>();
        for (const { order, remove } of script) {
          const known = entries.get(order);
          if (known !== undefined && remove) {
            list.remove(known);
            entries.delete(order);
          } else if (known === undefined) entries.set(order, list.add(order, order));
          expect(values(list)).toEqual([...entries.keys()].sort((a, b) => b - a));
        }
      }),
    );
  });
});
