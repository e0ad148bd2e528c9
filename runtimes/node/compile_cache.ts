/**
 * The cache of compiled code that Node has since 22.8: a program that runs again loads what V8 compiled the
 * last time. What is in it is run, so it lies where nobody but this process's user can write: in the
 * user's own folder for caches, not in the folder for temporary files that Node would take.
 */
import type { Stats } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";

/** What decides where the cache is. */
export interface CacheSurroundings {
  readonly platform: string;
  readonly home: string;
  /** The user that this process acts for, or `undefined` where the system has no such numbers. */
  readonly user: number | undefined;
  env(name: string): string | undefined;
  /** Throws if there is nothing at the path. */
  status(path: string): Pick<Stats, "uid" | "mode">;
}

/** With one of them Node has switched the cache on or off before the program begins. */
const nodeVariables: readonly string[] = ["NODE_COMPILE_CACHE", "NODE_DISABLE_COMPILE_CACHE"];

/** The oldest Node that has the cache, in its later versions. */
const firstWithCache = 22;

/** Others may write. */
const writableByOthers = 0o002;

/**
 * Switches the cache on, if this Node has one and the user has a folder for it. Never throws: without a
 * cache everything works, a little slower. `NODE_COMPILE_CACHE` puts the cache elsewhere and
 * `NODE_DISABLE_COMPILE_CACHE` switches it off; Node itself reads both.
 */
export function useCompileCache(): void {
  if (Number.parseInt(process.versions.node, 10) < firstWithCache) return;
  // This loads less than an import does. Types are those of the oldest Node, which does not have the cache.
  const { getBuiltinModule } = process as { getBuiltinModule?: typeof process.getBuiltinModule };
  const nodeModule = getBuiltinModule?.("node:module") as {
    enableCompileCache?: (folder: string) => unknown;
  };
  if (getBuiltinModule === undefined || nodeModule.enableCompileCache === undefined) return;
  const fs = getBuiltinModule("node:fs");
  const folder = compileCacheFolder({
    platform: process.platform,
    home: getBuiltinModule("node:os").homedir(),
    user: process.geteuid?.(),
    env: (name) => process.env[name],
    status: (path) => fs.statSync(path),
  });
  if (folder !== undefined && prepare(folder, fs)) nodeModule.enableCompileCache(folder);
}

/**
 * Makes the folder and the one it lies in, if they are missing; returns whether it is there. Node would make
 * all folders of a path, and try for ever where the system denies that there is anything, as in `/proc`.
 */
function prepare(folder: string, { existsSync, mkdirSync }: typeof import("node:fs")): boolean {
  try {
    for (const path of [dirname(folder), folder]) if (!existsSync(path)) mkdirSync(path, { mode: 0o700 });
    return true;
  } catch {
    return false;
  }
}

/**
 * Returns the folder of the cache, `tserf` in the user's folder for caches. Returns `undefined` if what
 * it would lie in does not exist or is not the user's own, as after `sudo`, or if others may write there.
 */
export function compileCacheFolder(surroundings: CacheSurroundings): string | undefined {
  const { home } = surroundings;
  if (nodeVariables.some((name) => surroundings.env(name))) return undefined;
  const asked = surroundings.env(surroundings.platform === "win32" ? "LOCALAPPDATA" : "XDG_CACHE_HOME");
  if (asked !== undefined && isAbsolute(asked))
    return isOwn(asked, surroundings) ? join(asked, "tserf") : undefined;
  if (surroundings.platform === "win32" || !isAbsolute(home) || !isOwn(home, surroundings)) return undefined;
  const caches = surroundings.platform === "darwin" ? join(home, "Library", "Caches") : join(home, ".cache");
  return join(caches, "tserf");
}

function isOwn(path: string, { user, status }: CacheSurroundings): boolean {
  try {
    const { uid, mode } = status(path);
    return user === undefined || (uid === user && (mode & writableByOthers) === 0);
  } catch {
    return false;
  }
}
