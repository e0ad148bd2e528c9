/**
 * Where RPC is served: `host:port`, or `unix:` and the path of a unix domain socket, as in `unix:///run/serf.sock`. Errors have Go's
 * texts, which users of the command line know.
 */

import { AddressError, resolveAddress, splitHostPort } from "../go/address.ts";
import { systemText } from "../go/system_errors.ts";
import { joinHostPort } from "../net/address.ts";
import type { Address, Connection, Files, Host, Listener, Streams } from "../runtime.ts";
import { SystemError } from "../runtime.ts";

/** The parts of a runtime that listening needs. */
export interface ListenRuntime {
  readonly streams: Streams;
  readonly files: Files;
  readonly host: Host;
}

/** The parts of a runtime that dialling needs. */
export interface DialRuntime {
  readonly streams: Streams;
  readonly host: Host;
}

/** An endpoint that cannot be used. The message is Go's: `listen tcp 127.0.0.1:7373: bind: address already in use`. */
export class EndpointError extends Error {
  constructor(message: string, cause: unknown) {
    super(message, { cause });
    this.name = "EndpointError";
  }
}

/** Who may use a socket of the file system: the agent's own user. */
const socketMode = 0o600;

/** Listens. A socket that a dead agent left behind is replaced. Rejects with {@link EndpointError}. */
export async function listenAt(
  runtime: ListenRuntime,
  text: string,
  accept: (connection: Connection) => void,
): Promise<Listener> {
  const path = socketPath(text);
  const operation = path === undefined ? "listen tcp" : "listen unix";
  try {
    if (path !== undefined) return await listenLocal(runtime, path, accept);
    return await runtime.streams.listen(await resolveAddress(text, runtime.host), accept);
  } catch (error) {
    if (error instanceof AddressError) throw new EndpointError(`${operation}: ${error.message}`, error);
    if (!(error instanceof SystemError)) throw error;
    throw new EndpointError(`${operation} ${path ?? text}: bind: ${reasonOf(error)}`, error);
  }
}

/** Dials. Rejects with {@link EndpointError}. */
export async function dial(runtime: DialRuntime, text: string, timeoutMs: number): Promise<Connection> {
  const path = socketPath(text);
  let operation = path === undefined ? "dial tcp" : `dial unix ${path}`;
  try {
    if (path !== undefined) return await runtime.streams.connectLocal(path, { timeoutMs });
    const endpoint = await resolveAddress(text, runtime.host, { emptyHost: "127.0.0.1" });
    const named = splitHostPort(text).host !== "";
    operation = `dial tcp ${named ? joinHostPort(endpoint.host, endpoint.port) : `:${endpoint.port}`}`;
    return await runtime.streams.connect(endpoint, { timeoutMs });
  } catch (error) {
    if (error instanceof AddressError) throw new EndpointError(`${operation}: ${error.message}`, error);
    if (!(error instanceof SystemError)) throw error;
    const reason = error.code === "ETIMEDOUT" ? "i/o timeout" : `connect: ${reasonOf(error)}`;
    throw new EndpointError(`${operation}: ${reason}`, error);
  }
}

/** One end of a connection in log lines. */
export function endText({ host, port }: Address): string {
  return port === 0 ? `unix:${host}` : joinHostPort(host, port);
}

/**
 * The path in `unix:///run/serf.sock`, `unix:/run/serf.sock` or `unix:serf.sock`; `undefined` for
 * every other text.
 */
function socketPath(text: string): string | undefined {
  return /^unix:(?:\/\/)?(.*)$/s.exec(text)?.[1];
}

async function listenLocal(
  runtime: ListenRuntime,
  path: string,
  accept: (connection: Connection) => void,
): Promise<Listener> {
  const listen = (): Promise<Listener> => runtime.streams.listenLocal(path, socketMode, accept);
  try {
    return await listen();
  } catch (error) {
    if (!(error instanceof SystemError) || error.code !== "EADDRINUSE") throw error;
    if (!(await isAbandoned(runtime, path))) throw error;
    await runtime.files.remove(path);
    return await listen();
  }
}

/** The runtime explains why a path cannot be used better than the system does. */
function reasonOf(error: SystemError): string {
  return error.code === "EINVAL" ? error.message : systemText(error);
}

/** Whether a path is a socket on which nobody listens. */
async function isAbandoned({ streams, files }: ListenRuntime, path: string): Promise<boolean> {
  if ((await files.status(path)).kind !== "other") return false;
  try {
    (await streams.connectLocal(path)).close();
    return false;
  } catch (error) {
    return error instanceof SystemError && error.code === "ECONNREFUSED";
  }
}
