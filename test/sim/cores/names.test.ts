/** The numbers of names that the nodes of a world share. */

import { describe, expect, it } from "vitest";
import { WorldNames } from "../../../runtimes/sim/cores/names.ts";
import { nameHash } from "../../../src/core/name_index.ts";
import { noRow } from "../../../src/core/rows.ts";

const known = ["n0", "n1", "n2"];

describe("the names of a world", () => {
  it("are numbered like its nodes, for every node", () => {
    const world = new WorldNames(known);
    for (const names of [world.ofNode(), world.ofNode()]) {
      for (const [row, name] of known.entries()) {
        expect(names.find(name)).toBe(row);
        expect(names.hold(name)).toBe(row);
        expect([names.name(row), names.hash(row)]).toEqual([name, nameHash(name)]);
      }
    }
  });

  it("keep their numbers when a table lets them go", () => {
    const world = new WorldNames(known);
    const [one, other] = [world.ofNode(), world.ofNode()];
    one.release(one.hold("n1"));
    expect([one.find("n1"), other.find("n1")]).toEqual([1, 1]);
  });

  it("are joined by made-up ones, which only the node has that heard them", () => {
    const world = new WorldNames(known);
    const [one, other] = [world.ofNode(), world.ofNode()];
    const row = one.hold("stranger");
    expect(row).toBe(known.length);
    expect([one.find("stranger"), other.find("stranger")]).toEqual([row, noRow]);
    expect([one.name(row), one.hash(row)]).toEqual(["stranger", nameHash("stranger")]);

    one.release(row);
    expect(one.find("stranger")).toBe(noRow);
    expect(one.hold("another")).toBe(row);
  });
});
