/**
 * What each runtime's entry point offers under the name `RpcClient`: a client on the runtime that the
 * program runs on, unless another is given.
 */

import { RpcClient, type RpcClientOptions, type RpcClientRuntime } from "./client.ts";

/** Connects to agents. */
export interface RpcConnector {
  /**
   * Connects, shakes hands and, with a token, authenticates. Rejects with SerfError (ERR_CONNECTION,
   * ERR_RPC).
   */
  connect(options?: RpcClientOptions): Promise<RpcClient>;
  /** The same on a runtime of the caller's choice: a simulated host's, for example. */
  connect(runtime: RpcClientRuntime, options?: RpcClientOptions): Promise<RpcClient>;
  /** Whether a value is a client: for `instanceof`. */
  [Symbol.hasInstance](value: unknown): value is RpcClient;
}

/** A connector whose clients run on `current` if no other runtime is given. */
export function connector(current: () => RpcClientRuntime | Promise<RpcClientRuntime>): RpcConnector {
  return {
    connect: async (first: RpcClientOptions | RpcClientRuntime = {}, options?: RpcClientOptions) =>
      isRuntime(first)
        ? await RpcClient.connect(first, options)
        : await RpcClient.connect(await current(), first),
    [Symbol.hasInstance]: (value): value is RpcClient => value instanceof RpcClient,
  };
}

function isRuntime(first: RpcClientOptions | RpcClientRuntime): first is RpcClientRuntime {
  return "streams" in first;
}
