#!/usr/bin/env node
/** The command line on Node. */
import { main } from "../../src/cli/main.ts";
import { nodeRuntime } from "./runtime.ts";

const runtime = nodeRuntime();
runtime.terminal.exit(await main(runtime));
