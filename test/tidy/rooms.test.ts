/** Each room imports only the rooms that the table allows. */
import { describe, expect, it } from "vitest";
import { keepsToItsRoom, roomOf, rooms } from "./rooms.ts";
import { imported, source, sources } from "./sources.ts";

const ours = sources("src", "runtimes");

describe.each(rooms)("$name: $rule", (room) => {
  const inside = `${room.paths[0]!.replace("*", "node")}${room.paths[0]!.endsWith("/") ? "a.ts" : ""}`;

  it("rejects each of its samples, in whatever form it is imported", () => {
    for (const target of room.never) {
      for (const file of imported(inside, target)) expect(keepsToItsRoom(file), file.text).toHaveLength(1);
    }
  });

  it("accepts what it may import", () => {
    for (const name of room.sees) {
      const seen = rooms.find((other) => other.name === name)?.paths[0] ?? name;
      const target = `${seen.replace("*", "node")}${seen.endsWith("/") ? "a.ts" : ""}`;
      for (const file of imported(inside, target)) expect(keepsToItsRoom(file), file.text).toEqual([]);
    }
    expect(keepsToItsRoom(source(inside, 'import "vitest";'))).toEqual([]);
  });

  it("holds for all its files", () => {
    const files = ours.filter(({ path }) => roomOf(path) === room);
    expect(files.flatMap(keepsToItsRoom)).toEqual([]);
  });
});

describe("the table of rooms", () => {
  it("has samples for every room, and names only rooms and files that exist", () => {
    const names = new Set([...rooms.map(({ name }) => name), ...ours.map(({ path }) => path)]);
    expect(names.size).toBe(rooms.length + ours.length);
    for (const { never, sees } of rooms) {
      expect(never).not.toEqual([]);
      expect(sees.filter((name) => !names.has(name))).toEqual([]);
    }
  });
});
