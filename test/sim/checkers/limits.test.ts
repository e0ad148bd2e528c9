/** Broken histories of what a node holds and does at once: each rule has to object. */

import { describe, expect, it } from "vitest";
import { LoadIsBounded, QueuesRunEmpty, TurnsAreBounded } from "../../../runtimes/sim/checkers/limits.ts";
import type { SerfEffect } from "../../../src/core/serf/effects.ts";
import { stage, texts } from "./broken.ts";

describe("rules about what a node holds", () => {
  it("object to a queue or a table that is too long or too large", () => {
    const { rule, nodes, scene } = stage(LoadIsBounded);
    const [n0, n1] = nodes;
    const { queueDepthMax } = scene.bounds.serf;
    n0!.load = { ...n0!.load, events: { length: queueDepthMax, bytes: 500_000 } };
    rule.turned(1, n0!.node);
    expect(texts(rule)).toEqual([]);
    n1!.load = {
      ...n1!.load,
      broadcasts: { length: 4, bytes: 9_000 },
      intents: { length: 1, bytes: 2 ** 20 },
      events: { length: queueDepthMax + 1, bytes: 500_000 },
      exchanges: { length: 500, bytes: 0 },
      timers: 5_000,
    };
    rule.turned(2, n1!.node);
    expect(texts(rule)).toEqual([
      "2: n1 holds 4 broadcasts, at most 3",
      "2: n1 holds 9000 bytes of broadcasts, at most 8400",
      "2: n1 holds 1048576 bytes of intents, at most 8400",
      "2: n1 holds 4097 events, at most 4096",
      "2: n1 holds 500 exchanges, at most 192",
      "2: n1 has 5000 timers, at most 3148",
    ]);
  });

  it("object to a queue that is not empty after quiet, unless there is nobody to send to", () => {
    const { rule, nodes } = stage(QueuesRunEmpty);
    const [n0, n1] = nodes;
    n0!.load = { ...n0!.load, intents: { length: 1, bytes: 30 } };
    n1!.load = n0!.load;
    n1!.liveCount = 1;
    rule.quiet(9);
    expect(texts(rule)).toEqual(["9: n0 still holds 1 intents, 30 bytes"]);
  });
});

describe("the rule about turns", () => {
  it("objects to one that does too much at once", () => {
    const { rule, nodes, scene } = stage(TurnsAreBounded);
    const [n0, n1] = nodes;
    const { sendsMax, effectsMax } = scene.bounds;
    const send: SerfEffect = {
      kind: "send",
      to: { host: "10.0.0.1", port: 1 },
      bytes: new Uint8Array(1_400),
    };
    const log: SerfEffect = { kind: "log", level: "INFO", component: "serf", text: "" };
    const write: SerfEffect = { kind: "write", id: 1, bytes: new Uint8Array(9_000_000) };
    for (let turn = 1; turn <= 2; turn += 1) {
      for (let count = 0; count < sendsMax; count += 1) rule.effect(turn, n0!.node, send);
      rule.turned(turn, n0!.node);
    }
    expect(texts(rule)).toEqual([]);
    for (let count = 0; count <= sendsMax; count += 1) rule.effect(3, n0!.node, send);
    for (let count = 0; count <= effectsMax; count += 1) rule.effect(3, n1!.node, log);
    rule.effect(3, n1!.node, write);
    rule.turned(3, n0!.node);
    rule.turned(3, n1!.node);
    expect(rule.broken).toBe(3);
    expect(texts(rule)[0]).toBe(`3: n0 sends ${sendsMax + 1} datagrams in a turn, at most ${sendsMax}`);
    expect(texts(rule)[1]).toBe(`3: n1 has ${effectsMax + 2} effects in a turn, at most ${effectsMax}`);
    expect(texts(rule)[2]).toMatch(/^3: n1 sends 9000000 bytes in a turn/);
  });
});
