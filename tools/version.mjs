/**
 * The version has one place, `package.json`. `npm version 0.2.0` changes it there, and then runs this program, which puts it into `deno.json`,
 * `src/version.ts` and the heading of the changelog before npm makes the commit and the tag. `node tools/version.mjs --check` compares only.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const check = process.argv.includes("--check");
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

/** Each place: its file, and the version in it with what is around. */
const places = [
  { path: "deno.json", pattern: /^( {2}"version": ")[^"]*(",)$/m },
  { path: "src/version.ts", pattern: /^(export const packageVersion = ")[^"]*(" as const;)$/m },
];
const wrong = [];
for (const { path, pattern } of places) {
  const text = readFileSync(join(root, path), "utf8");
  if (!pattern.test(text)) throw new Error(`${path} has no version`);
  const changed = text.replace(pattern, `$1${version}$2`);
  if (changed === text) continue;
  wrong.push(path);
  if (!check) writeFileSync(join(root, path), changed);
}
const changelog = join(root, "CHANGELOG.md");
const changes = readFileSync(changelog, "utf8");
if (!check && !new RegExp(`^## ${version.replaceAll(".", "\\.")}\\b`, "m").test(changes)) {
  const today = new Date().toISOString().slice(0, 10);
  writeFileSync(changelog, changes.replace(/^## Unreleased$/m, `## Unreleased\n\n## ${version} (${today})`));
}
if (check && wrong.length > 0) {
  console.error(
    `${wrong.join(", ")}: not the version ${version} of package.json; run "node tools/version.mjs"`,
  );
  process.exitCode = 1;
} else console.log(`Version ${version} in ${["package.json", ...places.map(({ path }) => path)].join(", ")}`);
