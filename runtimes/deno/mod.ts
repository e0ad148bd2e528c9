/**
 * The package on Deno.
 *
 * ```ts
 * import { Serf } from "tserf";
 *
 * await using serf = await Serf.start({ name: "one", bind: "127.0.0.1:0", tags: { role: "web" } });
 * for (const { name, status, tags } of serf.members()) console.log(name, status, tags);
 * ```
 *
 * @module
 */
import type { Runtime } from "../../src/runtime.ts";
import type { SerfOptions } from "../../src/shell/options/options.ts";
import { Serf as Shell } from "../../src/shell/serf.ts";
import { denoRuntime } from "./runtime.ts";

export * from "../../src/mod.ts";
export { denoRuntime };

/** A node: a member of a cluster, in this process. {@link Serf.start} creates one. */
export class Serf extends Shell {
  /**
   * Starts a node: binds UDP and TCP sockets. It is the only member of its cluster until it joins
   * another. `runtime` replaces this runtime, for example by that of a simulated host. Rejects with
   * SerfError (ERR_OPTION, ERR_NAME, ERR_KEY, ERR_LIMIT, ERR_ADDRESS, ERR_BIND); then nothing stays
   * open.
   */
  static override async start(options: SerfOptions = {}, runtime?: Runtime): Promise<Serf> {
    return await Serf.launch(options, runtime ?? denoRuntime(), (opened) => new Serf(opened));
  }
}
