/// <reference lib="esnext.disposable" preserve="true" />
/**
 * Serves Serf's RPC protocol for a node of a program, so that `serf members` and clients reach it
 * like an agent.
 */

import { SerfError } from "../errors.ts";
import { joinHostPort } from "../net/address.ts";
import { EndpointError } from "../rpc/endpoint.ts";
import { defaultRpcAddress } from "../rpc/protocol.ts";
import { RpcServer } from "../rpc/server/server.ts";
import type { Runtime } from "../runtime.ts";
import { checkOptions, kinds, type OptionTable } from "../shell/options/arguments.ts";
import { type LogLine, type LogOptions, logKind, logOf, printTo } from "../shell/options/log.ts";
import type { Serf } from "../shell/serf.ts";
import { AgentLog } from "./log/log.ts";
import { eventCapacity, NodeService, onOwnClock } from "./node_service.ts";

/** Options of `serveRpc`. */
export interface ServeRpcOptions {
  /**
   * Where to listen: `host:port`, or `unix:` and the path of a socket that only this user may use.
   * Port 0 picks a free port. Default `127.0.0.1:7373`, as an agent has it.
   */
  readonly address?: string | undefined;
  /** The token that clients have to send (`rpc_auth` of an agent). Default: none. */
  readonly token?: string | undefined;
  /**
   * Where lines about clients go, as in the option `log` of `Serf.start`. Default: those of the level
   * WARN or above are printed to standard error.
   */
  readonly log?: false | ((line: LogLine) => void) | LogOptions | undefined;
}

/** The RPC interface of one node. It closes when the node stops. */
export interface RpcService extends AsyncDisposable {
  /** Where it listens, for clients: `host:port` with the real port, or `unix:` and the path. */
  readonly address: string;
  /** The number of connected clients. */
  readonly clients: number;
  /** Disconnects all clients and stops listening; the node goes on. Idempotent. */
  close(): Promise<void>;
}

const optionKinds: OptionTable<ServeRpcOptions> = {
  address: kinds.text,
  token: kinds.secret,
  log: logKind,
};

/**
 * Serves a node: members, events, queries, keys and the log. A client may change the node's tags, and
 * `serf leave` makes it leave and shut down. Rejects with SerfError: ERR_BIND if the address cannot
 * be used, ERR_OPTION if an option is malformed, ERR_STATE if the node was shut down.
 */
export async function serveNode(serf: Serf, options: ServeRpcOptions, runtime: Runtime): Promise<RpcService> {
  checkOptions("serve RPC", optionKinds, options);
  if (serf.state === "shutdown") throw new SerfError("ERR_STATE", "Cannot serve RPC: the node was shut down");
  const { address = defaultRpcAddress, token = "" } = options;
  const log = new AgentLog(runtime.clock);
  const service = new NodeService(serf, runtime, log);
  const server = await RpcServer.listen(runtime, { address, token, service }).catch((error: unknown) => {
    if (!(error instanceof EndpointError)) throw error;
    throw new SerfError("ERR_BIND", `Cannot serve RPC: ${error.message}`, { cause: error });
  });
  const print = logOf(options.log, printTo(runtime.terminal));
  const events = serf.events({ capacity: eventCapacity, early: false });
  const lines = serf.onLog((line) => log.append(line));
  const unfollow = log.follow((line) => {
    server.line(line);
    // The node prints its own lines.
    if (line.source.component.startsWith("agent")) print(line.source);
  });
  const served = new ServedNode(server, address, () => {
    lines[Symbol.dispose]();
    unfollow();
    void events.return?.();
  });
  void (async () => {
    for await (const event of events) {
      if (event.type === "lagged") log.write("WARN", "agent", `Dropped ${event.count} events`);
      else if (event.type !== "stopped") server.event(onOwnClock(event, runtime.clock));
    }
    await served.close();
  })();
  return served;
}

class ServedNode implements RpcService {
  readonly #server: RpcServer;
  readonly #address: string;
  readonly #unfollow: () => void;
  #closed: Promise<void> | undefined;

  constructor(server: RpcServer, address: string, unfollow: () => void) {
    this.#server = server;
    this.#address = address;
    this.#unfollow = unfollow;
  }

  get address(): string {
    const { host, port } = this.#server.address;
    return this.#address.startsWith("unix:") ? this.#address : joinHostPort(host, port);
  }

  get clients(): number {
    return this.#server.clients;
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    this.#unfollow();
    await this.#server.close();
  }
}
