/** Assembles the runtime of Deno. */
import type { Runtime } from "../../src/runtime.ts";
import { laterDatagrams, laterFiles, laterProcesses } from "../shared/later.ts";
import { clock, denoHost, denoTerminal, signals, WebRandom } from "./host.ts";
import { streams } from "./streams.ts";

/**
 * Returns the {@link Runtime} of Deno: Deno's own sockets and files. Throws an Error on another
 * runtime.
 */
export function denoRuntime(): Runtime {
  return {
    name: "deno",
    clock,
    random: new WebRandom(),
    datagrams: laterDatagrams(async () => (await import("./datagrams.ts")).datagrams),
    streams,
    files: laterFiles(async () => (await import("./files.ts")).files),
    processes: laterProcesses(async () => (await import("./processes.ts")).processes),
    signals,
    terminal: denoTerminal(),
    host: denoHost(),
    multicast: async () => (await import("./multicast.ts")).multicast,
  };
}
