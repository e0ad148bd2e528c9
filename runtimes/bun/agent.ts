/**
 * The agent for programs, on Bun: an agent without command line, and Serf's RPC protocol for a node of the program, so that
 * `serf members` reaches it.
 *
 * ```ts
 * import { Serf } from "tserf";
 * import { serveRpc } from "tserf/agent";
 *
 * await using serf = await Serf.start({ bind: "127.0.0.1:7946" });
 * await using rpc = await serveRpc(serf, { address: "127.0.0.1:7373" });
 * console.log(`serf members -rpc-addr=${rpc.address}`);
 * ```
 *
 * @module
 */

import type { AgentOptions } from "../../src/agent/agent_options.ts";
import { type RpcService, type ServeRpcOptions, serveNode } from "../../src/agent/serve_rpc.ts";
import { type RunningAgent, startInProcess } from "../../src/agent/start_agent.ts";
import type { Runtime } from "../../src/runtime.ts";
import type { Serf as Shell } from "../../src/shell/serf.ts";
import { Serf } from "./mod.ts";
import { bunRuntime } from "./runtime.ts";

export * from "../../src/agent/exports.ts";

/**
 * Serves Serf's RPC protocol for a node, until that stops. Clients read members, events, queries, keys and the log, and may change the
 * node's tags; `serf leave` makes it leave and shut down. `runtime` replaces this runtime, for a node that was started with another.
 * Rejects with SerfError: ERR_BIND if the address cannot be used, ERR_OPTION if an option is malformed, ERR_STATE if the node was shut
 * down.
 */
export async function serveRpc(
  serf: Shell,
  options: ServeRpcOptions = {},
  runtime?: Runtime,
): Promise<RpcService> {
  return await serveNode(serf, options, runtime ?? bunRuntime());
}

/**
 * Starts an agent in this process: a node with RPC, scripts for events, a tags file, discovery, retried joins, telemetry and syslog, as
 * its settings say. It prints nothing but its log and handles no signals. Rejects with SerfError if a setting is malformed, an address is
 * in use (ERR_BIND) or none of `startJoin` could be joined (ERR_JOIN); then nothing stays open.
 */
export async function startAgent(options: AgentOptions = {}, runtime?: Runtime): Promise<RunningAgent> {
  return await startInProcess(options, runtime ?? bunRuntime(), (node, used) => Serf.start(node, used));
}
