/** The Bun that agents and commands run on, put together. */
import type { Runtime } from "../../src/runtime.ts";
import { bunApi } from "./api.ts";
import { datagrams } from "./datagrams.ts";
import { files } from "./files.ts";
import { clock, nodeHost, nodeTerminal, signals, WebRandom } from "./host.ts";
import { processes } from "./processes.ts";
import { streams } from "./streams.ts";

/** A Runtime of Bun's datagrams and of the modules that it shares with Node. */
export function bunRuntime(): Runtime {
  return {
    name: "bun",
    clock,
    random: new WebRandom(),
    datagrams,
    streams,
    files,
    processes,
    signals,
    terminal: nodeTerminal(),
    host: nodeHost(bunApi().version),
    multicast: async () => (await import("./multicast.ts")).multicast,
  };
}
