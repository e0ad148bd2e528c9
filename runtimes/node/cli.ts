#!/usr/bin/env node
/**
 * The command line on Node. All but the cache of compiled code is imported later, so that the cache covers it.
 * The package installs this file as its commands; where Deno or Bun runs them, theirs goes on.
 */
import { useCompileCache } from "./compile_cache.ts";

async function run(): Promise<void> {
  if ("Deno" in globalThis) return void (await import("../deno/cli.ts"));
  if ("Bun" in globalThis) return void (await import("../bun/cli.ts"));
  useCompileCache();
  await (await import("./program.ts")).runProgram();
}

void run();
