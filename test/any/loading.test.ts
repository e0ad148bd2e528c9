/** What a program loads that imports the library and uses no more than a node. */

import ts from "typescript";
import { describe, expect, it } from "vitest";
import { imports, read, resolve, source } from "../tidy/sources.ts";

/** All files and packages that are loaded with a file, before anything is imported on demand. */
function loadedWith(entry: string): string[] {
  const loaded = new Set<string>();
  const follow = (path: string): void => {
    if (loaded.has(path)) return;
    loaded.add(path);
    if (!path.endsWith(".ts")) return;
    const file = source(path, read(path));
    for (const { to, node } of imports(file))
      if (isLoading(node)) follow(to.startsWith(".") ? resolve(file, to) : to);
  };
  follow(entry);
  return [...loaded].sort();
}

/** Whether an import is not one of types alone, and not one on demand. */
function isLoading(node: ts.Node): boolean {
  if (ts.isImportDeclaration(node)) return node.importClause?.phaseModifier !== ts.SyntaxKind.TypeKeyword;
  return ts.isExportDeclaration(node) && !node.isTypeOnly;
}

describe.each(["any", "node", "deno", "bun"])("the library on %s", (runtime) => {
  it("loads no agent, RPC, command, discovery or package", () => {
    const loaded = loadedWith(`runtimes/${runtime}/mod.ts`);
    expect(loaded).toContain("src/shell/serf.ts");
    expect(loaded).toContain("src/shell/joining/automatic.ts");
    expect(loaded.filter((path) => /^src\/(agent|rpc|cli|shell\/mdns)\/|multicast/.test(path))).toEqual([]);
    const packages = loaded.filter((path) => !path.endsWith(".ts"));
    expect(packages.filter((name) => !name.startsWith("node:"))).toEqual([]);
  });
});
