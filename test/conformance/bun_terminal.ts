/** The terminal tests' program on Bun. */
import { bunRuntime } from "../../runtimes/bun/mod.ts";
import { terminalProgram } from "./terminal_program.ts";

await terminalProgram(bunRuntime());
