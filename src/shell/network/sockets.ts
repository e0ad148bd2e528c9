/**
 * Opens a node's sockets, UDP and TCP on the same port, and finds the address that is announced to
 * others (memberlist `NewNetTransport`).
 */

import { SerfError } from "../../errors.ts";
import { listenText, systemText } from "../../go/system_errors.ts";
import { canonicalHost, isWildcard } from "../../net/address.ts";
import { addressBytes } from "../../net/cidr.ts";
import {
  type Connection,
  type DatagramHandler,
  type DatagramSocket,
  type Listener,
  type Runtime,
  SystemError,
} from "../../runtime.ts";
import type { Endpoint } from "../options/endpoint.ts";
import { privateAddress } from "./advertise.ts";

/** The open sockets of a node. */
export interface Sockets {
  readonly datagrams: DatagramSocket;
  readonly listener: Listener;
  /** The port of both. */
  readonly port: number;
}

/** How many ports are tried to find one that is free for both protocols. */
const freePortAttempts = 10;

/**
 * Opens both sockets. Rejects with SerfError (ERR_BIND) and memberlist's message, or (ERR_ADDRESS);
 * then nothing stays open.
 */
export async function openSockets(
  runtime: Runtime,
  bind: Endpoint,
  handler: DatagramHandler,
  accept: (connection: Connection) => void,
): Promise<Sockets> {
  const host = await resolveBindHost(runtime, bind.host);
  const attempts = bind.port === 0 ? freePortAttempts : 1;
  for (let attempt = 1; ; attempt++) {
    let listener: Listener | undefined;
    try {
      listener = await listen(runtime, host, bind.port, accept);
      const { port } = listener.local;
      return { datagrams: await bindDatagrams(runtime, host, port, handler), listener, port };
    } catch (error) {
      await listener?.close();
      if (attempt === attempts || !(error instanceof SerfError)) throw error;
    }
  }
}

/**
 * Returns the address and port that are announced to others. With a wildcard bind the address is
 * the first private one of the host in its 16-byte form; otherwise IPv4 has its 4-byte form. The
 * form must be the same as in memberlist, because it is part of a member's identity on the wire.
 * Rejects with SerfError (ERR_ADDRESS).
 */
export async function advertised(
  runtime: Runtime,
  bind: Endpoint,
  boundPort: number,
  advertise: Endpoint | undefined,
): Promise<{ readonly address: Uint8Array; readonly port: number }> {
  if (advertise !== undefined) {
    const host = await resolveFirst(runtime, advertise.host);
    const address = host === undefined ? undefined : addressBytes(host);
    if (address === undefined) {
      throw new SerfError(
        "ERR_ADDRESS",
        `Failed to create memberlist: Failed to get final advertise address: failed to parse advertise address "${advertise.host}"`,
      );
    }
    return { address, port: advertise.port };
  }
  const host = await resolveBindHost(runtime, bind.host);
  if (isWildcard(host)) return { address: privateAddress(runtime.host.interfaces()), port: boundPort };
  return { address: addressBytes(host)!, port: boundPort };
}

async function listen(
  runtime: Runtime,
  host: string,
  port: number,
  accept: (connection: Connection) => void,
): Promise<Listener> {
  try {
    return await runtime.streams.listen({ host, port }, accept);
  } catch (error) {
    throw transportError("TCP", "tcp", host, port, error);
  }
}

async function bindDatagrams(
  runtime: Runtime,
  host: string,
  port: number,
  handler: DatagramHandler,
): Promise<DatagramSocket> {
  try {
    return await runtime.datagrams.bind({ host, port }, handler);
  } catch (error) {
    throw transportError("UDP", "udp", host, port, error);
  }
}

function transportError(
  name: string,
  network: "tcp" | "udp",
  host: string,
  port: number,
  error: unknown,
): unknown {
  // Anything else is no failure of the system, for example a simulator whose time stands still.
  if (!(error instanceof SystemError)) return error;
  const text = `failed to start ${name} listener on "${host}" port ${port}: ${listenText(network, { host, port }, error)}`;
  return new SerfError(
    "ERR_BIND",
    `Failed to create memberlist: could not set up network transport: failed to obtain an address: ${text}`,
    { cause: error },
  );
}

async function resolveBindHost(runtime: Runtime, host: string): Promise<string> {
  if (isWildcard(host)) return host;
  const resolved = await resolveFirst(runtime, host);
  if (resolved === undefined) throw new SerfError("ERR_ADDRESS", `lookup ${host}: no such host`);
  return resolved;
}

async function resolveFirst(runtime: Runtime, host: string): Promise<string | undefined> {
  const canonical = canonicalHost(host);
  if (canonical !== undefined) return canonical;
  try {
    return (await runtime.host.resolve(host))[0];
  } catch (error) {
    throw new SerfError("ERR_ADDRESS", `lookup ${host}: ${systemText(error)}`, { cause: error });
  }
}
