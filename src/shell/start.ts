/** The value that each runtime's entry point exports as `Serf`: it starts nodes on that runtime. */

import type { Runtime } from "../runtime.ts";
import type { SerfOptions } from "./options.ts";
import { Serf } from "./serf.ts";

/** Starts nodes. */
export interface SerfStarter {
  /**
   * Starts a node: binds UDP and TCP sockets. It is the only member of its cluster until it joins
   * another. `runtime` replaces the runtime of the program, for example by that of a simulated
   * host. Rejects with SerfError (ERR_OPTION, ERR_NAME, ERR_KEY, ERR_LIMIT, ERR_ADDRESS, ERR_BIND);
   * then nothing stays open.
   */
  start(options?: SerfOptions, runtime?: Runtime): Promise<Serf>;
}

/** Returns a starter whose nodes run on `current` unless another runtime is given. */
export function starter(current: () => Runtime | Promise<Runtime>): SerfStarter {
  return { start: async (options = {}, runtime) => await Serf.start(options, runtime ?? (await current())) };
}
