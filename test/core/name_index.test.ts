import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NameIndex, nameHash } from "../../src/core/name_index.ts";
import { noRow } from "../../src/core/rows.ts";

describe("an index of names", () => {
  it("finds the row of every name that it has, and of no other", () => {
    const names = Array.from({ length: 200 }, (_, index) => (index === 0 ? "" : `node-${index}`));
    const script = fc.array(fc.constantFrom(...names), { maxLength: 600, size: "max" });
    fc.assert(
      fc.property(script, (steps) => {
        const index = new NameIndex();
        const known = new Map<string, number>();
        const free = names.map((_, row) => row);
        for (const name of steps) {
          const row = known.get(name);
          if (row === undefined) {
            const added = free.pop()!;
            index.add(added, name);
            known.set(name, added);
          } else {
            index.delete(row);
            known.delete(name);
            free.push(row);
          }
        }
        for (const name of names) {
          const row = known.get(name) ?? noRow;
          expect(index.find(name)).toBe(row);
          if (row !== noRow) expect([index.name(row), index.hash(row)]).toEqual([name, nameHash(name)]);
        }
        for (const row of free) expect(index.has(row)).toBe(false);
        index.clear();
        for (const name of names) expect(index.find(name)).toBe(noRow);
      }),
    );
  });

  it("finds many names, and those left of them", () => {
    const index = new NameIndex();
    const count = 20_000;
    for (let row = 0; row < count; row++) index.add(row, `node-${row}`);
    for (let row = 0; row < count; row += 2) index.delete(row);
    const wrong = Array.from({ length: count }, (_, row) => row).filter(
      (row) => index.find(`node-${row}`) !== (row % 2 === 0 ? noRow : row),
    );
    expect(wrong).toEqual([]);
  });

  it("finds names that were chosen for their equal hashes", () => {
    const colliding = collisions(3_000);
    const index = new NameIndex();
    for (const [row, name] of colliding.entries()) index.add(row, name);
    expect(colliding.map((name) => index.find(name))).toEqual([...colliding.keys()]);
    for (const row of colliding.keys()) if (row % 3 === 0) index.delete(row);
    expect(colliding.map((name) => index.find(name))).toEqual(
      Array.from(colliding.keys(), (row) => (row % 3 === 0 ? noRow : row)),
    );
  });
});

/** Different names whose hashes share their last bits, so that they would all be in one bucket. */
function collisions(count: number): string[] {
  const names: string[] = [];
  for (let index = 0; names.length < count; index++) {
    if ((nameHash(`node-${index}`) & 255) === 0) names.push(`node-${index}`);
  }
  return names;
}
