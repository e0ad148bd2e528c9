/** What is in the packed package, what a program that imports it loads, and how large that is. */
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { build } from "rolldown";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { lacks, pathOf } from "../machine/here.ts";
import { read } from "../tidy/sources.ts";
import { type Installed, installPacked, packedManifest } from "./installed.ts";

const execute = promisify(execFile);
/** The most bytes that a program may load by importing the library, without white space and compressed. */
const loadedMax = 90_000;
/** The same with what it loads later. */
const sizeMax = 96_000;

/** Prints the address of every module that is loaded, and at the end the parts of Node. */
const hooks: string = asModule(`
  import { writeSync } from "node:fs";
  export async function load(url, context, next) {
    writeSync(1, "LOADED " + url + "\\n");
    return await next(url, context);
  }`);
const registration: string = asModule(`
  import { register } from "node:module";
  register(${JSON.stringify(hooks)});
  process.on("exit", () => console.log("PARTS " + process.moduleLoadList.join()));`);

function asModule(text: string): string {
  return `data:text/javascript,${encodeURIComponent(text)}`;
}

let installed: Installed;
/** Where the package is. */
let home: string;

beforeAll(async () => {
  installed = await installPacked();
  home = join(installed.folder, "node_modules", "tserf");
}, 120_000);

afterAll(async () => {
  await installed.remove();
});

/** The sources that a map names, below the package. */
function sourcesOf(map: string): string[] {
  const { sources } = JSON.parse(readFileSync(map, "utf8")) as { sources: string[] };
  return sources.map((path) => relative(home, resolve(dirname(map), path)));
}

/** Whether a file only passes on what others export. It has no code that a map could explain. */
function passesOn(text: string): boolean {
  return text.split("\n").every((line) => /^((import|export) \{.*\}( from ".*")?;|\/\/.*|)$/.test(line));
}

/** Runs a program beside the package; returns the sources in what it loads, packages, and the parts of Node. */
async function loadedBy(
  program: string,
): Promise<{ sources: string[]; packages: string[]; parts: string[] }> {
  const path = join(installed.folder, "loads.mjs");
  await writeFile(path, program);
  const { stdout } = await execute("node", ["--import", registration, path], { cwd: installed.folder });
  const lines = stdout.split("\n");
  const files = lines.flatMap((line) => /^LOADED file:\/\/(.*)$/.exec(line)?.[1] ?? []);
  const own = files.filter((file) => file.startsWith(home));
  return {
    sources: own
      .filter((file) => !passesOn(readFileSync(file, "utf8")))
      .flatMap((file) => sourcesOf(`${file}.map`)),
    packages: files.filter((file) => !own.includes(file) && file !== path),
    parts: lines.flatMap((line) => (line.startsWith("PARTS ") ? line.slice(6).split(",") : [])),
  };
}

