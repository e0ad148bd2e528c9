import { describe, expect, it } from "vitest";
import { nameHash } from "../../../src/core/name_index.ts";
import { OwnNames } from "../../../src/core/names.ts";
import { Ring } from "../../../src/core/swim/gossip/ring.ts";
import { OwnIdentities } from "../../../src/core/swim/identity.ts";
import { Members } from "../../../src/core/swim/members.ts";
import { address, seeded, versions } from "./machine.ts";

/** The members as the node of the first name sees them. */
function table(names: readonly string[]): Members {
  const members = new Members(seeded(1), new OwnNames(), new OwnIdentities());
  for (const [index, node] of names.entries()) {
    const alive = {
      type: "alive",
      node,
      incarnation: 1,
      address: address(index),
      port: 1,
      meta: null,
      versions,
    } as const;
    members.change(members.add(alive, 0), "alive", 0, 0);
  }
  return members;
}

function ring(members: Members, name: string): Ring {
  return new Ring(members, name);
}

describe("the ring", () => {
  const names = Array.from({ length: 50 }, (_, index) => `node-${index}`);

  it("is one circle of all live members", () => {
    const members = table(names);
    const visited: string[] = [];
    let name = names[0]!;
    do {
      visited.push(name);
      const { after } = ring(members, name).neighbours!;
      expect(ring(members, members.name(after)).neighbours!.before).toBe(members.find(name));
      name = members.name(after);
    } while (name !== names[0]);
    expect(visited.sort()).toEqual([...names].sort());
  });

  it("closes when a member dies, and opens when it returns", () => {
    const members = table(names);
    const own = ring(members, names[0]!);
    const { after } = own.neighbours!;
    members.change(after, "dead", 0, 1);
    const next = own.neighbours!.after;
    expect(next).not.toBe(after);
    members.change(after, "alive", 0, 2);
    expect(own.neighbours!.after).toBe(after);
    // A suspect is still a neighbour: it has to learn of the suspicion.
    members.change(after, "suspect", 0, 3);
    expect(own.neighbours!.after).toBe(after);
  });

  it("has one neighbour on both sides among two, and none for a single node", () => {
    const members = table(["a", "b"]);
    const { before, after } = ring(members, "a").neighbours!;
    expect([members.name(before), members.name(after)]).toEqual(["b", "b"]);
    expect(ring(table(["a"]), "a").neighbours).toBeUndefined();
  });

  it("lists live members from the nearest on, both sides in turns", () => {
    const members = table(names);
    const own = ring(members, names[0]!);
    const [before, after] = [own.neighbours!.before, own.neighbours!.after].map((row) => members.name(row));
    const nearest = (countMax: number): string[] => own.nearest(countMax).map((row) => members.name(row));
    const six = nearest(6);
    expect(six.slice(0, 2)).toEqual([after, before]);
    expect(six[2]).toBe(members.name(ring(members, after!).neighbours!.after));
    expect(six[3]).toBe(members.name(ring(members, before!).neighbours!.before));
    expect(nearest(1_000).sort()).toEqual(names.slice(1).sort());
    // One that goes is replaced by one other; the rest stays.
    members.change(members.find(after!), "dead", 0, 1);
    expect(nearest(6)).not.toContain(after);
    expect(nearest(6).filter((name) => six.includes(name))).toHaveLength(5);
    expect(ring(table(["a", "b"]), "a").nearest(5)).toHaveLength(1);
    expect(ring(table(["a"]), "a").nearest(5)).toEqual([]);
  });

  it("goes by the same hash on every machine", () => {
    expect([nameHash(""), nameHash("a"), nameHash("node-1"), nameHash("bücher")]).toMatchInlineSnapshot(`
      [
        2872998923,
        444641715,
        2865264164,
        3833315175,
      ]
    `);
  });
});
