/**
 * The example cache_ring, with Redis: keys stay with their owners, and if one dies only its share
 * moves.
 */

import { afterEach, describe, expect, it } from "vitest";
import { Ring } from "../../examples/cache_ring/ring.ts";
import { lacks } from "../machine/here.ts";
import { Demo, eventually, http, kinds, stopDemos } from "./demo.ts";

afterEach(stopDemos);

const keys = Array.from({ length: 300 }, (_, index) => `key${index}`);

describe.skipIf(lacks("loopback", "redis-server")).each(kinds)(
  "the ring of caches with agents of %s",
  (kind) => {
    it("moves only the keys of a dead cache", { timeout: 240_000 }, async () => {
      const demo = await Demo.start("cache_ring", kind, 150);
      const url = `http://${demo.network}.1:8080/`;
      const lists = async (...names: string[]): Promise<boolean> =>
        JSON.stringify((await http(url)).body.split("\n").filter(Boolean).sort()) === JSON.stringify(names);
      await eventually(demo, "three caches", () => lists("cache1", "cache2", "cache3"));

      const owners = new Map<string, unknown>();
      for (const key of keys) {
        const { status, headers } = await http(url + key, "PUT", `value of ${key}\r\nü`);
        expect(status).toBe(204);
        owners.set(key, headers["x-cache"]);
      }
      const share = (name: string): string[] => keys.filter((key) => owners.get(key) === name);
      for (const name of ["cache1", "cache2", "cache3"]) {
        expect(share(name).length).toBeGreaterThan(50);
        expect(share(name).length).toBeLessThan(150);
      }
      // The values are in the real servers, each in one of them.
      const stored = await demo.type(`redis-cli -h ${demo.network}.12 dbsize`);
      expect(Number(stored)).toBe(share("cache2").length);

      /** Gets all keys: whether they have a value, and from which server. */
      const all = async (): Promise<{ key: string; status: number; by: unknown; body: string }[]> => {
        const answers = [];
        for (const key of keys) {
          const { status, headers, body } = await http(url + key);
          answers.push({ key, status, by: headers["x-cache"], body });
        }
        return answers;
      };
      const kept = (key: string): object => ({
        key,
        status: 200,
        by: owners.get(key),
        body: `value of ${key}\r\nü`,
      });
      expect(await all()).toEqual(keys.map(kept));

      for (const name of ["redis2", "cache2"]) process.kill(demo.process(name).pid, "SIGKILL");
      // At once: no request fails, the other keys are where they were.
      for (const answer of await all()) {
        if (owners.get(answer.key) === "cache2") expect(answer).toMatchObject({ status: 404, body: "" });
        else expect(answer).toEqual(kept(answer.key));
      }
      await eventually(demo, "two caches", () => lists("cache1", "cache3"));
      const after = await all();
      expect(after.filter(({ key, by }) => by !== owners.get(key)).map(({ key }) => key)).toEqual(
        share("cache2"),
      );
      for (const key of share("cache2")) expect((await http(url + key, "PUT", "new")).status).toBe(204);
      // They spread over both of the others.
      const heirs = after.filter(({ key }) => owners.get(key) === "cache2").map(({ by }) => by);
      expect([...new Set(heirs)].sort()).toEqual(["cache1", "cache3"]);

      for (const name of ["redis2", "cache2"]) demo.leaveRunning(demo.process(name).command);
      await eventually(demo, "three caches again", () => lists("cache1", "cache2", "cache3"));
      await eventually(demo, "the same owners", async () =>
        (await all()).every(({ key, by, status }) => by === owners.get(key) && status !== 503),
      );

      await demo.stop();
      expect(demo.alive).toEqual([]);
    });
  },
);

describe("a ring", () => {
  const nodes = Array.from({ length: 10 }, (_, index) => ({ name: `n${index}` }));
  type Node = (typeof nodes)[number];
  const names = (ring: Ring<Node>, key: string): string[] => [...ring.owners(key)].map(({ name }) => name);

  it("is the same for the same names, in any order", () => {
    const [ring, other] = [new Ring(nodes), new Ring([...nodes].reverse())];
    for (const key of keys) expect(names(other, key)).toEqual(names(ring, key));
  });

  it("lists every node once, also for keys after its last point; an empty ring lists none", () => {
    const pair = nodes.slice(0, 2);
    const ring = new Ring(pair);
    // About one key in 300 exists.
    for (let index = 0; index < 5000; index++)
      expect(new Set(ring.owners(`key${index}`))).toEqual(new Set(pair));
    expect([...new Ring([]).owners("key")]).toEqual([]);
  });

  it("without a node gives its keys, and no others, to the next nodes", () => {
    const [ring, smaller] = [new Ring(nodes), new Ring(nodes.slice(1))];
    for (const key of keys)
      expect(names(smaller, key)).toEqual(names(ring, key).filter((name) => name !== "n0"));
    const moved = keys.filter((key) => names(ring, key)[0] === "n0");
    expect(moved.length).toBeGreaterThan(keys.length / 30);
    expect(moved.length).toBeLessThan(keys.length / 4);
  });
});
