/**
 * The two kinds of servers that take measurements as lines: statsd, in datagrams, and statsite, in a stream.
 */

import { AddressError, parsePort, resolveAddress, splitHostPort } from "../../go/address.ts";
import { dialText, systemText } from "../../go/system_errors.ts";
import type { Address, Runtime, SystemError } from "../../runtime.ts";
import { StartFailure } from "../start_failure.ts";
import type { LineServer } from "./courier.ts";

/** A kind of server. */
export type ServerKind = "statsd" | "statsite";

/** What is needed to reach a server. */
export type ServerRuntime = Pick<Runtime, "datagrams" | "streams" | "host">;

/** Bytes in a datagram, unless a single line is longer. */
export const packetSizeMax = 1400;

/** A server does not get more time than this to accept a connection. */
const connectTimeoutMs = 5_000;

const networks = { statsd: "udp", statsite: "tcp" } as const;

/** A server was not reached, or was lost. The message says both. */
export class ServerFailure extends Error {
  constructor(kind: ServerKind, what: "connecting" | "writing", why: string, cause: unknown) {
    super(`Error ${what} to ${kind}! Err: ${why}`, { cause });
    this.name = "ServerFailure";
  }
}

/** Fails with {@link StartFailure} when a text can never be the address of a server. Names are not looked up. */
export function checkServer(kind: ServerKind, text: string): void {
  try {
    parsePort(splitHostPort(text).port, networks[kind]);
  } catch (error) {
    if (!(error instanceof AddressError)) throw error;
    throw new StartFailure(`Failed to start ${kind} sink. Got: ${error.message}`, { cause: error });
  }
}

/** Connects; the name is looked up anew each time. Rejects with {@link ServerFailure}. */
export async function connectServer(
  kind: ServerKind,
  text: string,
  runtime: ServerRuntime,
): Promise<LineServer> {
  let to: Address;
  try {
    to = await resolveAddress(text, runtime.host, { emptyHost: "127.0.0.1" });
  } catch (error) {
    throw new ServerFailure(kind, "connecting", `dial ${networks[kind]}: ${(error as Error).message}`, error);
  }
  return kind === "statsd" ? await connectStatsd(to, runtime) : await connectStatsite(to, runtime);
}

async function connectStatsd(to: Address, { datagrams }: ServerRuntime): Promise<LineServer> {
  let failure: SystemError | undefined;
  const handler = {
    packet: () => undefined,
    sendFailed: (_to: Address, error: SystemError) => {
      failure = error;
    },
  };
  const socket = await datagrams.bind({ host: "", port: 0 }, handler).catch((error: unknown) => {
    throw new ServerFailure("statsd", "connecting", `dial udp: ${systemText(error)}`, error);
  });
  const encoder = new TextEncoder();
  return {
    async send(lines): Promise<void> {
      for (const packet of packets(lines)) socket.send(to, encoder.encode(packet));
      // A datagram that could not be sent is known later; what was lost with it was lost anyway.
      if (failure !== undefined)
        throw new ServerFailure("statsd", "writing", `write udp: ${systemText(failure)}`, failure);
    },
    close: async () => await socket.close(),
  };
}

async function connectStatsite(to: Address, { streams }: ServerRuntime): Promise<LineServer> {
  const connection = await streams.connect(to, { timeoutMs: connectTimeoutMs }).catch((error: unknown) => {
    throw new ServerFailure("statsite", "connecting", dialText(to, error), error);
  });
  const encoder = new TextEncoder();
  return {
    async send(lines): Promise<void> {
      await connection.write(encoder.encode(lines.join(""))).catch((error: unknown) => {
        throw new ServerFailure("statsite", "writing", `write tcp: ${systemText(error)}`, error);
      });
    },
    close: async () => connection.close(),
  };
}

/** Whole lines, as many in each text as its size allows. */
export function packets(lines: readonly string[]): string[] {
  const encoder = new TextEncoder();
  const packed: string[] = [];
  let packet = "";
  let size = 0;
  for (const line of lines) {
    const { length } = encoder.encode(line);
    if (packet !== "" && size + length > packetSizeMax) {
      packed.push(packet);
      packet = "";
      size = 0;
    }
    packet += line;
    size += length;
  }
  if (packet !== "") packed.push(packet);
  return packed;
}
