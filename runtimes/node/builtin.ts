/**
 * Modules of Node that are taken when they are used first. An import of `node:fs` gives all its names a place and
 * so loads its promises and Node's streams, even if one function is wanted: two milliseconds of a command.
 */

interface Builtins {
  readonly fs: typeof import("node:fs");
  readonly net: typeof import("node:net");
  readonly os: typeof import("node:os");
  readonly path: typeof import("node:path");
}

let older: ((id: string) => unknown) | undefined;

/** Returns whether this Node gives its modules without `require`, as all do from 20.16 on. */
export function hasBuiltins(): boolean {
  return "getBuiltinModule" in process;
}

/** Gives older Nodes the function that loads their modules. */
export function useRequire(require: (id: string) => unknown): void {
  older = require;
}

/** Returns a module of Node. Throws on a Node before 20.16 without {@link useRequire}. */
export function builtin<Name extends keyof Builtins>(name: Name): Builtins[Name] {
  if (hasBuiltins()) return process.getBuiltinModule(`node:${name}`) as Builtins[Name];
  if (older === undefined) throw new Error(`Cannot load node:${name}`);
  return older(`node:${name}`) as Builtins[Name];
}
