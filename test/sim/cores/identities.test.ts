/** Identities that the nodes of a world share: equal ones are one, and different ones never are. */

import { describe, expect, it } from "vitest";
import { SharedIdentities } from "../../../runtimes/sim/cores/identities.ts";
import { CoreWorld } from "../../../runtimes/sim/mod.ts";
import type { Alive } from "../../../src/core/wire/messages.ts";

const alive: Alive = {
  type: "alive",
  incarnation: 1,
  node: "n1",
  address: Uint8Array.of(10, 0, 0, 1),
  port: 7946,
  meta: Uint8Array.of(1, 2),
  versions: Uint8Array.of(1, 5, 2, 2, 5, 4),
};

describe("shared identities", () => {
  it("are one for equal announcements", () => {
    const identities = new SharedIdentities(10);
    const copy = { ...alive, incarnation: 2, address: alive.address.slice(), meta: Uint8Array.of(1, 2) };
    expect(identities.of(copy, undefined)).toBe(identities.of(alive, undefined));
  });

  it.each<[string, Partial<Alive>]>([
    ["another address", { address: Uint8Array.of(10, 0, 0, 2) }],
    [
      "the address in another form",
      { address: Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 10, 0, 0, 1) },
    ],
    ["another port", { port: 1 }],
    ["other metadata", { meta: Uint8Array.of(1, 3) }],
    ["no metadata", { meta: null }],
    ["other versions", { versions: Uint8Array.of(1, 5, 2, 2, 5, 5) }],
    ["fewer versions", { versions: Uint8Array.of(1, 5) }],
  ])("differ for %s", (_what, change) => {
    const identities = new SharedIdentities(10);
    const first = identities.of(alive, undefined);
    const changed = identities.of({ ...alive, ...change }, first);
    expect(changed).not.toBe(first);
    expect(changed.meta).toEqual(change.meta === undefined ? alive.meta : change.meta);
    expect(changed.address).toEqual(change.address ?? alive.address);
    expect(first.endpoint).toEqual({ host: "10.0.0.1", port: 7946 });
  });

  it("are bounded", () => {
    const identities = new SharedIdentities(1);
    identities.of(alive, undefined);
    const other = { ...alive, node: "n2" };
    expect(identities.of(other, undefined)).not.toBe(identities.of(other, undefined));
  });

  it("make the nodes of a world see one record of a member", () => {
    const world = new CoreWorld({ seed: 1, size: 3, options: { compression: false }, path: "structural" });
    world.startJoined();
    const [first, second, third] = world.nodes;
    expect(first!.core.member(third!.name)).toBe(second!.core.member(third!.name));
  });
});
