/**
 * Bundles the library and the command lines. Each file costs time to find, read and link, so all that is loaded together is one part. Heavy
 * things that few need are parts of their own, loaded when they are used.
 */
import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { build } from "rolldown";
import { asAscii } from "./ascii.mjs";
import { withoutFacades } from "./facades.mjs";

/** Those with a command line. */
const runtimes = ["node", "deno", "bun"];

/** Writes all bundles of the project at `root` into a folder. */
export async function bundle(root, folder) {
  const { exports = {}, dependencies = {} } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const isPackage = (id) =>
    Object.keys(dependencies).some((name) => id === name || id.startsWith(`${name}/`));
  const shared = { cwd: root, platform: "node", external: isPackage };
  await buildLibrary(shared, folder, entriesOf(exports));
  await buildCommands(shared, folder);
}

/** The sources of what the package exports, by the names of the built files. */
function entriesOf(exports) {
  const targets = (value) => (typeof value === "string" ? [value] : Object.values(value).flatMap(targets));
  const names = targets(exports).flatMap((path) => /^\.\/dist\/runtimes\/(.*)\.js$/.exec(path)?.[1] ?? []);
  return Object.fromEntries([...new Set(names)].map((name) => [name, `runtimes/${name}.ts`]));
}

/** Writes one file for each name of the package and each runtime where they differ, and the parts that these share. */
async function buildLibrary({ cwd, ...options }, folder, input) {
  if (Object.keys(input).length === 0) return;
  const part = partOf(cwd);
  await build({
    ...options,
    cwd,
    input,
    // What parts without what they import require; the tests compare the names that each file exports.
    preserveEntrySignatures: "allow-extension",
    experimental: { chunkOptimization: false },
    plugins: [withoutFacades(), asAscii()],
    output: {
      ...outputTo(folder, "library"),
      comments: { annotation: true, legal: false, jsdoc: false },
      codeSplitting: {
        includeDependenciesRecursively: false,
        groups: [
          // The adapters of Node and of its files, which are loaded later, have this alone in common.
          part("builtin", 5, /^runtimes\/node\/builtin\.ts$/),
          part("base", 4, /^src\/((go|net|async)\/.*|[^/]+)\.ts$/, /^runtimes\/shared\/(?!files)/),
          part("node", 4, /^runtimes\/node\/(?!mod|rpc|agent|files|pipes|processes|multicast)/),
          part("deno", 4, /^runtimes\/deno\/(?!mod|rpc|agent|files|multicast)/),
          part("bun", 4, /^runtimes\/bun\/(?!mod|rpc|agent|files|pipes|processes|multicast)/),
          part("client", 3, /^src\/rpc\/(client\/)?[^/]+\.ts$/),
          part("serf", 2, /^src\/(core\/|shell\/(?!mdns))/, /^wasm\//),
          part("agent", 1, /^src\/(agent\/(?!log\/syslog)|rpc\/)/),
        ],
      },
    },
  });
}

/**
 * Writes the command lines, which share parts: what `members` and `event` need, what they need on Node and Bun, the
 * other commands that talk to an agent, and the agent.
 */
async function buildCommands({ cwd, ...options }, folder) {
  const part = partOf(cwd);
  await build({
    ...options,
    cwd,
    input: Object.fromEntries(runtimes.map((name) => [`${name}/cli`, `runtimes/${name}/cli.ts`])),
    preserveEntrySignatures: "allow-extension",
    experimental: { chunkOptimization: false },
    plugins: [withoutFacades(), asAscii()],
    output: {
      ...outputTo(folder, "commands"),
      // Bun takes what begins with this as it is, instead of parsing and printing it once more.
      banner: "// @bun",
      codeSplitting: {
        // Each module is in the part whose pattern it matches, and not drawn into one that imports it.
        includeDependenciesRecursively: false,
        groups: [
          part(
            "base",
            5,
            /^src\/[^/]+\.ts$/,
            /^src\/go\/(address|base64|duration|json|number|payload|printable|quote|syntax|system_errors|utf8)\.ts$/,
            /^src\/(net\/address|async\/read_queue)\.ts$/,
            /^src\/cli\/(main|arguments|command|raw_arguments|output|commands\/(event|members|version))\.ts$/,
            /^src\/rpc\/(?!filter)(client\/)?[^/]+\.ts$/,
            /^runtimes\/(shared\/(?!files|port|send_queue)|(bun|deno)\/api)/,
            // Bun uses part of it. It imports nothing: any module of Node costs a program on Deno ten megabytes.
            /^runtimes\/node\/(assembly|builtin|dns|host|program|streams)\.ts$/,
          ),
          part("sockets", 5, /^runtimes\/node\/(datagrams|files)\.ts$/),
          part("deno", 5, /^runtimes\/deno\/(datagrams|files|processes)\.ts$/),
          part(
            "more",
            4,
            /^src\/(go|net|async|rpc\/filter)/,
            /^src\/cli\/commands\/(?!agent|simulate|rtt)/,
            /^runtimes\/shared\//,
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

/** What both have in common. The maps name the sources, which are in the package. */
function outputTo(folder, parts) {
  return {
    dir: join(folder, "runtimes"),
    format: "esm",
    sourcemap: true,
    sourcemapExcludeSources: true,
    // Comments would be read and kept in memory. Code keeps its names and lines, for those who report an error.
    comments: false,
    entryFileNames: "[name].js",
    chunkFileNames: `${parts}/[name]-[hash].js`,
  };
}

/** Returns what makes a part of all modules whose paths match one of some patterns. */
function partOf(root) {
  return (name, priority, ...patterns) => ({
    name,
    priority,
    test: (id) => patterns.some((pattern) => pattern.test(relative(root, id).replaceAll("\\", "/"))),
  });
}
