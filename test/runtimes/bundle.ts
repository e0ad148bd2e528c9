/** Our program for Node with its types stripped once, for tests that start it hundreds of times: Node 20 cannot strip them itself. */

import { mkdtemp } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "rolldown";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

/** Writes the command line for Node into a new folder and returns the program's path. */
export async function bundleForNode(folder: string): Promise<string> {
  const directory = await mkdtemp(join(folder, "tserf-bundle-"));
  await build({
    input: join(root, "runtimes/node/cli.ts"),
    platform: "node",
    logLevel: "silent",
    output: { dir: directory, format: "esm", entryFileNames: "cli.mjs", chunkFileNames: "[name]-[hash].mjs" },
  });
  return join(directory, "cli.mjs");
}
