#!/usr/bin/env -S deno run -A
/** The command line on Deno. */
import { main } from "../../src/cli/main.ts";
import { denoRuntime } from "./runtime.ts";

const runtime = denoRuntime();
runtime.terminal.exit(await main(runtime));
