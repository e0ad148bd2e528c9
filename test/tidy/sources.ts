/**
 * The repository's own files as syntax trees, so that rules see code and never comments or strings.
 */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

/** The folder of package.json. */
export const root: string = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

/** One file. `path` is relative to the root, with slashes. */
export interface Source {
  readonly path: string;
  readonly text: string;
  readonly tree: ts.SourceFile;
}

/** Reads a file as text. */
export function read(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

/** Makes a source from text, for the samples of rules. */
export function source(path: string, text: string): Source {
  return { path, text, tree: ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true) };
}

/** Sources at `path` that import `target`, one for each form of import. */
export function imported(path: string, target: string): Source[] {
  const way = posix.relative(posix.dirname(path), target);
  const to = way.startsWith(".") ? way : `./${way}`;
  return [
    `import { a } from "${to}";`,
    `import type { a } from "${to}";`,
    `import "${to}";`,
    `export * from "${to}";`,
    `type A = import("${to}").A;`,
    `const { a } = await import("${to}");`,
  ].map((text) => source(path, text));
}

/** All files under a folder with this ending, without installed packages. */
export function paths(folder: string, ending: string): string[] {
  const found: string[] = [];
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true, recursive: true })) {
    const path = relative(root, join(entry.parentPath, entry.name)).split(sep).join("/");
    if (entry.isFile() && path.endsWith(ending) && !path.includes("node_modules/")) found.push(path);
  }
  return found.sort();
}

/** All TypeScript files under folders. */
export function sources(...folders: readonly string[]): Source[] {
  return folders.flatMap((folder) => paths(folder, ".ts")).map((path) => source(path, read(path)));
}

/** All documents. */
export function documents(): { readonly path: string; readonly line: number; readonly text: string }[] {
  const below = ["src", "runtimes", "wasm", "test", "examples", "docs"].filter((folder) =>
    existsSync(join(root, folder)),
  );
  return [
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    ...below.flatMap((folder) => paths(folder, ".md")),
  ].map((path) => ({ path, line: 1, text: read(path) }));
}

/** Every node of a tree, parents first. */
export function* walk(node: ts.Node): Generator<ts.Node> {
  yield node;
  const children: ts.Node[] = [];
  ts.forEachChild(node, (child) => {
    children.push(child);
  });
  for (const child of children) yield* walk(child);
}

/** `path:line` of a node. */
export function place({ path, tree }: Source, node: ts.Node): string {
  return `${path}:${tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1}`;
}

/** Module specifiers of all imports and re-exports, dynamic ones and imported types too. */
export function imports(file: Source): { readonly to: string; readonly node: ts.Node }[] {
  const found: { to: string; node: ts.Node }[] = [];
  for (const node of walk(file.tree)) {
    let specifier: ts.Node | undefined;
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) specifier = node.moduleSpecifier;
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      specifier = node.arguments[0];
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
      specifier = node.argument.literal;
    if (specifier !== undefined && ts.isStringLiteralLike(specifier))
      found.push({ to: specifier.text, node });
  }
  return found;
}

/** The path that a relative specifier means. */
export function resolve(file: Source, specifier: string): string {
  return posix.join(posix.dirname(file.path), specifier);
}

/** Names that are used as variables or types: not properties, not labels of object literals. */
export function references({ tree }: Source): ts.Identifier[] {
  const found: ts.Identifier[] = [];
  for (const node of walk(tree)) {
    if (!ts.isIdentifier(node)) continue;
    const { parent } = node;
    if (ts.isPropertyAccessExpression(parent) && parent.name === node) continue;
    if (ts.isQualifiedName(parent) && parent.right === node) continue;
    if (
      (ts.isPropertyAssignment(parent) || ts.isClassElement(parent) || ts.isTypeElement(parent)) &&
      parent.name === node
    )
      continue;
    found.push(node);
  }
  return found;
}
