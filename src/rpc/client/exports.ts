/**
 * What every RPC entry of the package exports beside `RpcClient` itself.
 */

export type { LogLevel } from "../../core/effects.ts";
export type {
  PayloadReader,
  ReceivedQueryReply as QueryReply,
  ReceivedUserEvent as UserEvent,
} from "../../core/serf/api.ts";
export type { KeyReport } from "../results.ts";
export { RpcKeyError } from "../results.ts";
export type {
  MembersOptions,
  RpcClient as OpenRpcClient,
  RpcClientOptions,
  RpcClientRuntime,
  RpcQueryOptions,
} from "./client.ts";
export type { RpcConnector } from "./connect.ts";
export type { RpcKeys } from "./keys.ts";
export type { RpcEvent, RpcQuery, RpcQueryEvent, RpcStream } from "./streams.ts";
