import { describe, expect, it } from "vitest";
import type { SerfEvent } from "../../../src/core/serf/api.ts";
import type { SerfCore } from "../../../src/core/serf/serf_core.ts";
import { Network, question } from "./nodes.ts";

const holding = { userCoalesceMs: 3_000, userQuiescentMs: 1_000, coalesceMs: 3_000, quiescentMs: 1_000 };
const peer = { host: "10.0.0.9", port: 7946 };

/** Events among the effects in the outbox. */
function emittedBy(core: SerfCore): SerfEvent[] {
  return core.drain().flatMap((effect) => (effect.kind === "emit" ? [effect.event] : []));
}

describe("the time of a node", () => {
  it("is that of the last input: a coalesced event sent at 10 s is held until 11 s", () => {
    const node = new Network().add("a", { config: holding });
    const emitted = (): string[] =>
      emittedBy(node.core).flatMap((event) => (event.type === "user" ? [event.name] : []));
    node.core.userEvent(10_000, "deploy", new Uint8Array(), true);
    expect(emitted()).toEqual([]);
    node.core.tick(10_999);
    expect(emitted()).toEqual([]);
    node.core.tick(11_000);
    expect(emitted()).toEqual(["deploy"]);
  });

  const inputs: Record<string, (core: SerfCore, now: number) => void> = {
    start: (core, now) => core.start(now),
    tick: (core, now) => core.tick(now),
    packet: (core, now) => core.packet(now, peer, Uint8Array.of(1)),
    sendFailed: (core, now) => core.sendFailed(now, peer, "no route"),
    accept: (core, now) => void core.accept(now, peer),
    stream: (core, now) => core.stream(now, 99, { kind: "ended" }),
    beginJoin: (core, now) => core.beginJoin(now, false),
    join: (core, now) => core.join(now, 1, peer, ""),
    endJoin: (core, now) => core.endJoin(now, false, 1),
    leave: (core, now) => core.leave(now, 2),
    userEvent: (core, now) => core.userEvent(now, "e", new Uint8Array(), true),
    removeFailedNode: (core, now) => core.removeFailedNode(now, 3, "gone", false),
    setTags: (core, now) => core.setTags(now, 4, { a: "b" }),
    "queries.ask": (core, now) => core.queries.ask(now, 5, question("q")),
    "queries.end": (core, now) => core.queries.end(now, 5),
    "queries.patternsLoaded": (core, now) => core.queries.patternsLoaded(now),
    "queries.keysStored": (core, now) => core.queries.keysStored(now, 1, undefined),
  };

  it.each(Object.keys(inputs))("is set by %s", (name) => {
    const node = new Network().add("a", { config: holding });
    // An event that is held since 0 s is released by the first drain at or after 1 s.
    node.core.userEvent(0, "held", new Uint8Array(), true);
    node.core.drain();
    inputs[name]!(node.core, 5_000);
    expect(emittedBy(node.core)).toContainEqual(expect.objectContaining({ type: "user", name: "held" }));
  });
});
