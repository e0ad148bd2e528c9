/**
 * Builds the site of the documentation into `site`, `npm run site`: static files for any web server. The first time it installs what it needs,
 * which is much, into `tools/site/node_modules`. `TSERF_SITE_BASE=/path/` is for a site that is not at the root of its host.
 */
import { spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const done = join(here, "node_modules", ".package-lock.json");

install();
const { homeless } = await import("./pages.mjs");
const { layOut, stage } = await import("./stage.mjs");
const lost = homeless();
if (lost.length > 0) throw new Error(`pages.mjs has no place for ${lost.join(", ")}`);
layOut();
const { build } = await import(
  pathToFileURL(join(here, "node_modules", "vitepress", "dist", "node", "index.js")).href
);
await build(stage);

function install() {
  if (existsSync(done) && statSync(done).mtimeMs >= statSync(join(here, "package-lock.json")).mtimeMs) return;
  const { status } = spawnSync(
    "npm",
    ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"],
    {
      cwd: here,
      stdio: "inherit",
      // On Windows npm is a script.
      shell: process.platform === "win32",
    },
  );
  if (status !== 0) throw new Error("cannot install what builds the site");
}
