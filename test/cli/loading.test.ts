/** Which files of the package each command loads, and which sources are in them. */

import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join, posix, relative } from "node:path";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "../interop/agents.ts";
import { lacks, pathOf } from "../machine/here.ts";
import { root } from "../tidy/sources.ts";

const execute = promisify(execFile);
const program: string = join(root, "dist/runtimes/node/cli.js");
const rpcAddress = "127.0.0.82:17373";

/** Prints the address of every module that is loaded; in a thread of its own, so it writes with a system call. */
const hooks: string = asModule(`
  import { writeSync } from "node:fs";
  export async function load(url, context, next) {
    writeSync(2, "LOADED " + url + "\\n");
    return await next(url, context);
  }`);
const registration: string = asModule(
  `import { register } from "node:module"; register(${JSON.stringify(hooks)});`,
);

/** Prints the names of the parts of Node that are loaded when a signal comes. */
const parts: string = asModule(`
  process.on("SIGUSR2", () => process.stderr.write(JSON.stringify(process.moduleLoadList) + "\\n"));`);

/** Prints the names of the parts of Node that are loaded in the end. */
const partsAtEnd: string = asModule(`
  const { writeSync } = process.getBuiltinModule("node:fs");
  process.on("exit", () => writeSync(2, JSON.stringify(process.moduleLoadList)));`);

/** Runs the program on Deno and prints the names of the globals of Node that it uses: the first takes four milliseconds. */
const watch: string = asModule(`
  for (const name of ["process", "Buffer", "global", "setTimeout", "setInterval", "setImmediate"])
    Object.defineProperty(globalThis, name, { get: () => void console.error(name) });
  await import(${JSON.stringify(pathToFileURL(join(root, "dist/runtimes/deno/cli.js")).href)});`);

function asModule(text: string): string {
  return `data:text/javascript,${encodeURIComponent(text)}`;
}

let agent: ChildProcess | undefined;

