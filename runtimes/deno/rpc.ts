/**
 * A client of an agent's RPC interface, for agents of this package and for Serf's own alike, on Deno.
 *
 * ```ts
 * import { RpcClient } from "tserf/rpc";
 *
 * await using client = await RpcClient.connect({ address: "127.0.0.1:7373" });
 * for (const member of await client.members({ status: "alive" })) console.log(member.name, member.address);
 * ```
 *
 * @module
 */
import type { RpcClient as Client } from "../../src/rpc/client/client.ts";
import { connector, type RpcConnector } from "../../src/rpc/client/connect.ts";
import { denoRuntime } from "./runtime.ts";

export * from "../../src/rpc/client/exports.ts";

/** A connection to an agent. */
export type RpcClient = Client;

/** Connects to agents, on this runtime or on one that is given. */
export const RpcClient: RpcConnector = connector(denoRuntime);
