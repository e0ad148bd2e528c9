/** The simulator where no runtime of the system exists, as in a web page. */

import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { build } from "rolldown";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { simulateCluster } from "../../runtimes/sim/mod.ts";
import { lacks, pathOf } from "../machine/here.ts";
import { root } from "../tidy/sources.ts";

let folder: string;
let imported: string[];

const network = { latencyMs: [1, 20], loss: 0.05 } as const;
/** Forgets what a web page does not have, then prints the history of a cluster. */
const page = `
  const { log } = console;
  // Node makes this class when it is first used, with Buffer.
  void globalThis.MessageEvent;
  for (const name of ["setImmediate", "clearImmediate", "process", "Buffer", "require", "Bun"])
    Reflect.deleteProperty(globalThis, name);
  const { simulateCluster } = await import("./sim.mjs");
  const cluster = await simulateCluster(8, { seed: 3, network: ${JSON.stringify(network)} });
  await cluster.run(60_000);
  await cluster[Symbol.asyncDispose]();
  log(cluster.world.traceHash);
`;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tserf-page-"));
  const { output } = await build({
    input: join(root, "runtimes/sim/mod.ts"),
    platform: "browser",
    logLevel: "silent",
    output: { dir: folder, format: "esm", entryFileNames: "sim.mjs", chunkFileNames: "[name].mjs" },
  });
  const chunks = output.filter((chunk) => chunk.type === "chunk");
  const own = new Set(chunks.map(({ fileName }) => fileName));
  imported = chunks
    .flatMap(({ imports, dynamicImports }) => [...imports, ...dynamicImports])
    .filter((name) => !own.has(name));
  // A page has no way to end itself, and the channel that stands in for setImmediate stays open.
  await writeFile(
    join(folder, "page.mjs"),
    `${page}\nexit();`.replace(/^/, "const exit = process.exit.bind(process);"),
  );
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe("the simulator", () => {
  it("imports no module of a runtime", () => {
    expect(imported).toEqual([]);
  });

  // Deno always has setImmediate; its messages to oneself overtake promise callbacks, unlike those of browsers.
  const some = (["node", "node24", "bun"] as const).filter((name) => !lacks(name));
  it.each(some)("has the same history on %s without what a web page lacks", {
    timeout: 60_000,
  }, async (name) => {
    const cluster = await simulateCluster(8, { seed: 3, network });
    await cluster.run(60_000);
    await cluster[Symbol.asyncDispose]();
    const { stdout } = await promisify(execFile)(pathOf(name), [join(folder, "page.mjs")]);
    expect(stdout).toBe(`${cluster.world.traceHash}\n`);
  });
});
