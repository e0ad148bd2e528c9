/**
 * The hard rules of this code, each a function from a file to its violations. The table of layers is the picture of `src/README.md` as data.
 */

import ts from "typescript";
import { imports, place, references, resolve, type Source, walk } from "./sources.ts";

/** Longest file, in lines. */
export const lineCountMax = 400;

/** Layer by path, longest match first. A file imports its own layer and those below. */
const layers: readonly (readonly [path: string, layer: number])[] = [
  ["wasm/module.ts", 0],
  ["src/core/", 0],
  ["src/core/wire/", 1],
  ["src/core/swim/", 2],
  ["src/core/coordinate/", 2],
  ["src/core/serf/", 3],
  ["src/go/", 0],
  ["src/runtime.ts", 0],
  ["src/net/", 0],
  ["src/errors.ts", 0],
  ["src/version.ts", 0],
  ["src/", 4],
  ["src/rpc/client/", 5],
  ["src/agent/", 5],
  ["src/cli/", 6],
  ["runtimes/", 0],
];

/** Files of a runtime that put things together; the others are adapters and see only the interfaces. */
const assembling = /^runtimes\/\w+\/(mod|cli)\.ts$/;
/** What adapters may import of `src`. */
const seenByAdapters: readonly string[] = ["src/runtime.ts", "src/net/address.ts"];
/** Below the core: what it may import of the rest of `src`. */
const seenByCore: readonly string[] = [
  "src/runtime.ts",
  "src/net/address.ts",
  "src/net/cidr.ts",
  "src/go/base64.ts",
  "src/go/parse_key.ts",
  "src/errors.ts",
  "wasm/module.ts",
];

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

/** The core knows no time, no chance, no waiting and no package. */
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

/** Engines differ in the last bit of a logarithm: there is one file for them, and it rounds. */
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

/** The outside world arrives through `src/runtime.ts`. */
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

/** Imports point down, and the few doors between parts are the only ones. */
export function layered(file: Source): string[] {
  const wrong: string[] = [];
  for (const { to, node } of imports(file)) {
    if (!to.startsWith(".")) continue;
    const target = resolve(file, to);
    const reason = doorFault(file.path, target) ?? layerFault(file.path, target);
    if (reason !== undefined) wrong.push(`${place(file, node)} imports ${target}: ${reason}`);
  }
  return wrong;
}

function doorFault(from: string, to: string): string | undefined {
  if (to.startsWith("wasm/") && !from.startsWith("src/core/wire/")) return "only the wire sees WebAssembly";
  if (from.startsWith("src/core/") && !to.startsWith("src/core/") && !seenByCore.includes(to))
    return "the core sees nothing above it";
  if (from.startsWith("src/") && to.startsWith("runtimes/")) return "src knows no runtime";
  if (
    from.startsWith("runtimes/") &&
    !assembling.test(from) &&
    !to.startsWith("runtimes/") &&
    !seenByAdapters.includes(to)
  )
    return "adapters see only the interfaces";
  return undefined;
}

function layerFault(from: string, to: string): string | undefined {
  if (from.startsWith("runtimes/")) return undefined;
  const [above, below] = [layer(from), layer(to)];
  if (below > above) return `layer ${above} imports layer ${below}`;
  // Two parts of one layer do not know each other; the parts of the core's ground floor are single files.
  return undefined;
}

function layer(path: string): number {
  const matches = layers.filter(([prefix]) => path.startsWith(prefix));
  const longest = matches.sort(([a], [b]) => b.length - a.length)[0];
  if (longest === undefined) throw new Error(`${path} is in no layer`);
  return longest[1];
}

/** No module remembers anything: no `let`, no collection that is changed, no static field that can be set. */
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

/** What a call or an assignment changes, if it changes the inside of something. */
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

/** Says at its top what it is. */
export function introduced({ path, text, tree }: Source): string[] {
  const comments = ts.getLeadingCommentRanges(text, ts.getShebang(text)?.length ?? 0) ?? [];
  const first = comments[0];
  const wellPlaced = first !== undefined && first.pos <= (ts.getShebang(text)?.length ?? 0) + 1;
  void tree;
  return wellPlaced && text.slice(first.pos, first.end).length > 20
    ? []
    : [`${path} does not open with a comment`];
}

/** Every export is explained. */
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

/** Work that was put off is not written into the code. */
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
