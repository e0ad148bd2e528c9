/** The pages of the site: documents of the repository, each with its route and its place at the side. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of package.json. */
export const root = fileURLToPath(new URL("../..", import.meta.url));

/** The groups at the side: `[document, text]`. A document that does not exist is left out. */
const groups = {
  Start: [
    ["README.md", "What it is"],
    ["docs/start/node.md", "Node"],
    ["docs/start/deno.md", "Deno"],
    ["docs/start/bun.md", "Bun"],
    ["docs/start/single-file.md", "A single file"],
    ["docs/coming-from-serf.md", "Coming from Serf"],
  ],
  Use: [
    ["docs/library.md", "The library"],
    ["docs/events-and-queries.md", "Events and queries"],
    ["docs/testing.md", "Testing programs"],
    ["examples/README.md", "Examples"],
  ],
  Operate: [
    ["docs/operating.md", "Operating an agent"],
    ["docs/executables.md", "Executables"],
    ["docs/encryption.md", "Encryption and rotation"],
    ["docs/tuning.md", "Tuning"],
    ["docs/limits.md", "Limits"],
    ["docs/threat-model.md", "Threat model"],
    ["docs/performance.md", "Performance"],
    ["docs/differences.md", "What differs from Serf"],
    ["docs/consul.md", "In a Consul cluster"],
  ],
  Simulate: [
    ["docs/simulator-page.md", "A cluster to watch"],
    ["docs/simulate.md", "On the command line"],
    ["docs/simulation-speed.md", "How fast it is"],
    ["docs/lifeguard.md", "Lifeguard, reproduced"],
  ],
  Inside: [
    ["src/README.md", "Architecture"],
    ["src/core/README.md", "The core"],
    ["docs/wire-protocol.md", "Wire protocol"],
    ["docs/dissemination.md", "Dissemination"],
    ["docs/suspicion.md", "Suspicion"],
    ["docs/moving.md", "Members that move"],
    ["docs/coalescing.md", "Coalescing"],
    ["runtimes/README.md", "Runtimes"],
    ["docs/webassembly.md", "Why WebAssembly"],
    ["wasm/README.md", "The WebAssembly"],
    ["test/README.md", "Tests"],
    ["CONTRIBUTING.md", "Contributing"],
    ["docs/releasing.md", "Releasing"],
    ["CHANGELOG.md", "Changelog"],
  ],
};

/** Routes of documents outside of `docs`; one in `docs` has its path there. */
const elsewhere = {
  "README.md": "introduction",
  "src/README.md": "architecture",
  "src/core/README.md": "core",
  "runtimes/README.md": "runtimes",
  "wasm/README.md": "wasm",
  "test/README.md": "tests",
  "examples/README.md": "examples",
  "CONTRIBUTING.md": "contributing",
  "CHANGELOG.md": "changelog",
};

/** Returns the route of a document, without a slash in front, or `undefined` if it is no page. */
export function routeOf(path) {
  if (!documents().includes(path)) return undefined;
  return elsewhere[path] ?? path.replace(/^docs\//, "").replace(/\.md$/, "");
}

/** Returns the documents that are pages. */
export function documents() {
  return Object.values(groups)
    .flatMap((entries) => entries.map(([path]) => path))
    .filter(isThere);
}

/** Returns the groups at the side, as VitePress has them. */
export function sidebar() {
  return Object.entries(groups).map(([text, entries]) => ({
    text,
    items: entries
      .filter(([path]) => isThere(path))
      .map(([path, name]) => ({ text: name, link: `/${routeOf(path)}` })),
  }));
}

/** Returns the documents in `docs` that have no place at the side. */
export function homeless() {
  const all = readdirSync(join(root, "docs"), { recursive: true })
    .map((path) => `docs/${path.split("\\").join("/")}`)
    .filter((path) => path.endsWith(".md"));
  return all.filter((path) => !documents().includes(path));
}

function isThere(path) {
  return existsSync(join(root, path));
}
