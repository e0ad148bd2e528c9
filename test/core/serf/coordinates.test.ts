import { describe, expect, it } from "vitest";
import { PingCoordinates } from "../../../src/core/serf/coordinates.ts";
import { Network, testContext } from "./nodes.ts";

describe("the coordinates that a node knows", () => {
  it("are of itself and of members that it probed, until they are erased", () => {
    const network = new Network();
    const [a, b] = [network.add("a"), network.add("b")];
    network.join();
    expect(a.core.coordinate("a")).toBeDefined();
    network.run(10_000);
    expect(a.core.coordinate("b")).toBeDefined();
    network.nodes.splice(network.nodes.indexOf(b), 1);
    network.run(120_000);
    expect(a.core.member("b")?.status).toBe("failed");
    expect(a.core.coordinate("b")).toBeDefined();
    a.core.removeFailedNode(network.now, 1, "b", true);
    expect(a.core.member("b")).toBeUndefined();
    expect(a.core.coordinate("b")).toBeUndefined();
  });

  it("do not come from acks without one, or with one that nobody can read", () => {
    const context = testContext({ name: "a" });
    const coordinates = new PingCoordinates(context);
    const other = new PingCoordinates(testContext({ name: "b" }));
    coordinates.observe("b", 5, new Uint8Array());
    coordinates.observe("b", 5, new Uint8Array([2, 0x80]));
    coordinates.observe("b", 5, other.payload().subarray(0, 9));
    expect(coordinates.find("b")).toBeUndefined();
    const lines = context.outbox.drain().map((effect) => (effect.kind === "log" ? effect.text : effect.kind));
    expect(lines).toEqual([
      "Unsupported ping version: 2",
      "Failed to decode coordinate from ping: msgpack: message is cut short",
    ]);
    coordinates.observe("b", 5, other.payload());
    expect(coordinates.find("b")).toEqual(other.find("b"));
  });
});
