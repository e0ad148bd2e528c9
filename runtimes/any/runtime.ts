/** Whatever runtime the program is on; its adapter is loaded when it is first needed. */
import type { Runtime } from "../../src/runtime.ts";

/** The Runtime of whatever runs this program. */
export async function currentRuntime(): Promise<Runtime> {
  if ("Deno" in globalThis) return (await import("../deno/runtime.ts")).denoRuntime();
  if ("Bun" in globalThis) return (await import("../bun/runtime.ts")).bunRuntime();
  return (await import("../node/runtime.ts")).nodeRuntime();
}
