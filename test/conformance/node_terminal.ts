/** The terminal tests' program on Node. */
import { nodeRuntime } from "../../runtimes/node/mod.ts";
import { terminalProgram } from "./terminal_program.ts";

await terminalProgram(nodeRuntime());
