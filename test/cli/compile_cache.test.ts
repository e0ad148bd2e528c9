/** Where Node keeps compiled code of the command line, and that nothing fails where it cannot. */

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type CacheSurroundings, compileCacheFolder } from "../../runtimes/node/compile_cache.ts";
import { packageVersion } from "../../src/version.ts";
import { lacks, pathOf } from "../machine/here.ts";
import { root } from "../tidy/sources.ts";

const execute = promisify(execFile);

describe("the folder", () => {
  /** Surroundings in which everything belongs to the user. */
  const own: CacheSurroundings = {
    platform: "linux",
    home: "/home/ann",
    user: 1000,
    env: () => undefined,
    status: () => ({ uid: 1000, mode: 0o40755 }),
  };
  const xdg = (path: string) => (name: string) => (name === "XDG_CACHE_HOME" ? path : undefined);
  const missing = (): never => {
    throw new Error("ENOENT");
  };

  it.each<[string, Partial<CacheSurroundings>, string | undefined]>([
    ["is the one for caches", {}, "/home/ann/.cache/tserf"],
    ["is the one for caches of macOS", { platform: "darwin" }, "/home/ann/Library/Caches/tserf"],
    [
      "is the one for local data of Windows, which has no numbers of users",
      {
        platform: "win32",
        user: undefined,
        env: (name) => (name === "LOCALAPPDATA" ? "/ann/data" : undefined),
      },
      "/ann/data/tserf",
    ],
    ["is the one that XDG_CACHE_HOME names", { env: xdg("/var/cache/ann") }, "/var/cache/ann/tserf"],
    ["is not below a path that is not absolute", { env: xdg("cache") }, "/home/ann/.cache/tserf"],
    ["is none for a user without a home", { home: "/nonexistent", status: missing }, undefined],
    [
      "is none of ours if Node was given one",
      { env: (name) => (name === "NODE_COMPILE_CACHE" ? "/x" : undefined) },
      undefined,
    ],
    ["is none with an empty home", { home: "" }, undefined],
    ["is none in the home of another user, as after sudo", { user: 0 }, undefined],
    ["is none where others may write", { status: () => ({ uid: 1000, mode: 0o41777 }) }, undefined],
    [
      "is none if XDG_CACHE_HOME names a folder that is missing",
      { env: xdg("/x"), status: missing },
      undefined,
    ],
  ])("%s", (_title, surroundings, wanted) => {
    expect(compileCacheFolder({ ...own, ...surroundings })).toBe(wanted);
  });
});

describe("the command line", { timeout: 60_000 }, () => {
  let home: string;

  beforeAll(async () => {
    await execute("node", ["tools/build.mjs"], { cwd: root });
  }, 60_000);

  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), "tserf-home-"));
  });

  afterEach(async () => {
    await chmod(home, 0o700);
    await rm(home, { recursive: true, force: true });
  });

  /** Runs `serf version` with this home, and checks that it prints the version and nothing else. */
  async function version(name: "node" | "node24", env: Readonly<Record<string, string>> = {}): Promise<void> {
    const { XDG_CACHE_HOME: _, NODE_COMPILE_CACHE: __, ...outer } = process.env;
    const { stdout, stderr } = await execute(
      pathOf(name),
      [join(root, "dist/runtimes/node/cli.js"), "version"],
      { env: { ...outer, HOME: home, ...env } },
    );
    expect(stdout.split("\n")[0]).toBe(packageVersion);
    expect(stderr).toBe("");
  }

  it.skipIf(lacks("node24"))("leaves compiled code in the home of its user, and nothing else", async () => {
    await version("node24");
    expect(await readdir(home)).toEqual([".cache"]);
    expect(await readdir(join(home, ".cache"))).toEqual(["tserf"]);
    const [build] = await readdir(join(home, ".cache/tserf"));
    expect((await readdir(join(home, ".cache/tserf", build!))).length).toBeGreaterThan(0);
    await version("node24");
  });

  it.skipIf(lacks("node24"))("leaves it where NODE_COMPILE_CACHE says", async () => {
    const elsewhere = join(home, "elsewhere");
    await version("node24", { NODE_COMPILE_CACHE: elsewhere });
    expect(await readdir(home)).toEqual(["elsewhere"]);
    expect(await readdir(elsewhere)).toHaveLength(1);
  });

  it.skipIf(lacks("node24"))("leaves nothing if NODE_DISABLE_COMPILE_CACHE is set", async () => {
    await version("node24", { NODE_DISABLE_COMPILE_CACHE: "1" });
    expect(await readdir(home)).toEqual([]);
  });

  it.skipIf(lacks("node24"))("works if the folder cannot be written, or cannot be made", async () => {
    await mkdir(join(home, ".cache/tserf"), { recursive: true });
    await chmod(join(home, ".cache/tserf"), 0o500);
    await version("node24");
    // Not even root can make folders there.
    if (existsSync("/proc/self")) await version("node24", { HOME: "/proc" });
    await version("node24", { HOME: join(home, "missing") });
    expect(existsSync(join(home, "missing"))).toBe(false);
  });

  it("works with the oldest Node, which has no such cache", async () => {
    await version("node");
    const { stdout } = await execute(pathOf("node"), ["-p", "typeof module.constructor.enableCompileCache"]);
    if (stdout.trim() === "undefined") expect(await readdir(home)).toEqual([]);
  });
});
