/** The program on Node: all of the command line but the cache of compiled code, which has to be on before this is loaded. */
import { main } from "../../src/cli/main.ts";
import { assembleNode } from "./assembly.ts";
import { hasBuiltins } from "./builtin.ts";

/** Runs the command of this process, and ends the process. */
export async function runProgram(): Promise<void> {
  const runtime = hasBuiltins() ? assembleNode() : (await import("./runtime.ts")).nodeRuntime();
  runtime.terminal.exit(await main(runtime));
}
