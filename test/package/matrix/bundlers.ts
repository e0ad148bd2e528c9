/** The smoke program with the package in one bundle, by each of four bundlers, in a folder without packages. */
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { lacks, pathOf } from "../../machine/here.ts";
import { root } from "../../tidy/sources.ts";
import { type Installed, installPacked } from "../installed.ts";

const execute = promisify(execFile);
let installed: Installed;
let elsewhere: string;

beforeAll(async () => {
  installed = await installPacked();
  await cp(join(root, "test/package/smoke.mjs"), join(installed.folder, "smoke.mjs"));
  elsewhere = await mkdtemp(join(tmpdir(), "tserf-bundles-"));
}, 120_000);

afterAll(async () => {
  await installed?.remove();
  await rm(elsewhere, { recursive: true, force: true });
});

/** Imports a tool of `test/package`. */
async function tool(name: string): Promise<Record<string, never>> {
  const path = createRequire(join(root, "test/package/package.json")).resolve(name);
  return (await import(pathToFileURL(path).href)) as Record<string, never>;
}

/* The bundlers are no packages of this repository, so their types are not here. */
type Any = (...args: readonly unknown[]) => Promise<Record<string, never>> & Record<string, never>;

const bundlers: Readonly<Record<string, (input: string, folder: string) => Promise<unknown>>> = {
  esbuild: async (input, folder) => {
    const { build } = (await tool("esbuild")) as unknown as { build: Any };
    return await build({
      entryPoints: [input],
      bundle: true,
      platform: "node",
      format: "esm",
      minify: true,
      splitting: true,
      outExtension: { ".js": ".mjs" },
      outdir: folder,
      // A dependency of multicast DNS is CommonJS and requires parts of Node.
      banner: {
        js: 'import { createRequire as ownRequire } from "node:module"; const require = ownRequire(import.meta.url);',
      },
    });
  },
  rollup: async (input, folder) => {
    const { rollup } = (await tool("rollup")) as unknown as { rollup: Any };
    const { default: resolve } = (await tool("@rollup/plugin-node-resolve")) as unknown as { default: Any };
    const built = (await rollup({
      input,
      plugins: [resolve({ preferBuiltins: true })],
      external: [/^node:/, "multicast-dns"],
    })) as unknown as { write: Any };
    return await built.write({ dir: folder, format: "esm", entryFileNames: "smoke.mjs" });
  },
  vite: async (input, folder) => {
    const { build } = (await tool("vite")) as unknown as { build: Any };
    return await build({
      root: installed.folder,
      configFile: false,
      logLevel: "warn",
      ssr: { noExternal: true, external: ["multicast-dns"] },
      build: {
        ssr: input,
        outDir: folder,
        emptyOutDir: false,
        rollupOptions: { output: { entryFileNames: "smoke.mjs" } },
      },
    });
  },
  webpack: async (input, folder) => {
    const webpack = (await tool("webpack"))["default"] as unknown as (
      options: unknown,
      done: (error: Error | null, stats: { hasErrors(): boolean; toString(): string }) => void,
    ) => void;
    await new Promise<void>((resolve, reject) =>
      webpack(
        {
          mode: "production",
          target: "node20",
          entry: input,
          experiments: { outputModule: true },
          output: { path: folder, filename: "smoke.mjs", chunkFormat: "module", library: { type: "module" } },
        },
        (error, stats) => {
          if (error !== null || stats.hasErrors()) reject(error ?? new Error(stats.toString()));
          else resolve();
        },
      ),
    );
  },
};

describe.skipIf(lacks("package-tools", "loopback"))("bundled with its packages", { timeout: 120_000 }, () => {
  it.each(Object.keys(bundlers))("by %s, the program runs on every runtime that is here", async (name) => {
    const folder = join(elsewhere, name);
    await mkdir(folder, { recursive: true });
    await bundlers[name]!(join(installed.folder, "smoke.mjs"), folder);
    for (const runtime of ["node", "node24", "bun"] as const) {
      if (lacks(runtime)) continue;
      const { stdout } = await execute(pathOf(runtime), [join(folder, "smoke.mjs")], {
        cwd: folder,
        timeout: 30_000,
      });
      expect(stdout, `${name} on ${runtime}`).toContain("response two 0.7 now\nerror true ERR_ADDRESS\n");
      expect(stdout).toContain("states shutdown shutdown");
    }
  });
});
