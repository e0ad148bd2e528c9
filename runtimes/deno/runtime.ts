/** The Deno that agents and commands run on, put together. */
import type { Runtime } from "../../src/runtime.ts";
import { datagrams } from "./datagrams.ts";
import { files } from "./files.ts";
import { clock, denoHost, denoTerminal, signals, WebRandom } from "./host.ts";
import { processes } from "./processes.ts";
import { streams } from "./streams.ts";

/** A Runtime of Deno's own sockets and files. */
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
