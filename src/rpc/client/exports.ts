/**
 * What every RPC entry of the package exports beside `RpcClient` itself.
 */

export type { KeyReport, QueryReply } from "../results.ts";
export { RpcKeyError } from "../results.ts";
export type { MembersOptions, RpcClientOptions, RpcClientRuntime, RpcQueryOptions } from "./client.ts";
export type { RpcKeys } from "./keys.ts";
export type { RpcEvent, RpcQuery, RpcStream } from "./streams.ts";
