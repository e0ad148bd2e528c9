/**
 * What every agent entry of the package exports beside its functions.
 */

export type { LogLevel } from "../core/effects.ts";
export { SerfError, type SerfErrorCode } from "../errors.ts";
export type { LogLine, LogOptions } from "../shell/options/log.ts";
export type { AgentOptions } from "./agent_options.ts";
export type { RpcService, ServeRpcOptions } from "./serve_rpc.ts";
export type { RunningAgent } from "./start_agent.ts";
