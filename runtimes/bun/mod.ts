/** The package on Bun. */
import type { SerfOptions } from "../../src/options.ts";
import type { Runtime } from "../../src/runtime.ts";
import { Serf as Shell } from "../../src/serf.ts";
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

export * from "../../src/mod.ts";

/** A member of a cluster. */
export type Serf = Shell;

/** Starts members of a cluster, on this runtime or on one that is given: a simulated host's, for example. */
export const Serf: { start(options?: SerfOptions, runtime?: Runtime): Promise<Serf> } = {
  /**
   * Starts a node: binds UDP and TCP and announces itself. Fails with SerfError (ERR_OPTION, ERR_NAME, ERR_KEY, ERR_LIMIT, ERR_ADDRESS,
   * ERR_BIND); then nothing stays open.
   */
  start: (options = {}, runtime = bunRuntime()) => Shell.start(options, runtime),
};
