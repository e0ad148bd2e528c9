import { describe, expect, it } from "vitest";
import type { QueryEvent, SerfEvent } from "../../../src/core/serf/api.ts";
import { Cluster } from "../../simulation/cluster.ts";

/** The events of one kind that n1 reports about what n0 sends. */
async function received(send: (nodes: Cluster) => void): Promise<{ nodes: Cluster; event: SerfEvent }> {
  const nodes = new Cluster({ size: 2, seed: 5, network: { latencyMs: [1, 3] } });
  await nodes.join();
  await nodes.world.run(5_000);
  nodes.reports.length = 0;
  send(nodes);
  await nodes.world.run(1_000);
  const report = nodes.reports.find(({ observer }) => observer === "n1");
  return { nodes, event: report!.event as SerfEvent };
}

describe("an event", () => {
  it("of a user is plain data: it is cloned, and turned into JSON with safe numbers", async () => {
    const { event } = await received((nodes) => nodes.node("n0").userEvent("deploy", "v2"));
    const fields = { type: "user", lamportTime: 1n, name: "deploy", coalesce: false };
    expect(event).toEqual({ ...fields, payload: new TextEncoder().encode("v2") });
    expect(structuredClone(event)).toEqual({ ...fields, payload: new TextEncoder().encode("v2") });
    expect(JSON.parse(JSON.stringify(event))).toEqual({ ...fields, lamportTime: 1, payload: "djI=" });
    expect(Object.isFrozen(event)).toBe(true);
  });

  it("of members is plain data", async () => {
    const { event } = await received((nodes) => void nodes.node("n0").setTags({ role: "web" }));
    expect(event.type).toBe("member-update");
    expect(structuredClone(event)).toEqual(event);
    expect(JSON.parse(JSON.stringify(event))).toEqual(event);
  });

  it("of a query is plain data, and its deadline is a time of day", async () => {
    let asked = 0;
    const { nodes, event } = await received((all) => {
      asked = all.world.runtime("n1").clock.wallTime();
      all.node("n0").query("load", "now", { timeoutMs: 10_000 });
    });
    const { deadline } = event as QueryEvent;
    const fields = { type: "query", lamportTime: 1n, name: "load", source: "n0", deadline };
    expect(event).toMatchObject({ ...fields, payload: new TextEncoder().encode("now") });
    expect(structuredClone(event)).toEqual({ ...fields, payload: new TextEncoder().encode("now") });
    expect(JSON.parse(JSON.stringify(event))).toEqual({ ...fields, lamportTime: 1, payload: "bm93" });
    expect(deadline - asked).toBeGreaterThanOrEqual(10_000);
    expect(deadline - asked).toBeLessThan(11_000);
    expect(nodes.world.now).toBeLessThan(20_000);
  });

  it("of a query is answered with text or bytes, and with nothing else", async () => {
    const replies: string[] = [];
    const { nodes, event } = await received((all) => {
      void (async () => {
        const query = all.node("n0").query("load", "", { timeoutMs: 10_000 });
        for await (const { payload } of query) replies.push(new TextDecoder().decode(payload));
      })();
    });
    const query = event as QueryEvent;
    for (const wrong of [7, null, undefined, { load: 0.7 }, [0, 7], new ArrayBuffer(2)]) {
      expect(() => query.respond(wrong as unknown as string)).toThrow(
        expect.objectContaining({
          code: "ERR_OPTION",
          message: expect.stringContaining("Cannot respond to a query: payload must be text or a Uint8Array"),
        }),
      );
    }
    query.respond("0.7 läuft");
    expect(() => query.respond("again")).toThrow(expect.objectContaining({ code: "ERR_STATE" }));
    await nodes.world.run(1_000);
    expect(replies).toEqual(["0.7 läuft"]);
  });
});
