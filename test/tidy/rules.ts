/**
 * The hard rules that look at one file at a time, each a function from a file to its violations.
 */

import ts from "typescript";
import { imports, place, references, type Source, walk } from "./sources.ts";

/** Longest file, in lines. */
export const lineCountMax = 400;

const impure: ReadonlySet<string> = new Set([
  "Promise",
  "Date",
  "performance",
  "crypto",
  "setTimeout",
  "setInterval",
  "setImmediate",
  "queueMicrotask",
  "console",
  "globalThis",
]);
const ofRuntimes: ReadonlySet<string> = new Set(["Deno", "Bun", "process", "Buffer", "require", "__dirname"]);
const inexact =
  /^(log|log2|log10|log1p|exp|expm1|pow|sin|cos|tan|sinh|cosh|tanh|asin|acos|atan|atan2|cbrt|hypot)$/;
const mutators = /^(set|add|delete|clear|push|pop|shift|unshift|splice|sort|reverse|fill|copyWithin)$/;

/** The core has no time, randomness, waiting or packages. */
export function pureCore(file: Source): string[] {
  if (!file.path.startsWith("src/core/")) return [];
  const wrong = references(file).filter((name) => impure.has(name.text));
  const waits = [...walk(file.tree)].filter(
    (node) =>
      ts.isAwaitExpression(node) || node.kind === ts.SyntaxKind.AsyncKeyword || isMath(node, /^random$/),
  );
  const packages = imports(file).filter(({ to }) => !to.startsWith("."));
  return [...wrong, ...waits, ...packages.map(({ node }) => node)].map((node) => violation(file, node));
}

/** Engines differ in the last bit of a logarithm, so one file has them and rounds. */
export function exactArithmetic(file: Source): string[] {
  if (!file.path.startsWith("src/") || file.path === "src/core/math.ts") return [];
  const core = file.path.startsWith("src/core/");
  return [...walk(file.tree)]
    .filter(
      (node) =>
        isMath(node, inexact) ||
        (core &&
          (node.kind === ts.SyntaxKind.AsteriskAsteriskToken ||
            node.kind === ts.SyntaxKind.AsteriskAsteriskEqualsToken)),
    )
    .map((node) => violation(file, node.parent));
}

/** The outside world is reached through `src/runtime.ts`. */
export function noRuntime(file: Source): string[] {
  if (!file.path.startsWith("src/")) return [];
  const names = references(file).filter((name) => ofRuntimes.has(name.text));
  const hidden = [...walk(file.tree)].filter(
    (node) =>
      ts.isPropertyAccessExpression(node) &&
      ofRuntimes.has(node.name.text) &&
      /^(globalThis|self)\b/.test(node.getText(file.tree)),
  );
  const modules = imports(file).filter(({ to }) => /^(node|bun|deno|jsr|npm|https?):/.test(to));
  return [...names, ...hidden, ...modules.map(({ node }) => node)].map((node) => violation(file, node));
}

/**
 * No module has state: no `let`, no collection that is changed, no static field that can be set.
 */
export function noModuleState(file: Source): string[] {
  const wrong: ts.Node[] = [];
  const collections = new Set<string>();
  for (const statement of file.tree.statements) {
    if (!ts.isVariableStatement(statement)) continue;
    const { declarationList } = statement;
    if ((declarationList.flags & ts.NodeFlags.Const) === 0) wrong.push(statement);
    for (const { name } of declarationList.declarations)
      if (ts.isIdentifier(name)) collections.add(name.text);
  }
  for (const node of walk(file.tree)) {
    if (
      ts.isPropertyDeclaration(node) &&
      has(node, ts.SyntaxKind.StaticKeyword) &&
      !has(node, ts.SyntaxKind.ReadonlyKeyword)
    )
      wrong.push(node);
    const target = changed(node);
    if (target !== undefined && ts.isIdentifier(target) && collections.has(target.text)) wrong.push(node);
  }
  return wrong.map((node) => violation(file, node));
}

/** The object that a call or an assignment changes, if it changes the inside of one. */
function changed(node: ts.Node): ts.Expression | undefined {
  if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
    return mutators.test(node.expression.name.text) ? node.expression.expression : undefined;
  }
  if (ts.isBinaryExpression(node) && assigns(node.operatorToken.kind)) {
    const { left } = node;
    if (ts.isElementAccessExpression(left) || ts.isPropertyAccessExpression(left)) return left.expression;
  }
  return undefined;
}

function assigns(kind: ts.SyntaxKind): boolean {
  return kind >= ts.SyntaxKind.FirstAssignment && kind <= ts.SyntaxKind.LastAssignment;
}

/** Short enough to be read in one go. */
export function short({ path, text }: Source): string[] {
  const count = text.trimEnd().split("\n").length;
  return count > lineCountMax ? [`${path} has ${count} lines`] : [];
}

/** Starts with a comment on what it is. */
export function introduced({ path, text, tree }: Source): string[] {
  const comments = ts.getLeadingCommentRanges(text, ts.getShebang(text)?.length ?? 0) ?? [];
  const first = comments[0];
  const wellPlaced = first !== undefined && first.pos <= (ts.getShebang(text)?.length ?? 0) + 1;
  void tree;
  return wellPlaced && text.slice(first.pos, first.end).length > 20
    ? []
    : [`${path} does not open with a comment`];
}

/** Every export has a comment. */
export function documented(file: Source): string[] {
  return file.tree.statements
    .filter((statement) => ts.canHaveModifiers(statement) && has(statement, ts.SyntaxKind.ExportKeyword))
    .filter((statement) => !ts.getJSDocCommentsAndTags(statement).some(ts.isJSDoc))
    .map((statement) => violation(file, statement));
}

/** Names of constants are camelCase, as all names of values are. */
export function camelCase(file: Source): string[] {
  return file.tree.statements
    .filter(ts.isVariableStatement)
    .flatMap(({ declarationList }) => [...declarationList.declarations])
    .filter(({ name }) => ts.isIdentifier(name) && /^[A-Z][A-Z0-9_]+$/.test(name.text))
    .map((declaration) => violation(file, declaration));
}

/** Postponed work is not written into the code. */
export function finished({ path, text }: Source): string[] {
  const pattern = new RegExp(`\\b(${["TO" + "DO", "FIX" + "ME", "XX" + "X"].join("|")})\\b`);
  return text
    .split("\n")
    .flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1} ${line.trim()}`] : []));
}

function isMath(node: ts.Node, names: RegExp): boolean {
  return (
    ts.isPropertyAccessExpression(node) &&
    ts.isIdentifier(node.expression) &&
    node.expression.text === "Math" &&
    names.test(node.name.text)
  );
}

function has(node: ts.Node, kind: ts.SyntaxKind): boolean {
  return (
    ts.canHaveModifiers(node) && (ts.getModifiers(node) ?? []).some((modifier) => modifier.kind === kind)
  );
}

function violation(file: Source, node: ts.Node): string {
  return `${place(file, node)} ${node.getText(file.tree).split("\n")[0]!.slice(0, 80)}`;
}
