/** How a program starts nodes: what each runtime's entry point offers under the name `Serf`. */

import type { Runtime } from "../runtime.ts";
import type { SerfOptions } from "./options.ts";
import { Serf } from "./serf.ts";

/** Starts nodes. */
export interface SerfStarter {
  /**
   * Starts a node: binds UDP and TCP and announces itself. `runtime` is the one that the program runs on, unless another is given. Fails
   * with SerfError (ERR_OPTION, ERR_NAME, ERR_KEY, ERR_LIMIT, ERR_ADDRESS, ERR_BIND); then nothing stays open.
   */
  start(options?: SerfOptions, runtime?: Runtime): Promise<Serf>;
}

/** A starter whose nodes run on `current` when nothing else is asked for. */
export function starter(current: () => Runtime | Promise<Runtime>): SerfStarter {
  return { start: async (options = {}, runtime) => await Serf.start(options, runtime ?? (await current())) };
}