beforeAll(async () => {
  await execute("node", ["tools/build.mjs"], { cwd: root });
  if (lacks("loopback")) return;
  const place = ["-node=loading", "-bind=127.0.0.82:17946", `-rpc-addr=${rpcAddress}`];
  const args = ["--import", parts, program, "agent", ...place];
  agent = spawn(pathOf("node"), args, { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  agent.stdout?.on("data", (chunk: Uint8Array) => {
    output += new TextDecoder().decode(chunk);
  });
  await until("the agent runs", () => output.includes("Serf agent running!"));
}, 60_000);

afterAll(async () => {
  if (agent === undefined) return;
  const ended = once(agent, "close");
  agent.kill("SIGKILL");
  await ended;
});

/** Files that a command loads, with their paths below the repository, and packages by their names. */
async function loaded(...args: readonly string[]): Promise<string[]> {
  const { stderr } = await execute(pathOf("node"), ["--import", registration, program, ...args]);
  const addresses = stderr.split("\n").flatMap((line) => /^LOADED (file:.*)/.exec(line)?.[1] ?? []);
  return addresses.map((address) => relative(root, fileURLToPath(address)).replaceAll("\\", "/"));
}

/** Sources of built files, with their paths below the repository. */
function sources(files: readonly string[]): string[] {
  return files.flatMap((file) => {
    const map = JSON.parse(readFileSync(join(root, `${file}.map`), "utf8")) as { sources: string[] };
    // Files are built in a folder beside `dist`, from which the paths lead.
    return map.sources.map((path) => posix.join(posix.dirname(file), path));
  });
}

/** Built files, and all that these import at once, in turn. */
function reachable(files: readonly string[]): Set<string> {
  const reached = new Set<string>();
  const follow = (file: string): void => {
    if (reached.has(file)) return;
    reached.add(file);
    if (!file.startsWith("dist/")) return;
    const code = readFileSync(join(root, file), "utf8");
    for (const [, path] of code.matchAll(/^(?:import|export)\b[^"]*"([^"]+)";$/gm))
      follow(path!.startsWith(".") ? posix.join(posix.dirname(file), path!) : path!);
  };
  for (const file of files) follow(file);
  return reached;
}

/** What only the agent needs, and the three commands that talk to one do not. */
const heavy = /^(src\/(agent|core|shell|rpc\/server)|wasm|runtimes\/sim)\//;

describe("a command loads only its own", { timeout: 60_000 }, () => {
  it("version: two files", async () => {
    const files = await loaded("version");
    expect(files[0]).toBe("dist/runtimes/node/cli.js");
    expect(files).toHaveLength(2);
    const list = sources(files);
    expect(list).toContain("src/cli/commands/version.ts");
    expect(list.filter((path) => heavy.test(path))).toEqual([]);
  });

  it.skipIf(lacks("loopback")).each([
    ["members", []],
    ["event", ["deploy", "v2"]],
  ])("%s: two files and no package", async (name, rest) => {
    const files = await loaded(name, `-rpc-addr=${rpcAddress}`, ...rest);
    expect(files.filter((file) => !file.startsWith("dist/"))).toEqual([]);
    expect(files).toHaveLength(2);
    const list = sources(files);
    expect(list).toContain(`src/cli/commands/${name}.ts`);
    expect(list).toContain("src/rpc/client/client.ts");
    expect(list.filter((path) => heavy.test(path))).toEqual([]);
  });

  it.skipIf(lacks("loopback"))(
    "members on Node: no promises of files, no clock and no stream for what it prints",
    async () => {
      const args = ["--import", partsAtEnd, program, "members", `-rpc-addr=${rpcAddress}`];
      const { stdout, stderr } = await execute(pathOf("node24"), args);
      expect(stdout).toContain("loading");
      const list: string[] = JSON.parse(stderr);
      expect(list).toContain("NativeModule net");
      const needless = [
        "fs/promises",
        "internal/fs/promises",
        "perf_hooks",
        "dgram",
        "tty",
        "internal/fs/sync_write_stream",
      ];
      expect(list.filter((part) => needless.includes(part.replace("NativeModule ", "")))).toEqual([]);
    },
  );

  it.skipIf(lacks("loopback"))(
    "members on Nodes before 20.16, which give no modules without require",
    async () => {
      const args = ["--import", asModule("delete process.getBuiltinModule;"), program, "members"];
      const { stdout } = await execute(pathOf("node"), [...args, `-rpc-addr=${rpcAddress}`]);
      expect(stdout).toContain("loading");
    },
  );

  it.skipIf(lacks("loopback", "deno"))(
    "members on Deno: no global of Node, and no timer, which is one",
    async () => {
      const { stdout, stderr } = await execute(pathOf("deno"), [
        "run",
        "-A",
        "--node-modules-dir=manual",
        watch,
        "members",
        `-rpc-addr=${rpcAddress}`,
      ]);
      expect(stdout).toContain("loading");
      expect(stderr).toBe("");
    },
  );

  it.skipIf(lacks("loopback"))("agent: nothing of Node for files, names and scripts", async () => {
    let output = "";
    agent!.stderr!.on("data", (chunk: Uint8Array) => {
      output += new TextDecoder().decode(chunk);
    });
    // After `kill` of a child, with any signal, Deno takes it for one that has ended.
    process.kill(agent!.pid!, "SIGUSR2");
    await until("it has printed the parts", () => output.includes("\n"));
    const list: string[] = JSON.parse(output);
    expect(list).toEqual(expect.arrayContaining(["NativeModule net", "NativeModule dgram"]));
    const needless = [
      "fs/promises",
      "dns/promises",
      "readline",
      "http",
      "tls",
      "zlib",
      "crypto",
      "worker_threads",
    ];
    expect(list.filter((part) => needless.includes(part.replace("NativeModule ", "")))).toEqual([]);
  });

  it("on Deno: nothing of Node, which would cost ten megabytes", () => {
    const folder = "dist/runtimes/commands";
    const { files }: { files: string[] } = JSON.parse(readFileSync(join(root, "dist/.build.json"), "utf8"));
    const parts = files.map((path) => `dist/${path}`).filter((path) => /commands\/[^/]*\.js$/.test(path));
    const needed = ["src/cli/commands/agent.ts", "src/cli/commands/members.ts", "src/agent/run.ts"];
    const entries = parts.filter((part) => sources([part]).some((source) => needed.includes(source)));
    expect(entries).toHaveLength(needed.length);
    const reached = reachable(["dist/runtimes/deno/cli.js", ...entries]);
    expect([...reached].some((path) => path.startsWith(`${folder}/base-`))).toBe(true);
    expect([...reached].filter((path) => !path.startsWith("dist/"))).toEqual([]);
  });

  it("agent -help: nothing of the node", async () => {
    const list = sources(await loaded("agent", "-help"));
    expect(list).toContain("src/agent/config/settings.ts");
    expect(list.filter((path) => /^(src\/(core|shell\/(?!options\/))|wasm)\//.test(path))).toEqual([]);
  });
});
