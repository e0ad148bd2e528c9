/**
 * Builds `dist`, unless it is up to date: `node tools/build.mjs [--clean]`. The library becomes a module for each source, with types. The
 * command lines become a few files each, because every module of a program is open at the same time while it is loaded.
 *
 * The build goes into a fresh folder. Only when it has succeeded are its files moved into `dist`, each by an atomic rename, so that programs
 * that start meanwhile, and a second build, always find whole files. What earlier builds left is removed, but for the parts that programs
 * which still run from there may load later; with `--clean`, for a release, those are removed too.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { asAscii } from "./ascii.mjs";
import { withoutFacades } from "./facades.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, "dist");
const clean = process.argv.includes("--clean");
/** Those with a command line. */
const runtimes = ["node", "deno", "bun"];
/** What the result depends on. */
const inputs = [
  "src",
  "runtimes",
  "wasm/module.ts",
  "tools/build.mjs",
  "tools/ascii.mjs",
  "tools/facades.mjs",
  "package.json",
  "package-lock.json",
  "tsconfig.json",
  "tsconfig.build.json",
];
/** In `dist`: the inputs' hash and all files of the build. It is written last. */
const stampName = ".build.json";
const freshPrefix = "dist-";
/** In `dist`: the parts of the command lines. Their names have a hash, so those of many builds can lie side by side. */
const partsFolder = "runtimes/commands";
/** Parts of earlier builds are removed after this time. */
const partsKeptMs = 30 * 24 * 60 * 60_000;
/** A fresh folder of this age was left by a build that was killed. */
const abandonedMs = 60 * 60_000;

const hash = hashOf(inputs.flatMap((path) => filesOf(join(root, path))));
const begin = Date.now();
if (isCurrent(hash)) {
  console.log("dist is up to date.");
  if (clean) sweep(new Set([...readStamp().files, stampName]), new Set());
} else {
  console.log(existsSync(dist) ? "The sources have changed: building dist ..." : "Building dist ...");
  sweepAbandoned();
  const fresh = mkdtempSync(join(root, freshPrefix));
  try {
    compile(fresh);
    await bundle(fresh);
    install(fresh, readStamp()?.files ?? []);
    console.log(`Built dist in ${((Date.now() - begin) / 1000).toFixed(1)} s.`);
  } catch (error) {
    console.error(`Cannot build dist: ${error.message}${existsSync(dist) ? "; it stays as it was" : ""}`);
    process.exitCode = 1;
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

function isCurrent(hash) {
  const stamp = readStamp();
  return stamp?.hash === hash && stamp.files.every((path) => existsSync(join(dist, path)));
}

function readStamp() {
  try {
    return JSON.parse(readFileSync(join(dist, stampName), "utf8"));
  } catch {
    return undefined;
  }
}

function compile(fresh) {
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  if (!existsSync(tsc)) throw new Error('TypeScript is not installed, run "npm ci" first');
  const args = [tsc, "-p", join(root, "tsconfig.build.json"), "--outDir", fresh];
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: "inherit" });
  if (status !== 0) throw new Error("the sources do not compile");
}

/**
 * Writes the command lines, which share parts. Each file costs time to find, read and link, so all that is loaded together is one part:
 * what every command needs, what those on Node and Bun need, what commands that talk to an agent need, and the agent. Heavy things that few
 * need are parts of their own.
 */
