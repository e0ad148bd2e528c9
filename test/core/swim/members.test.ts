import { expect, test } from "vitest";
import { OwnNames } from "../../../src/core/names.ts";
import { OwnIdentities } from "../../../src/core/swim/identity.ts";
import { Members } from "../../../src/core/swim/members.ts";
import { address, alive, seeded } from "./machine.ts";

test("picked members are different ones that are accepted, however many there are to draw from", () => {
  for (const size of [4, 10, 40, 60]) {
    const members = new Members(seeded(size), new OwnNames(), new OwnIdentities());
    for (let index = 0; index < size; index++)
      members.add(alive(`n${index}`, 1, index, { address: address(index) }), 0);
    for (let times = 0; times < 200; times++) {
      const picked = members.pick(3, (row) => members.name(row) !== "n1");
      expect(new Set(picked).size).toBe(3);
      expect(picked.map((row) => members.name(row))).not.toContain("n1");
    }
  }
});
