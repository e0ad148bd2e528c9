/** The package on Deno. */
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
  };
}
