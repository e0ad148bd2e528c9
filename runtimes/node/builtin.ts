/**
 * Modules of Node that are taken when they are used first. An import of `node:fs` gives all its names a place and
 * so loads its promises and Node's streams, even if one function is wanted: three milliseconds of a command.
 */
import { createRequire } from "node:module";

interface Builtins {
  readonly fs: typeof import("node:fs");
  readonly net: typeof import("node:net");
  readonly os: typeof import("node:os");
  readonly path: typeof import("node:path");
}

/** Returns a module of Node. Nodes before 20.16 have no function for it; there `require` returns the same. */
export function builtin<Name extends keyof Builtins>(name: Name): Builtins[Name] {
  const { getBuiltinModule } = process as { getBuiltinModule?: (id: string) => unknown };
  return (getBuiltinModule?.(`node:${name}`) ?? createRequire("/")(`node:${name}`)) as Builtins[Name];
}