describe("the packed package", () => {
  it("has a map for each built file and each file of types, and the sources that the maps name", () => {
    const code = installed.packed.filter((path) => /^dist\/.*(\.js|\.d\.ts)$/.test(path));
    expect(code.length).toBeGreaterThan(100);
    for (const path of code) {
      const text = readFileSync(join(home, path), "utf8");
      if (passesOn(text)) continue;
      expect(text).toMatch(/\/\/# sourceMappingURL=\S+\.map\s*$/);
      const sources = sourcesOf(join(home, `${path}.map`));
      // What rolldown adds of its own is no file.
      const missing = sources.filter((source) => !source.startsWith("\0") && !existsSync(join(home, source)));
      expect(missing).toEqual([]);
    }
  });

  it("shows an error at the line of its source", async () => {
    const program = `import { Serf } from "tserf";
      await Serf.start({ bind: "nowhere:port" }).catch((error) => console.log(error.stack));`;
    await writeFile(join(installed.folder, "fails.mjs"), program);
    const { stdout } = await execute("node", ["--enable-source-maps", "fails.mjs"], {
      cwd: installed.folder,
    });
    const [, path, line] = /\((?:file:\/\/)?(\S+\/src\/\S+\.ts):(\d+):\d+\)/.exec(stdout) ?? [];
    expect(readFileSync(path!, "utf8").split("\n")[Number(line) - 1]).toContain("new SerfError");
  });

  it("needs no package that runs a program when it is installed", () => {
    const { packages } = JSON.parse(read("package-lock.json")) as {
      packages: Record<string, { dev?: boolean; optional?: boolean; hasInstallScript?: boolean }>;
    };
    const needed = Object.entries(packages).filter(([path, { dev }]) => path !== "" && dev !== true);
    const names = needed.map(([path]) => path.replace(/^node_modules\//, ""));
    expect(names).toEqual(expect.arrayContaining(Object.keys(packedManifest().dependencies)));
    expect(needed.filter(([, { hasInstallScript }]) => hasInstallScript)).toEqual([]);
    // The lock file keeps only that there is one, so packages are read as well.
    const scripts = names.flatMap((name) => {
      const manifest = JSON.parse(read(`node_modules/${name}/package.json`)) as {
        scripts?: Record<string, string>;
        gypfile?: boolean;
      };
      const { preinstall, install, postinstall } = manifest.scripts ?? {};
      return [preinstall, install, postinstall, manifest.gypfile].filter((value) => value !== undefined);
    });
    expect(scripts).toEqual([]);
  });

  it.skipIf(lacks("package-tools"))(
    "has nothing that publint or attw report",
    { timeout: 120_000 },
    async () => {
      const tools = pathOf("package-tools");
      const lint = await execute(join(tools, "publint"), [installed.tarball, "--strict"]);
      expect(lint.stdout).toContain("All good!");
      const types = [installed.tarball, "--profile", "esm-only", "--format", "json"];
      const { stdout } = await execute(join(tools, "attw"), types);
      const { problems } = JSON.parse(stdout) as { problems?: Record<string, unknown[]> };
      const shown = Object.keys(problems ?? {});
      // These are how Node's old resolution and `require` see a package of modules.
      expect(shown.filter((kind) => !["NoResolution", "CJSResolvesToESM"].includes(kind))).toEqual([]);
    },
  );
});

describe("a program that imports the library", () => {
  it.each([
    "tserf",
    "tserf/node",
  ])("%s loads neither commands, agent, RPC, mDNS, HTTP, files nor a package", async (name) => {
    const { sources, packages, parts } = await loadedBy(`import { Serf } from "${name}"; void Serf;`);
    expect(sources).toContain("src/shell/serf.ts");
    const needless =
      /^src\/(cli|rpc|agent|host)\/|mdns|multicast|^runtimes\/(deno|bun|sim)\/|\b(cli|files)\.ts$/;
    expect(sources.filter((path) => needless.test(path))).toEqual([]);
    expect(packages).toEqual([]);
    const costly = ["http", "https", "http2", "tls", "dgram", "child_process", "readline"];
    const own = parts.map((part) => part.replace("NativeModule ", ""));
    expect(own.filter((part) => costly.includes(part))).toEqual([]);
  });

  it("tserf/rpc loads no node, and tserf/sim nothing of a runtime", async () => {
    const client = await loadedBy('import { RpcClient } from "tserf/rpc"; void RpcClient;');
    expect(client.sources).toContain("src/rpc/client/client.ts");
    expect(client.sources.filter((path) => /^(src\/(core|shell|agent|cli)|wasm)\//.test(path))).toEqual([]);
    const simulator = await loadedBy('import { World } from "tserf/sim"; void World;');
    expect(simulator.sources).toContain("runtimes/sim/world.ts");
    expect(
      simulator.sources.filter((path) => /^runtimes\/(?!sim\/|shared\/)|^src\/(cli|agent|rpc)\//.test(path)),
    ).toEqual([]);
    expect([...client.packages, ...simulator.packages]).toEqual([]);
  });

  it("takes less than 90,000 bytes without white space and compressed, and 96,000 with all that it loads later", async () => {
    const path = join(installed.folder, "all.mjs");
    await writeFile(path, 'export { Serf } from "tserf";');
    const { output } = await build({
      input: path,
      platform: "node",
      // Patterns of queries and multicast DNS load these when they are used.
      external: Object.keys(packedManifest().dependencies),
      write: false,
      output: { format: "esm", minify: true },
    });
    const chunks = output.flatMap((part) => (part.type === "chunk" ? [part] : []));
    const sizeOf = (names: ReadonlySet<string>): number =>
      chunks
        .filter(({ fileName }) => names.has(fileName))
        .reduce((sum, { code }) => sum + gzipSync(code, { level: 9 }).length, 0);
    const loaded = new Set(chunks.filter(({ isEntry }) => isEntry).map(({ fileName }) => fileName));
    for (const name of loaded)
      for (const each of chunks.find(({ fileName }) => fileName === name)?.imports ?? []) loaded.add(each);
    const all = new Set(chunks.map(({ fileName }) => fileName));
    expect(sizeOf(loaded)).toBeGreaterThan(loadedMax / 2);
    expect(sizeOf(loaded)).toBeLessThan(loadedMax);
    expect(sizeOf(all)).toBeLessThan(sizeMax);
  });
});

describe.skipIf(lacks("loopback"))("required by a program that is no module", () => {
  it.skipIf(!("require_module" in process.features))("has the same names", async () => {
    const program = `console.log(Object.keys(require("tserf")).join(), typeof require("tserf/rpc").RpcClient.connect)`;
    const { stdout } = await execute("node", ["--input-type=commonjs", "-e", program], {
      cwd: installed.folder,
    });
    expect(stdout).toBe("JoinError,KeyError,NodeEvents,Serf,SerfError,nodeRuntime function\n");
  });
});
