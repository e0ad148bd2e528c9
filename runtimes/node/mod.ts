/** The package on Node. */
import type { Runtime } from "../../src/runtime.ts";
import { nodeDatagrams } from "./datagrams.ts";
import { files } from "./files.ts";
import { clock, nodeHost, nodeTerminal, signals, WebRandom } from "./host.ts";
import { processes } from "./processes.ts";
import { streams } from "./streams.ts";

/** What Serf asks of the system for its UDP packets, so that a burst of gossip is not lost. */
const receiveBufferSize = 2 * 1024 * 1024;

/** A Runtime of Node's own modules. */
export function nodeRuntime(): Runtime {
  return {
    name: "node",
    clock,
    random: new WebRandom(),
    datagrams: nodeDatagrams({ receiveBufferSize }),
    streams,
    files,
    processes,
    signals,
    terminal: nodeTerminal(),
    host: nodeHost(process.versions.node),
  };
}
