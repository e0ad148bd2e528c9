/** The terminal tests' program on Deno. */
import { denoRuntime } from "../../runtimes/deno/mod.ts";
import { terminalProgram } from "./terminal_program.ts";

await terminalProgram(denoRuntime());
