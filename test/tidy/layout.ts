/**
 * Rules about places and names: what lies loose in `src`, how full a folder is, and that a name means one thing.
 */

import ts from "typescript";
import { place, type Source } from "./sources.ts";

/** The most entries that a folder may have. */
export const entryCountMax = 20;

/** The only loose files of `src`: the map, the public face and the ground floor. */
export const loose: readonly string[] = ["README.md", "mod.ts", "runtime.ts", "errors.ts", "version.ts"].map(
  (name) => `src/${name}`,
);

/** Loose files of `src` that belong into a room. `paths` are those of all files. */
export function unhoused(paths: readonly string[]): string[] {
  return paths.filter((path) => /^src\/[^/]+$/.test(path) && !loose.includes(path));
}

/** Folders with too many entries. */
export function crowded(paths: readonly string[]): string[] {
  const entries = new Map<string, Set<string>>();
  for (const path of paths) {
    const names = path.split("/");
    for (let depth = 1; depth < names.length; depth++) {
      const folder = names.slice(0, depth).join("/");
      if (!entries.has(folder)) entries.set(folder, new Set());
      entries.get(folder)!.add(names[depth]!);
    }
  }
  return [...entries]
    .filter(([, shown]) => shown.size > entryCountMax)
    .map(([folder, shown]) => `${folder} shows ${shown.size} entries`);
}

/** Exported classes and interfaces of different files that have the same name. */
export function namesakes(files: readonly Source[]): string[] {
  const places = new Map<string, string[]>();
  for (const file of files) {
    for (const declaration of file.tree.statements.filter(isExportedShape)) {
      const name = declaration.name?.text ?? "default";
      places.set(name, [...(places.get(name) ?? []), place(file, declaration)]);
    }
  }
  const shared = [...places].filter(([, where]) => new Set(where.map(fileOf)).size > 1);
  return shared.map(([name, where]) => `${name}: ${where.join(", ")}`);
}

/** Interfaces that only carry what a constructor takes. */
export function parcels(files: readonly Source[]): string[] {
  return files.flatMap((file) =>
    file.tree.statements
      .filter((node) => ts.isInterfaceDeclaration(node) && node.name.text.endsWith("Parts"))
      .map((node) => `${place(file, node)} ${(node as ts.InterfaceDeclaration).name.text}`),
  );
}

function isExportedShape(node: ts.Statement): node is ts.ClassDeclaration | ts.InterfaceDeclaration {
  if (!ts.isClassDeclaration(node) && !ts.isInterfaceDeclaration(node)) return false;
  return (ts.getModifiers(node) ?? []).some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
}

function fileOf(where: string): string {
  return where.slice(0, where.lastIndexOf(":"));
}
