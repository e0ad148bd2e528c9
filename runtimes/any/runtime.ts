/** Detects the runtime of the program, and loads its adapter when it is first needed. */
import type { Runtime } from "../../src/runtime.ts";

/** Returns the {@link Runtime} of Deno, Bun or Node, whichever runs this program. */
export async function currentRuntime(): Promise<Runtime> {
  if ("Deno" in globalThis) return (await import("../deno/runtime.ts")).denoRuntime();
  if ("Bun" in globalThis) return (await import("../bun/runtime.ts")).bunRuntime();
  return (await import("../node/runtime.ts")).nodeRuntime();
}
