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

/** Returns whether this Node gives its modules without `require`, as all do from 20.16 on. */
export function hasBuiltins(): boolean {
  return "getBuiltinModule" in process;
}

/** Returns a module of Node. Nodes before 20.16 need `nodeRuntime` first, which gives them the function that later ones have. */
export function builtin<Name extends keyof Builtins>(name: Name): Builtins[Name] {
  return process.getBuiltinModule(`node:${name}`) as Builtins[Name];
}
