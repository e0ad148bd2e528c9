import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LinkedRows, RowList } from "../../src/core/linked_rows.ts";
import { noRow } from "../../src/core/rows.ts";

describe("linked rows", () => {
  it("are in the order in which they were put, whatever is removed in between", () => {
    const steps = fc.array(fc.record({ row: fc.nat(1_500), place: fc.nat(40) }), { maxLength: 80 });
    fc.assert(
      fc.property(steps, (script) => {
        const links = new LinkedRows();
        const list = new RowList();
        const expected: number[] = [];
        for (const { row, place } of script) {
          const index = expected.indexOf(row);
          if (index >= 0) {
            links.remove(list, row);
            expected.splice(index, 1);
          } else if (place >= expected.length) {
            links.append(list, row);
            expected.push(row);
          } else {
            links.insert(list, row, expected[place - 1] ?? noRow);
            expected.splice(place, 0, row);
          }
          expect([...links.rows(list)]).toEqual(expected);
          const back: number[] = [];
          for (let each = list.last; each !== noRow; each = links.previous(each)) back.unshift(each);
          expect(back).toEqual(expected);
        }
      }),
    );
  });
});