async function bundle(fresh) {
  const { build } = await import("rolldown");
  const { dependencies = {} } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const isPackage = (id) =>
    Object.keys(dependencies).some((name) => id === name || id.startsWith(`${name}/`));
  const part = (name, priority, ...patterns) => ({
    name,
    priority,
    test: (id) => patterns.some((pattern) => pattern.test(slashes(relative(root, id)))),
  });
  await build({
    cwd: root,
    input: Object.fromEntries(runtimes.map((name) => [`${name}/cli`, `runtimes/${name}/cli.ts`])),
    platform: "node",
    external: isPackage,
    preserveEntrySignatures: "allow-extension",
    plugins: [withoutFacades(), asAscii()],
    output: {
      dir: join(fresh, "runtimes"),
      format: "esm",
      sourcemap: true,
      sourcemapExcludeSources: true,
      // Comments would be read and kept in memory. Code keeps its names and lines, for those who report an error.
      comments: false,
      // Bun takes what begins with this as it is, instead of parsing and printing it once more.
      banner: "// @bun",
      entryFileNames: "[name].js",
      chunkFileNames: `${partsFolder.replace("runtimes/", "")}/[name]-[hash].js`,
      codeSplitting: {
        // Each module is in the part whose pattern it matches, and not drawn into one that imports it.
        includeDependenciesRecursively: false,
        groups: [
          part(
            "base",
            4,
            /^src\/((go|net|async)\/.*|cli\/(main|arguments|raw_arguments|output|commands\/(version|keygen))|[^/]+)\.ts$/,
            /^runtimes\/shared\//,
          ),
          // Bun takes part of it. Deno must not: any module of Node costs a program on Deno ten megabytes.
          part("node", 4, /^runtimes\/node\/(?!cli|compile_cache|pipes|multicast)/),
          part(
            "rpc",
            3,
            /^src\/(rpc\/(client\/)?[^/]+|cli\/command)\.ts$/,
            /^src\/cli\/commands\/(?!agent|simulate|rtt)/,
          ),
          part(
            "settings",
            2,
            /^src\/(agent\/(config\/|start_failure)|cli\/agent_flags|cli\/commands\/agent|shell\/options\/nearest)/,
          ),
          part("coordinate", 2, /^src\/core\/coordinate\//),
          part("agent", 1, /^src\/(agent\/(?!log\/syslog)|core\/|rpc\/|shell\/(?!mdns))/, /^wasm\//),
        ],
      },
    },
  });
}

/** Moves all files into `dist`, then removes what is not among them. `before` are the files of the last build. */
function install(fresh, before) {
  const files = filesOf(fresh).map((path) => slashes(relative(fresh, path)));
  writeFileSync(join(fresh, stampName), JSON.stringify({ hash, files }));
  for (const path of [...files, stampName]) {
    mkdirSync(dirname(join(dist, path)), { recursive: true });
    renameSync(join(fresh, path), join(dist, path));
  }
  sweep(new Set([...files, stampName]), new Set(before));
}

/** Removes files of earlier builds, but not parts of the last one nor those that are not old. */
function sweep(files, before) {
  for (const path of filesOf(dist)) {
    const name = slashes(relative(dist, path));
    if (files.has(name)) continue;
    const mayBeLoaded =
      name.startsWith(`${partsFolder}/`) &&
      (before.has(name) || Date.now() - statSync(path).mtimeMs < partsKeptMs);
    if (clean || !mayBeLoaded) rmSync(path, { force: true });
  }
}

function sweepAbandoned() {
  for (const name of readdirSync(root)) {
    const path = join(root, name);
    if (name.startsWith(freshPrefix) && Date.now() - statSync(path).mtimeMs > abandonedMs)
      rmSync(path, { recursive: true, force: true });
  }
}

function slashes(path) {
  return path.replaceAll("\\", "/");
}

/** A file itself, or all files below a folder, in a fixed order. */
function filesOf(path) {
  if (!existsSync(path)) return [];
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { withFileTypes: true })
    .sort((one, other) => (one.name < other.name ? -1 : 1))
    .flatMap((entry) => (entry.isDirectory() ? filesOf(join(path, entry.name)) : [join(path, entry.name)]));
}

/** A hash of the names and contents of files. */
function hashOf(files) {
  const sum = createHash("sha256");
  for (const path of files) {
    const bytes = readFileSync(path);
    sum.update(`${relative(root, path)} ${bytes.length}\n`).update(bytes);
  }
  return sum.digest("hex");
}
