/** The packed tarball, installed in an empty folder, as a user has it. */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { read, root } from "../tidy/sources.ts";

const execute = promisify(execFile);

/** A place in `exports`. */
export type Target = string | { readonly [condition: string]: Target };

/** The fields of `package.json` that concern what is packed. */
export interface PackedManifest {
  readonly version: string;
  readonly bin: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, Target>>;
  readonly dependencies: Readonly<Record<string, string>>;
}

/** The package in a folder. */
export interface Installed {
  readonly folder: string;
  readonly tarball: string;
  /** The paths of the packed files. */
  readonly packed: readonly string[];
  remove(): Promise<void>;
}

/** Returns this repository's `package.json`. */
export function packedManifest(): PackedManifest {
  return JSON.parse(read("package.json")) as PackedManifest;
}

/** The files that a place in `exports` names. */
export function leaves(target: Target): string[] {
  return typeof target === "string" ? [target] : Object.values(target).flatMap(leaves);
}

/** Packs the package and installs it. Dependencies come from this repository's own installation, so that nothing is fetched. */
export async function installPacked(): Promise<Installed> {
  const folder = await mkdtemp(join(tmpdir(), "tserf-package-"));
  const pack = ["pack", "--json", "--silent", "--pack-destination", folder];
  const { stdout } = await execute("npm", pack, { cwd: root });
  const [result] = JSON.parse(stdout.slice(stdout.indexOf("["))) as [
    { filename: string; files: { path: string }[] },
  ];
  const overrides = Object.fromEntries(
    Object.keys(packedManifest().dependencies).map((name) => [
      name,
      `file:${join(root, "node_modules", name)}`,
    ]),
  );
  await writeFile(
    join(folder, "package.json"),
    JSON.stringify({
      private: true,
      type: "module",
      dependencies: { tserf: `file:${result.filename}` },
      overrides,
    }),
  );
  await execute(
    "npm",
    ["install", "--offline", "--ignore-scripts", "--omit=optional", "--no-audit", "--no-fund"],
    { cwd: folder },
  );
  return {
    folder,
    tarball: join(folder, result.filename),
    packed: result.files.map(({ path }) => path),
    remove: async () => await rm(folder, { recursive: true, force: true }),
  };
}
