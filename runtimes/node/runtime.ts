/** The runtime of Node, on every version of it. */
import { createRequire, isBuiltin } from "node:module";
import type { Runtime } from "../../src/runtime.ts";
import { assembleNode } from "./assembly.ts";
import { hasBuiltins } from "./builtin.ts";

/** Returns the {@link Runtime} of Node, from its own modules. Nodes before 20.16 get the function of later ones for them. */
export function nodeRuntime(): Runtime {
  if (!hasBuiltins()) {
    const take = createRequire("/");
    const getBuiltinModule = (id: string): unknown => (isBuiltin(id) ? take(id) : undefined);
    Object.defineProperty(process, "getBuiltinModule", { value: getBuiltinModule, configurable: true });
  }
  return assembleNode();
}
