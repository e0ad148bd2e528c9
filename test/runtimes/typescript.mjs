/**
 * Lets Node 20 run this repository's TypeScript sources, for tests and examples: `node --import
 * ./typescript.mjs file.ts`. Types are only stripped, and `tserf` resolves to the sources too.
 * Published packages do not use this: they contain compiled JavaScript.
 */
import { readFile } from "node:fs/promises";
import { register } from "node:module";
import { fileURLToPath } from "node:url";
import { isMainThread } from "node:worker_threads";
import { transformSync } from "rolldown/utils";

if (isMainThread) register(import.meta.url);

const root = new URL("../../", import.meta.url);
const { compilerOptions } = JSON.parse(await readFile(new URL("tsconfig.json", root), "utf8"));

/** The hook that Node calls to resolve each module. */
export async function resolve(specifier, context, next) {
  const [path] = compilerOptions.paths[specifier] ?? [];
  return await next(path === undefined ? specifier : new URL(path, root).href, context);
}

/** The hook that Node calls to load each module, on its own thread. */
export async function load(url, context, next) {
  if (!url.startsWith("file:") || !url.endsWith(".ts")) return await next(url, context);
  const path = fileURLToPath(url);
  const { code, errors } = transformSync(path, await readFile(path, "utf8"));
  if (errors.length > 0) throw new SyntaxError(`Cannot strip types of ${path}: ${errors[0].message}`);
  return { format: "module", source: code, shortCircuit: true };
}
