import { describe, expect, it } from "vitest";
import { Members, nameHash } from "../../../src/core/swim/members.ts";
import { Ring } from "../../../src/core/swim/ring.ts";
import { address, seeded, versions } from "./machine.ts";

/** The members as the node of the first name sees them. */
function table(names: readonly string[]): Members {
  const members = new Members(seeded(1));
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
    members.change(members.add(alive, 0)!, "alive", 0);
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
      expect(ring(members, after.name).neighbours!.before.name).toBe(name);
      name = after.name;
    } while (name !== names[0]);
    expect(visited.sort()).toEqual([...names].sort());
  });

  it("closes when a member dies, and opens when it returns", () => {
    const members = table(names);
    const own = ring(members, names[0]!);
    const { after } = own.neighbours!;
    members.change(after, "dead", 1);
    const next = own.neighbours!.after;
    expect(next).not.toBe(after);
    members.change(after, "alive", 2);
    expect(own.neighbours!.after).toBe(after);
    // A suspect is still a neighbour: it has to learn of the suspicion.
    members.change(after, "suspect", 3);
    expect(own.neighbours!.after).toBe(after);
  });

  it("has one neighbour on both sides among two, and none for a single node", () => {
    const { before, after } = ring(table(["a", "b"]), "a").neighbours!;
    expect([before.name, after.name]).toEqual(["b", "b"]);
    expect(ring(table(["a"]), "a").neighbours).toBeUndefined();
  });

  it("lists live members from the nearest on, both sides in turns", () => {
    const members = table(names);
    const own = ring(members, names[0]!);
    const { before, after } = own.neighbours!;
    const nearest = (countMax: number): string[] => own.nearest(countMax).map(({ name }) => name);
    const six = nearest(6);
    expect(six.slice(0, 2)).toEqual([after.name, before.name]);
    expect(six[2]).toBe(ring(members, after.name).neighbours!.after.name);
    expect(six[3]).toBe(ring(members, before.name).neighbours!.before.name);
    expect(nearest(1_000).sort()).toEqual(names.slice(1).sort());
    // One that goes is replaced by one other; the rest stays.
    members.change(after, "dead", 1);
    expect(nearest(6)).not.toContain(after.name);
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
