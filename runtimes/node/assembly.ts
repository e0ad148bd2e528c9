/** Assembles the runtime of Node, of parts that are loaded when they are used. */
import type { Processes, Runtime } from "../../src/runtime.ts";
import { laterDatagrams, laterFiles, laterProcesses } from "../shared/later.ts";
import { clock, keepHeapSmall, nodeHost, nodeTerminal, signals, WebRandom } from "./host.ts";
import { streams } from "./streams.ts";

/**
 * The size of the receive buffer in bytes that memberlist requests (`udpRecvBufSize`), so that a
 * burst of gossip is not lost.
 */
const receiveBufferSize = 2 * 1024 * 1024;
/**
 * How many sends may be under way at the same time; the system accepts nearly all of them at once.
 */
const inFlightMax = 64;

/** Returns the {@link Runtime} of Node. Nodes that lack `process.getBuiltinModule` need `nodeRuntime`. */
export function assembleNode(): Runtime {
  return {
    name: "node",
    clock,
    random: new WebRandom(),
    datagrams: laterDatagrams(async () => {
      const { nodeDatagrams } = await import("./datagrams.ts");
      // Elsewhere a port that is bound twice means something else.
      const reserves = process.platform === "linux";
      return nodeDatagrams({ receiveBufferSize, inFlightMax, reserves });
    }),
    streams,
    files: laterFiles(async () => (await import("./files.ts")).files),
    processes: laterProcesses(processes),
    signals,
    terminal: nodeTerminal(),
    host: Object.assign(nodeHost(process.versions.node), { keepHeapSmall }),
    multicast: async () => (await import("./multicast.ts")).multicast,
  };
}

async function processes(): Promise<Processes> {
  const { nodeProcesses } = await import("./processes.ts");
  return nodeProcesses(async () => (await import("./pipes.ts")).socketAccess);
}
