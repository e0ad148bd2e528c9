/**
 * Compares how fast the same world is simulated in headless Chromium and on this engine, in turns. Run it on
 * a machine that does nothing else.
 *
 *     npm run bench:browser
 */

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "rolldown";
import { things } from "../machine/things.ts";
import { Browser } from "../sim/page/browser.ts";
import { calmWorld } from "./calm_world.ts";

const turns = 3;

const { path, missing } = await things.chromium.find();
if (path === undefined) throw new Error(`${missing}: ${things.chromium.enable}`);
const folder = await mkdtemp(join(tmpdir(), "tserf-bench-"));
const browser = await Browser.start(path);
try {
  const { output } = await build({
    input: fileURLToPath(new URL("calm_world.ts", import.meta.url)),
    platform: "browser",
    write: false,
    output: { format: "esm", codeSplitting: false, footer: "globalThis.calmWorld = calmWorld;" },
  });
  const page = join(folder, "bench.html");
  await writeFile(
    page,
    `<!doctype html><script type="module">${output[0].code.replaceAll("</script", "<\\/script")}</script>`,
  );
  for (let turn = 0; turn < turns; turn++) {
    const here = calmWorld();
    await browser.open(pathToFileURL(page).href);
    const there = await browser.value<typeof here>("calmWorld()");
    if (there.hash !== here.hash) throw new Error(`The histories differ: ${here.hash} and ${there.hash}`);
    const share = (there.speed / here.speed).toFixed(2);
    console.log(`here ${here.speed}, in Chromium ${there.speed} seconds of nodes a second: ${share} times`);
  }
} finally {
  await browser[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
}
