/**
 * Builds `dist`, unless it is up to date: `node tools/build.mjs`.
 *
 * The build goes into a fresh folder. Only when it has succeeded are its files moved into `dist`, each by an atomic rename, so that programs
 * that start meanwhile, and a second build, always find whole files. What earlier builds left is removed.
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

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, "dist");
/** What the result depends on. */
const inputs = [
  "src",
  "runtimes",
  "wasm/module.ts",
  "tools/build.mjs",
  "package.json",
  "package-lock.json",
  "tsconfig.json",
  "tsconfig.build.json",
];
/** In `dist`: the inputs' hash and all files of the build. It is written last. */
const stampName = ".build.json";
const freshPrefix = "dist-";
/** A fresh folder of this age was left by a build that was killed. */
const abandonedMs = 60 * 60_000;

const hash = hashOf(inputs.flatMap((path) => filesOf(join(root, path))));
const begin = Date.now();
if (isCurrent(hash)) console.log("dist is up to date.");
else {
  console.log(existsSync(dist) ? "The sources have changed: building dist ..." : "Building dist ...");
  sweepAbandoned();
  const fresh = mkdtempSync(join(root, freshPrefix));
  try {
    compile(fresh);
    install(fresh);
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

/** Moves all files into `dist`, then removes what is not among them. */
function install(fresh) {
  const files = filesOf(fresh).map((path) => relative(fresh, path));
  writeFileSync(join(fresh, stampName), JSON.stringify({ hash, files }));
  for (const path of [...files, stampName]) {
    mkdirSync(dirname(join(dist, path)), { recursive: true });
    renameSync(join(fresh, path), join(dist, path));
  }
  const kept = new Set([...files, stampName]);
  for (const path of filesOf(dist)) {
    if (!kept.has(relative(dist, path))) rmSync(path, { force: true });
  }
}

function sweepAbandoned() {
  for (const name of readdirSync(root)) {
    const path = join(root, name);
    if (name.startsWith(freshPrefix) && Date.now() - statSync(path).mtimeMs > abandonedMs)
      rmSync(path, { recursive: true, force: true });
  }
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
