/**
 * Deno's adapter, on Deno: with its own datagrams, and with the fallback if those are not switched
 * on.
 */
import { describe, expect, it } from "vitest";
import { denoRuntime } from "../../runtimes/deno/mod.ts";
import { nodeDatagrams } from "../../runtimes/node/datagrams.ts";
import { datagrams, dualStackDatagrams } from "./datagrams.ts";
import { conformance, openMachine } from "./real.ts";

describe("deno", () => {
  it("has its own datagrams switched on", () => {
    expect(globalThis).toHaveProperty("Deno.listenDatagram");
  });
  conformance(denoRuntime(), "deno", "test/conformance/deno_terminal.ts");
});

describe("deno without the unstable feature net", () => {
  const open = openMachine({
    ...denoRuntime(),
    datagrams: nodeDatagrams({ receiveBufferSize: 0, inFlightMax: 1, reserves: false }),
  });
  datagrams(open);
  dualStackDatagrams(open);
});
