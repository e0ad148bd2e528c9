/** Assembles the runtime of Bun. */
import type { Runtime } from "../../src/runtime.ts";
import { laterDatagrams, laterFiles, laterProcesses } from "../shared/later.ts";
import { bunApi } from "./api.ts";
import { clock, nodeHost, signals, WebRandom } from "./host.ts";
import { streams } from "./streams.ts";
import { bunTerminal } from "./terminal.ts";

/**
 * Returns the {@link Runtime} of Bun: Bun's own datagrams and listeners, and otherwise Node's
 * modules. Throws an Error on another runtime.
 */
export function bunRuntime(): Runtime {
  return {
    name: "bun",
    clock,
    random: new WebRandom(),
    datagrams: laterDatagrams(async () => (await import("./datagrams.ts")).datagrams),
    streams,
    files: laterFiles(async () => (await import("../node/files.ts")).files),
    processes: laterProcesses(async () => (await import("./processes.ts")).processes),
    signals,
    terminal: bunTerminal(),
    host: nodeHost(bunApi().version),
    multicast: async () => (await import("./multicast.ts")).multicast,
  };
}
