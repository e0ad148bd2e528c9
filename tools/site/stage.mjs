/** Lays out what VitePress builds: the documents at their routes, with links that lead there, the reference of the library, and the simulator. */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { documents, root, routeOf } from "./pages.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
/** The folder that is built; it is rewritten each time. */
export const stage = join(here, "stage");
/** Where the sources can be read, such as `https://example.com/tserf/blob/main`; without it links to sources become text. */
const { TSERF_SITE_SOURCE: sourceUrl } = process.env;

/** Lays everything out. */
export function layOut() {
  rmSync(stage, { recursive: true, force: true });
  mkdirSync(join(stage, ".vitepress"), { recursive: true });
  cpSync(join(here, "config.mjs"), join(stage, ".vitepress", "config.mjs"));
  cpSync(join(here, "theme"), join(stage, ".vitepress", "theme"), { recursive: true });
  cpSync(join(here, "recording.json"), join(stage, ".vitepress", "theme", "recording.json"));
  cpSync(join(here, "pages"), stage, { recursive: true });
  for (const path of documents()) {
    const target = join(stage, `${routeOf(path)}.md`);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, withLinks(path, readFileSync(join(root, path), "utf8")));
  }
  run("the reference", [
    join(here, "node_modules", "typedoc", "bin", "typedoc"),
    ...["--options", join(here, "typedoc.json"), "--out", join(stage, "reference")],
  ]);
  run("the simulator", [join(root, "tools", "page.mjs"), join(stage, "public", "simulator.html")]);
}

/** Returns a document whose relative links lead to routes. */
export function withLinks(path, text) {
  // Blocks of code are left alone.
  return text
    .split(/(^```[\s\S]*?^```$)/m)
    .map((part, index) =>
      index % 2 === 1
        ? part
        : part.replaceAll(/\[([^\]]+)\]\(([^)\s]+)\)/g, (link, ...rest) => linkOf(path, link, ...rest)),
    )
    .join("");
}

function linkOf(path, link, text, target) {
  if (/^([a-z]+:|#)/.test(target)) return link;
  const [file, hash = ""] = target.split("#");
  const full = posix.normalize(posix.join(posix.dirname(path), file)).replace(/\/$/, "");
  const route = routeOf(full) ?? routeOf(posix.join(full, "README.md"));
  if (route !== undefined) return `[${text}](/${route}${hash && `#${hash}`})`;
  return sourceUrl === undefined ? text : `[${text}](${sourceUrl}/${full})`;
}

function run(what, args) {
  const { status } = spawnSync(process.execPath, args, {
    cwd: here,
    stdio: ["ignore", "inherit", "inherit"],
  });
  if (status !== 0) throw new Error(`cannot make ${what}`);
}
