/**
 * Builds the page of the simulator, `node tools/page.mjs [FILE]`: one HTML file with the script, the style and the WebAssembly in it, which
 * works from a disk or from any web server. Default: `site/simulator.html`.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "rolldown";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const source = join(root, "runtimes/sim/page");
const target = resolve(process.argv[2] ?? join(root, "site/simulator.html"));

const { output } = await build({
  input: join(source, "main.ts"),
  platform: "browser",
  write: false,
  output: { format: "esm", minify: true, codeSplitting: false },
});
const [script] = output;
const parts = {
  STYLE: readFileSync(join(source, "page.css"), "utf8"),
  // An end tag in a string would end the script.
  SCRIPT: script.code.replaceAll("</script", "<\\/script"),
};
const page = readFileSync(join(source, "page.html"), "utf8").replaceAll(
  /\/\*(STYLE|SCRIPT)\*\//g,
  (_, name) => parts[name],
);
mkdirSync(dirname(target), { recursive: true });
writeFileSync(target, page);
const kilobytes = (bytes) => `${(bytes / 1000).toFixed(0)} kB`;
console.log(
  `Built ${target}: ${kilobytes(Buffer.byteLength(page))}, ${kilobytes(gzipSync(page).length)} compressed.`,
);
