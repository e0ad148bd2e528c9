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

/** Takes the place of `process.getBuiltinModule`. */
let substitute: ((id: string) => unknown) | undefined;

/** Returns whether this Node gives its modules without `require`, as all do from 20.16 on. */
export function hasBuiltins(): boolean {
  return "getBuiltinModule" in process;
}

/** Takes modules by another function from now on. */
export function takeBuiltinsBy(require: (id: string) => unknown): void {
  substitute = require;
}

/** Returns a module of Node. Nodes before 20.16 need {@link takeBuiltinsBy} first. */
export function builtin<Name extends keyof Builtins>(name: Name): Builtins[Name] {
  const id = `node:${name}`;
  return (substitute === undefined ? process.getBuiltinModule(id) : substitute(id)) as Builtins[Name];
}
