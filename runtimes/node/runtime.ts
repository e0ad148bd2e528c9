/** The runtime of Node, on every version of it. */
import { createRequire } from "node:module";
import type { Runtime } from "../../src/runtime.ts";
import { assembleNode } from "./assembly.ts";
import { hasBuiltins, takeBuiltinsBy } from "./builtin.ts";

/** Returns the {@link Runtime} of Node, from its own modules. */
export function nodeRuntime(): Runtime {
  if (!hasBuiltins()) takeBuiltinsBy(createRequire("/"));
  return assembleNode();
}
