import { describe, expect, it } from "vitest";
import { Network, question } from "./nodes.ts";

describe("the statistics of a node", () => {
  it("have Serf's names and count what there is", () => {
    const network = new Network();
    const key = new Uint8Array(16);
    const [a, b, c] = ["a", "b", "c", "d"].map((name) => network.add(name, { keys: [key] }));
    network.join();
    network.run(30_000);
    b!.core.leave(network.now, 1);
    network.run(10_000);
    network.nodes.splice(network.nodes.indexOf(c!), 1);
    network.run(60_000);
    a!.core.userEvent(network.now, "e", new Uint8Array(), false);
    a!.core.queries.ask(network.now, 2, question("q"));
    a!.core.removeFailedNode(network.now, 3, "nobody", false);
    const stats = a!.core.stats();
    expect(Object.keys(stats)).toEqual([
      "members",
      "failed",
      "left",
      "health_score",
      "member_time",
      "event_time",
      "query_time",
      "intent_queue",
      "event_queue",
      "query_queue",
      "encrypted",
      "coordinate_resets",
    ]);
    expect(stats).toMatchObject({
      members: "4",
      failed: "1",
      left: "1",
      health_score: "0",
      event_time: "2",
      query_time: "2",
      intent_queue: "1",
      event_queue: "1",
      query_queue: "1",
      encrypted: "true",
      coordinate_resets: "0",
    });
    expect(Number(stats["member_time"])).toBeGreaterThan(1);
  });

  it("count what is not shown by default too", () => {
    const network = new Network();
    const a = network.add("a");
    for (const name of ["x", "y"]) a.core.removeFailedNode(network.now, 1, name, false);
    a.core.packet(
      network.now,
      { host: "10.0.0.9", port: 7946 },
      a.codec.encode({ type: "suspect", node: "a", incarnation: 1, from: "x" }),
    );
    expect(a.core.stats()).toMatchObject({ health_score: "1", encrypted: "false", intent_queue: "0" });
  });
});
