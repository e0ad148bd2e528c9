#!/usr/bin/env -S deno run -A --v8-flags=--max-semi-space-size=2,--heap-growing-percent=20
/** The command line on Deno. */
import { main } from "../../src/cli/main.ts";
import { denoRuntime } from "./runtime.ts";

const runtime = denoRuntime();
void main(runtime).then((code) => runtime.terminal.exit(code));
