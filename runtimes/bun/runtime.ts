/** Assembles the runtime of Bun. */
import type { Runtime } from "../../src/runtime.ts";
import { bunApi } from "./api.ts";
import { datagrams } from "./datagrams.ts";
import { files } from "./files.ts";
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
    datagrams,
    streams,
    files,
    // Loaded with the first program that is started: most nodes start none.
    processes: {
      spawn: async (program, options) =>
        await (await import("./processes.ts")).processes.spawn(program, options),
    },
    signals,
    terminal: bunTerminal(),
    host: nodeHost(bunApi().version),
    multicast: async () => (await import("./multicast.ts")).multicast,
  };
}
