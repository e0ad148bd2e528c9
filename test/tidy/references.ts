/** Paths of this repository in comments and documents: each must exist. */

import { existsSync, readdirSync } from "node:fs";
import { join, posix } from "node:path";
import ts from "typescript";
import { root, type Source } from "./sources.ts";

/** A stretch of English: a comment, or a document. `line` is where it begins. */
export interface Prose {
  readonly path: string;
  readonly line: number;
  readonly text: string;
}

const mentioned = /(?<![\w/.:@-])(?:src|runtimes|test|docs|wasm|examples)\/[\w./*{},-]*/g;
const linked = /\]\(([^)\s]+)\)/g;

/** The comments of a source, each once. */
export function comments({ path, text, tree }: Source): Prose[] {
  const found = new Map<number, Prose>();
  const add = (ranges: readonly ts.CommentRange[] | undefined) => {
    for (const { pos, end } of ranges ?? []) {
      const line = tree.getLineAndCharacterOfPosition(pos).line + 1;
      found.set(pos, { path, line, text: text.slice(pos, end) });
    }
  };
  const visit = (node: ts.Node) => {
    add(ts.getLeadingCommentRanges(text, node.pos === 0 ? (ts.getShebang(text)?.length ?? 0) : node.pos));
    add(ts.getTrailingCommentRanges(text, node.end));
    for (const child of node.getChildren(tree)) visit(child);
  };
  visit(tree);
  return [...found.values()].sort((a, b) => a.line - b.line);
}

/** Mentioned paths and relative links that lead nowhere. */
export function dangling(prose: Prose): string[] {
  const wrong: string[] = [];
  for (const match of prose.text.matchAll(mentioned)) {
    const path = match[0].replace(/[.,]+$/, "");
    if (!alternatives(path).every((one) => isThere(one)))
      wrong.push(`${placeOf(prose, match.index)} ${path}`);
  }
  for (const match of prose.path.endsWith(".md") ? prose.text.matchAll(linked) : []) {
    const target = match[1]!.replace(/#.*$/, "");
    if (target === "" || /^[a-z]+:/.test(target)) continue;
    if (!isThere(posix.join(posix.dirname(prose.path), target)))
      wrong.push(`${placeOf(prose, match.index)} ${match[1]}`);
  }
  return wrong;
}

/** `path:line` of an offset within prose. */
export function placeOf({ path, line, text }: Prose, offset: number): string {
  return `${path}:${line + text.slice(0, offset).split("\n").length - 1}`;
}

/** `a/{b,c}.ts` as `a/b.ts` and `a/c.ts`. */
function alternatives(path: string): string[] {
  const braces = /\{([^{}]*)\}/.exec(path);
  if (braces === null) return [path];
  return braces[1]!.split(",").flatMap((one) => alternatives(path.replace(braces[0], one)));
}

/** Whether a path exists. A name with `*` matches every name of that form. */
function isThere(path: string, below = ""): boolean {
  const [name, ...rest] = path.split("/");
  if (!path.includes("*")) return existsSync(join(root, below, path));
  const pattern = new RegExp(`^${name!.replaceAll(".", "\\.").replaceAll("*", ".*")}$`);
  const folder = join(root, below);
  return (
    existsSync(folder) &&
    readdirSync(folder).some(
      (entry) =>
        pattern.test(entry) && (rest.length === 0 || isThere(rest.join("/"), posix.join(below, entry))),
    )
  );
}
