/** Assembles the runtime of Deno. */
import type { Runtime } from "../../src/runtime.ts";
import { datagrams } from "./datagrams.ts";
import { files } from "./files.ts";
import { clock, denoHost, denoTerminal, signals, WebRandom } from "./host.ts";
import { processes } from "./processes.ts";
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
    datagrams,
    streams,
    files,
    processes,
    signals,
    terminal: denoTerminal(),
    host: denoHost(),
    multicast: async () => (await import("./multicast.ts")).multicast,
  };
}
