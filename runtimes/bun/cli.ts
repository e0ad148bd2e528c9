#!/usr/bin/env -S BUN_JSC_forceRAMSize=50000000 bun
/** The command line on Bun. */
import { main } from "../../src/cli/main.ts";
import { bunRuntime } from "./runtime.ts";

const runtime = bunRuntime();
void main(runtime).then((code) => runtime.terminal.exit(code));
