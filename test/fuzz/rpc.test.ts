/**
 * Hostile RPC clients against a session: recorded conversations that were mutated, cut and joined, and noise. The number of inputs is
 * TSERF_FUZZ_COUNT, 50,000 by default; the seed is TSERF_FUZZ_SEED.
 */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { RpcCodec } from "../../src/rpc/codec.ts";
import { Session } from "../../src/rpc/server/session.ts";
import { LineRecord } from "../../src/rpc/server/subscriptions.ts";
import { seeded } from "../core/swim/machine.ts";

const count = Number(process.env["TSERF_FUZZ_COUNT"] ?? 50_000);
const seed = Number(process.env["TSERF_FUZZ_SEED"] ?? 1);
const folder = join(import.meta.dirname, "..", "golden", "rpc");

/** What clients sent in the recordings, a list of objects for each. */
const recordings: Uint8Array[][] = readdirSync(folder)
  .filter((name) => name.endsWith(".hex"))
  .map((name) =>
    readFileSync(join(folder, name), "utf8")
      .split("\n")
      .filter((line) => line.startsWith("C "))
      .map((line) => Uint8Array.from(Buffer.from(line.slice(2).replaceAll(" ", ""), "hex"))),
  );

describe("mutated conversations", () => {
  it.each([
    ["without a token", ""],
    ["with a token", "s3cret"],
  ])(
    "%s neither crash a session nor make it buffer or write without bound",
    { timeout: 3_600_000 },
    (_what, token) => {
      const random = seeded(seed);
      const codec = new RpcCodec();
      const start = process.memoryUsage().rss;
      let fed = 0;
      let performed = 0;
      while (fed < count) {
        const session = new Session({ client: "127.0.0.1:1", token, codec });
        const recording = recordings[random.below(recordings.length)]!;
        let now = 0;
        for (const object of recording) {
          fed += 1;
          const bytes = object.slice();
          for (let change = random.below(3); change > 0; change--)
            bytes[random.below(bytes.length)] = random.below(256);
          const cut = random.below(bytes.length + 1);
          session.receive(bytes.subarray(0, cut));
          if (random.below(50) > 0) session.receive(bytes.subarray(cut));
          for (const effect of session.drain()) {
            if (effect.kind !== "perform") continue;
            performed += 1;
            const { request } = effect;
            if (request.command === "query") session.queryDone(session.settleQuery());
            else if (request.command === "respond") session.settleResponse(now, request.id, request.payload);
            else session.settle("", request.command === "stats" ? {} : { Members: [] });
          }
          session.line(
            now,
            new LineRecord({ level: "INFO", text: "2026/01/01 00:00:00 [INFO] agent: line" }),
          );
          now += 1;
          let written = 0;
          for (let out = session.take(); out !== undefined; out = session.take()) written += out.length;
          expect(written).toBeLessThan(1_000_000);
          if (session.closing) break;
        }
      }
      expect(performed).toBeGreaterThan(0);
      expect(process.memoryUsage().rss - start).toBeLessThan(300_000_000);
    },
  );
});
