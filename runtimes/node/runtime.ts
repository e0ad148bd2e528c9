/** The Node that agents and commands run on, put together. */
import type { Runtime } from "../../src/runtime.ts";
import { nodeDatagrams } from "./datagrams.ts";
import { files } from "./files.ts";
import { clock, nodeHost, nodeTerminal, signals, WebRandom } from "./host.ts";
import { nodeProcesses } from "./processes.ts";
import { streams } from "./streams.ts";

/** What Serf asks of the system for its UDP packets, so that a burst of gossip is not lost. */
const receiveBufferSize = 2 * 1024 * 1024;
/** Sends that may be with the system at once; it takes nearly all of them at once. */
const inFlightMax = 64;

/** A Runtime of Node's own modules. */
export function nodeRuntime(): Runtime {
  return {
    name: "node",
    clock,
    random: new WebRandom(),
    datagrams: nodeDatagrams({ receiveBufferSize, inFlightMax }),
    streams,
    files,
    processes: nodeProcesses(async () => (await import("./pipes.ts")).socketAccess),
    signals,
    terminal: nodeTerminal(),
    host: nodeHost(process.versions.node),
    multicast: async () => (await import("./multicast.ts")).multicast,
  };
}
