#!/usr/bin/env node
/** The command line on Node. All but the cache of compiled code is imported later, so that the cache covers it. */
import { useCompileCache } from "./compile_cache.ts";

useCompileCache();
const [{ main }, { nodeRuntime }] = await Promise.all([
  import("../../src/cli/main.ts"),
  import("./runtime.ts"),
]);
const runtime = nodeRuntime();
runtime.terminal.exit(await main(runtime));
