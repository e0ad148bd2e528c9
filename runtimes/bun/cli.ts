#!/usr/bin/env bun
/** The command line on Bun. */
import { main } from "../../src/cli/main.ts";
import { bunRuntime } from "./runtime.ts";

const runtime = bunRuntime();
runtime.terminal.exit(await main(runtime));
