import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { World } from "../../runtimes/sim/mod.ts";
import type { Connection } from "../../src/runtime.ts";

describe("a simulated connection", () => {
  it("delivers exactly the bytes that were written, whatever the network does and however slow the reader is", async () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 100_000 }), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(fc.nat(), sizes, fc.nat(50), fc.nat(40), async (seed, parts, loss, pauseMs) => {
        const world = new World({ seed, network: { latencyMs: [1, 30], loss: loss / 100 } });
        const a = world.addHost("a", "10.0.0.1");
        const b = world.addHost("b", "10.0.0.2");
        const accepted: Connection[] = [];
        await world.settle(
          b.streams.listen({ host: "", port: 80 }, (connection) => accepted.push(connection)),
        );
        const near = await world.settle(a.streams.connect({ host: "10.0.0.2", port: 80 }));
        const written = (async () => {
          for (const [index, size] of parts.entries()) await near.write(new Uint8Array(size).fill(index));
          near.close();
        })();
        const runs = new Array<number>(parts.length).fill(0);
        let last = 0;
        const read = (async () => {
          for (;;) {
            const bytes = await accepted[0]!.read();
            if (bytes === null) return;
            for (const byte of bytes) {
              if (byte < last) throw new Error("Bytes arrived out of order");
              last = byte;
              runs[byte]! += 1;
            }
            await new Promise<void>((resolve) => b.clock.after(pauseMs, resolve));
          }
        })();
        await world.settle(Promise.all([written, read]));
        expect(runs).toEqual(parts);
      }),
      { numRuns: 30 },
    );
  });

  it("never buffers more than its window for a reader that does not read", async () => {
    const world = new World({ seed: 1 });
    const a = world.addHost("a", "10.0.0.1");
    const b = world.addHost("b", "10.0.0.2");
    await world.settle(b.streams.listen({ host: "", port: 80 }, () => {}));
    const near = await world.settle(a.streams.connect({ host: "10.0.0.2", port: 80 }));
    let accepted = 0;
    const codes: unknown[] = [];
    const writing = (async () => {
      for (;;) {
        await near.write(new Uint8Array(10_000));
        accepted += 10_000;
      }
    })().catch((error) => codes.push(error.code));
    await world.run(600_000);
    expect(accepted).toBe(260_000);
    near.close();
    await world.settle(writing);
    expect(codes).toEqual(["ECANCELED"]);
  });
});
