/**
 * What tests use beyond the Node that runs them, npm and git: how each thing is found on this machine, and what enables it where it is not.
 */

import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { homedir, tmpdir } from "node:os";
import { delimiter, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { whyNoDelays, whyNoFilters } from "../faults/ground.ts";
import { whyNoMounts } from "../interop/mounts.ts";
import { whyNoNetworks } from "../interop/networks.ts";
import { type Binary, binary, type RuntimeName } from "../runtimes/binaries.ts";

/** A thing that is here, with its path if it is a program, or the reason why it is not. */
export type Found = Binary;

/** One kind of thing. */
export interface Thing {
  readonly what: string;
  /** What makes it available. */
  readonly enable: string;
  find(): Found | Promise<Found>;
}

/** A program that was asked for its version prints it within this time. */
const versionMs = 10_000;

/** Longest Deno may take to fetch packages. */
const fetchMs = 60_000;

const root = fileURLToPath(new URL("../..", import.meta.url));

/** What `serf version` prints first in builds from source, which is not the version; this package's own `serf` prints its own. */
const serfVersions = { "0.9": "0.8.2-dev", "0.10": "0.8.2-dev", "0.11": "0.10.2-dev" } as const;

const present: Found = { path: "" };

/** The names of things, by which tests are skipped. */
export type ThingName =
  | RuntimeName
  | "deno-cache"
  | "deno-compile"
  | "serf-0.9"
  | "serf-0.10"
  | "serf-0.11"
  | "go"
  | "loopback"
  | "ipv6"
  | "networks"
  | "mounts"
  | "filters"
  | "delays"
  | "nginx"
  | "redis-server"
  | "chromium"
  | "package-tools"
  | "dpkg-deb"
  | "systemd"
  | "kubectl"
  | "docker";

/** Everything that tests use. */
export const things: Readonly<Record<ThingName, Thing>> = {
  node: {
    what: "Node",
    enable: "put node on the search path",
    find: () => runtime("node"),
  },
  node24: {
    what: "a newer Node",
    enable: "npm run runtimes",
    find: () => runtime("node24"),
  },
  deno: {
    what: "Deno",
    enable: "npm run runtimes",
    find: () => runtime("deno"),
  },
  bun: {
    what: "Bun",
    enable: "npm run runtimes",
    find: () => runtime("bun"),
  },
  "deno-cache": {
    what: "packages in Deno's own cache, for the examples on Deno and the release on JSR",
    enable: "let Deno reach npm's registry once",
    find: denoCache,
  },
  "deno-compile": {
    what: "what programs run on that Deno compiles",
    enable: "let Deno reach dl.deno.land once, or name the program in DENORT_BIN",
    find: denoCompile,
  },
  "serf-0.9": {
    what: "Serf 0.9.4 in Go",
    enable: "apt-get install serf, or its path in TSERF_TEST_SERF_OLD",
    find: () => serf("0.9", process.env["TSERF_TEST_SERF_OLD"] ?? onPath("serf")),
  },
  "serf-0.10": {
    what: "Serf 0.10.2 in Go",
    enable: "go install github.com/hashicorp/serf/cmd/serf@v0.10.2, or its path in TSERF_TEST_SERF_NEW",
    find: () => serf("0.10", process.env["TSERF_TEST_SERF_NEW"] ?? existing(join(goFolder, "serf"))),
  },
  "serf-0.11": {
    what: "Serf 0.11.0 in Go",
    enable:
      "GOBIN=~/go/bin/serf-0.11 go install github.com/hashicorp/serf/cmd/serf@v0.11.0, or its path in TSERF_TEST_SERF_NEWEST",
    find: () =>
      serf("0.11", process.env["TSERF_TEST_SERF_NEWEST"] ?? existing(join(goFolder, "serf-0.11", "serf"))),
  },
  go: {
    what: "Go, which compiles a program against Serf's client library",
    enable: "install Go",
    find: () => program("go"),
  },
  loopback: {
    what: "addresses for many agents on one machine",
    enable: "run the tests on Linux, where 127.0.0.0/8 is all loopback",
    find: () => listening("127.77.77.77"),
  },
  ipv6: {
    what: "IPv6",
    enable: "give the loopback interface the address ::1",
    find: () => listening("::1"),
  },
  networks: {
    what: "networks of their own, for tests of mDNS, DNS and transcripts",
    enable: "run the tests on Linux as root, after apt-get install iproute2",
    find: () => possible(whyNoNetworks()),
  },
  mounts: {
    what: "a /var/run of their own, for tests of syslog",
    enable: "run the tests on Linux as root, where nothing listens at /dev/log",
    find: () => possible(whyNoMounts()),
  },
  filters: {
    what: "filters of packets, for faults of networks",
    enable: "run the tests on Linux as root, after apt-get install nftables",
    find: () => possible(whyNoFilters()),
  },
  delays: {
    what: "delays of packets, for one kind of faults of networks",
    enable: "run the tests on Linux as root, with a kernel that has the queueing discipline netem",
    find: () => possible(whyNoDelays()),
  },
  nginx: {
    what: "nginx, for the example load_balancer",
    enable: "apt-get install nginx",
    find: () => program("nginx"),
  },
  "redis-server": {
    what: "Redis, for the example cache_ring",
    enable: "apt-get install redis-server",
    find: () => program("redis-server"),
  },
  chromium: {
    what: "Chromium, for the page of the simulator",
    enable: "apt-get install chromium",
    find: () => program("chromium"),
  },
  "package-tools": {
    what: "publint, attw and four bundlers, for the package",
    enable: "npm run package:tools",
    find: packageTools,
  },
  "dpkg-deb": {
    what: "dpkg-deb, for the Debian package",
    enable: "run the tests on Debian, or install dpkg",
    find: () => program("dpkg-deb"),
  },
  systemd: {
    what: "systemd's own programs, and Python, which listens in its place",
    enable: "apt-get install systemd python3",
    find: () => firstMissing("systemd-analyze", "systemd-notify", "python3"),
  },
  kubectl: {
    what: "kubectl, for the manifests",
    enable: "install kubectl",
    find: () => program("kubectl"),
  },
  docker: {
    what: "Docker, for the image",
    enable: "start a Docker daemon",
    find: docker,
  },
};

/** What became of the search for everything. */
export type Survey = Readonly<Record<ThingName, Found>>;

/**
 * Looks for everything. `without` is the value of TSERF_TEST_WITHOUT: names, with commas between them, of things that are taken as missing.
 *
 * @throws Error if a name in `without` is not in `list`.
 */
export async function survey<Name extends string>(
  list: Readonly<Record<Name, Thing>>,
  without: string,
): Promise<Record<Name, Found>> {
  const excluded = without.split(",").filter((name) => name !== "");
  for (const name of excluded) {
    if (!Object.hasOwn(list, name))
      throw new Error(`TSERF_TEST_WITHOUT names "${name}", expected some of ${Object.keys(list).join(", ")}`);
  }
  const found = {} as Record<Name, Found>;
  for (const [name, thing] of Object.entries<Thing>(list)) {
    found[name as Name] = excluded.includes(name)
      ? { missing: "excluded by TSERF_TEST_WITHOUT" }
      : await thing.find();
  }
  return found;
}

/** Lines for a reader: each thing that is missing, why, and what enables it. */
export function missingLines<Name extends string>(
  list: Readonly<Record<Name, Thing>>,
  found: Readonly<Record<Name, Found>>,
): string[] {
  return Object.entries<Thing>(list).flatMap(([name, { what, enable }]) => {
    const { missing } = found[name as Name];
    return missing === undefined ? [] : [`${what}: ${missing}. To enable: ${enable}`];
  });
}

/** Folders that programs are looked for in. Debian keeps servers in one that is not on every user's search path. */
export const programFolders: readonly string[] = [
  ...(process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== ""),
  "/usr/sbin",
];

const goFolder = join(homedir(), "go", "bin");

/** A program on the search path. What Go installed is looked for by itself, and what npm links is this package's or its tools'. */
function onPath(name: string): string | undefined {
  const folders = programFolders.filter(
    (folder) => folder !== goFolder && !folder.split(sep).includes("node_modules"),
  );
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

function existing(path: string): string | undefined {
  return existsSync(path) ? path : undefined;
}

function program(name: string): Found {
  const path = onPath(name);
  return path === undefined ? { missing: `"${name}" is not on the search path` } : { path };
}

function runtime(name: RuntimeName): Found {
  const found = binary(name);
  if (found.path === undefined) return found;
  const { error } = firstLine(found.path, "--version");
  return error === undefined ? found : { missing: `${found.path} does not run: ${error}` };
}

/** Fetches what our program for Deno and the whole package import, unless it is cached. */
function denoCache(): Found {
  const { path, missing } = binary("deno");
  if (path === undefined) return { missing };
  const { imports } = JSON.parse(readFileSync(join(root, "deno.json"), "utf8")) as {
    imports: Record<string, string>;
  };
  // What is only imported while a program runs may be missing without an error.
  const packages = Object.values(imports).filter((specifier) => specifier.startsWith("npm:"));
  for (const modules of [
    ["runtimes/deno/cli.ts"],
    ["--no-lock", "runtimes/any/mod.ts", "runtimes/any/rpc.ts", ...packages],
  ]) {
    const { status, stderr } = spawnSync(path, ["cache", ...modules], {
      cwd: root,
      encoding: "utf8",
      env: { ...process.env, NO_COLOR: "1" },
      timeout: fetchMs,
    });
    if (status !== 0)
      return { missing: /error.*/.exec(stderr ?? "")?.[0] ?? "Deno could not fetch it in time" };
  }
  return present;
}

/** Compiles a small program, which fetches the rest, unless it is cached. */
function denoCompile(): Found {
  const { path, missing } = binary("deno");
  if (path === undefined) return { missing };
  const folder = mkdtempSync(join(tmpdir(), "tserf-compile-"));
  try {
    const source = join(folder, "small.ts");
    writeFileSync(source, "export {};\n");
    const { status, stderr } = spawnSync(path, ["compile", "--output", join(folder, "small"), source], {
      cwd: folder,
      encoding: "utf8",
      env: { ...process.env, NO_COLOR: "1" },
      timeout: fetchMs,
    });
    if (status === 0) return present;
    return {
      missing: /error sending.*|error.*/.exec(stderr ?? "")?.[0] ?? "Deno could not fetch it in time",
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function serf(version: keyof typeof serfVersions, path: string | undefined): Found {
  if (path === undefined || path === "") return { missing: `"serf" is not installed` };
  const { line, error } = firstLine(path, "version");
  if (error !== undefined) return { missing: `${path} does not run: ${error}` };
  return line === serfVersions[version] ? { path } : { missing: `${path} is another version, ${line}` };
}

/** The first line that a program prints. */
function firstLine(path: string, argument: string): { readonly line?: string; readonly error?: string } {
  try {
    const output = execFileSync(path, [argument], { encoding: "utf8", stdio: "pipe", timeout: versionMs });
    return { line: output.split("\n", 1)[0]! };
  } catch (error) {
    return { error: (error as Error).message.split("\n", 1)[0]! };
  }
}

/** All of these programs, or the first that is missing. */
function firstMissing(...names: readonly string[]): Found {
  return names.map(program).find(({ missing }) => missing !== undefined) ?? program(names[0]!);
}

/** Docker, if a daemon answers. */
function docker(): Found {
  const found = program("docker");
  if (found.path === undefined) return found;
  const { status, stderr } = spawnSync(found.path, ["info"], { encoding: "utf8", timeout: versionMs });
  return status === 0 ? found : { missing: stderr.trim().split("\n")[0] || "docker info fails" };
}

/** The folder of their programs. */
function packageTools(): Found {
  const folder = join(root, "test", "package");
  const { dependencies } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
    dependencies: Record<string, string>;
  };
  for (const [name, version] of Object.entries(dependencies)) {
    const path = join(folder, "node_modules", name, "package.json");
    const found = existsSync(path)
      ? (JSON.parse(readFileSync(path, "utf8")) as { version: string }).version
      : "none";
    if (found !== version) return { missing: `${name} ${version} is not installed in test/package` };
  }
  return { path: join(folder, "node_modules", ".bin") };
}

function possible(reason: string | undefined): Found {
  return reason === undefined ? present : { missing: reason };
}

/** Whether this machine has an address that programs can listen at. */
async function listening(host: string): Promise<Found> {
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject).listen({ host, port: 0 }, resolve);
    });
    return present;
  } catch (error) {
    return { missing: `${host} cannot be bound (${(error as NodeJS.ErrnoException).code})` };
  } finally {
    server.close();
  }
}
