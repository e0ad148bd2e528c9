/**
 * A program of one file with Node in it. Node runs a single file of CommonJS that it finds in its own binary: so the command line becomes one,
 * with the packages it uses, and its parts are run when they are needed, as they are loaded elsewhere. V8's code for it lies beside it.
 */
import { chmodSync, copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { asAscii } from "./ascii.mjs";

/** What Node looks for in its binary, from its documentation. */
const fuse = "NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2";
const entryName = "virtual:serf";

/** Makes the program `file` of the binary `node`; `run` starts programs. Returns whether it succeeded. */
export async function compileNode({ root, file, node, run }) {
  const folder = mkdtempSync(join(tmpdir(), "tserf-sea-"));
  try {
    const config = join(folder, "sea.json");
    const blob = join(folder, "sea.blob");
    const main = join(folder, "serf.cjs");
    await bundle(root, main);
    const options = { disableExperimentalSEAWarning: true, useCodeCache: true, useSnapshot: false };
    writeFileSync(config, JSON.stringify({ main, output: blob, ...options }));
    if (!run(node, ["--experimental-sea-config", config])) return false;
    copyFileSync(node, file);
    chmodSync(file, 0o755);
    return inject(root, file, blob, run);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Writes the command line as one file without `import()` and without a top-level `await`, which CommonJS lacks. */
async function bundle(root, file) {
  const { build } = await import("rolldown");
  const entry = `
    import { main } from ${JSON.stringify(join(root, "src/cli/main.ts"))};
    import { nodeRuntime } from ${JSON.stringify(join(root, "runtimes/node/runtime.ts"))};
    const runtime = nodeRuntime();
    void main(runtime).then((code) => runtime.terminal.exit(code));`;
  await build({
    cwd: root,
    input: entryName,
    platform: "node",
    plugins: [
      {
        name: "entry",
        resolveId: (id) => (id === entryName ? id : null),
        load: (id) => (id === entryName ? entry : null),
      },
      asAscii(),
    ],
    output: { file, format: "cjs", codeSplitting: false, dynamicImportInCjs: false, comments: false },
  });
}

/** Puts the file into the binary. On macOS the signature of Node is of no use then, and a local one takes its place. */
function inject(root, file, blob, run) {
  const mac = process.platform === "darwin";
  if (mac && !run("codesign", ["--remove-signature", file])) return false;
  const postject = join(root, "node_modules", "postject", "dist", "cli.js");
  const segment = mac ? ["--macho-segment-name", "NODE_SEA"] : [];
  const args = [postject, file, "NODE_SEA_BLOB", blob, "--sentinel-fuse", fuse, ...segment];
  if (!run(process.execPath, args)) return false;
  return !mac || run("codesign", ["--sign", "-", file]);
}
