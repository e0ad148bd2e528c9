/**
 * Endpoints as people write them: `host`, `host:port`, `[v6]:port`, and in joins `name/host:port`
 * (memberlist `resolveAddr`) and `_service._tcp.domain`. Error texts are those of memberlist and
 * Go's net package.
 */

import { SerfError } from "../../errors.ts";
import { AddressError, lacksHost, splitHostPort } from "../../go/address.ts";
import { canonicalHost, portMax } from "../../net/address.ts";

/** The default gossip port, UDP and TCP. */
export const defaultPort = 7946;

/** The port of an endpoint is no port. The message is that of Go's strconv package. */
export class PortError extends SerfError {}

/** A parsed endpoint. `host` is an IP address, or a name that still has to be resolved. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** A parsed seed of a join. `node` is the name before the slash; it may be empty. */
export interface Seed extends Endpoint {
  readonly node: string;
}

/**
 * Returns the endpoint with a port, adding `port` if there is none. Throws AddressError if anything
 * else is wrong.
 */
export function withPort(text: string, port: number): string {
  try {
    splitHostPort(text);
    return text;
  } catch (error) {
    if (error instanceof AddressError && error.message.endsWith(": missing port in address")) {
      return `${text}:${port}`;
    }
    throw error;
  }
}

/**
 * Parses an address to listen on or to advertise; `port` is the default. Throws SerfError
 * (ERR_ADDRESS) if it is malformed: `address ::1: too many colons in address`.
 */
export function parseEndpoint(text: string, port: number): Endpoint {
  try {
    const parts = splitHostPort(withPort(text, port));
    return { host: parts.host, port: parsePort(parts.port) };
  } catch (error) {
    if (!(error instanceof AddressError)) throw error;
    throw new SerfError("ERR_ADDRESS", error.message, { cause: error });
  }
}

/**
 * Returns whether a seed names a service (RFC 2782) such as `_serf._tcp.example.com`. Host names
 * cannot begin with an underscore.
 */
export function isService(text: string): boolean {
  return /^_[^._/:]+\._(tcp|udp)\.[^/:]+$/i.test(text);
}

/**
 * Parses a seed of a join; `port` is the default. Unlike {@link parseEndpoint} it accepts an IPv6
 * address without brackets. Throws SerfError (ERR_ADDRESS) if it is malformed.
 */
export function parseSeed(text: string, port: number): Seed {
  const slash = text.indexOf("/");
  const node = slash < 0 ? "" : text.slice(0, slash);
  if (slash === 0) throw new SerfError("ERR_ADDRESS", "empty node name provided");
  if (lacksHost(text)) throw new SerfError("ERR_ADDRESS", "missing host");
  const rest = text.slice(slash + 1);
  const bare = rest.replace(/^\[|\]$/g, "");
  if (canonicalHost(bare) !== undefined) return { node, host: bare, port };
  return { node, ...parseEndpoint(rest, port) };
}

/** Parses a decimal port, 0 to 65535. Throws {@link PortError}. */
function parsePort(text: string): number {
  const parsing = `strconv.ParseUint: parsing ${JSON.stringify(text)}`;
  if (!/^[0-9]+$/.test(text)) throw new PortError("ERR_ADDRESS", `${parsing}: invalid syntax`);
  const port = Number(text);
  if (port > portMax) throw new PortError("ERR_ADDRESS", `${parsing}: value out of range`);
  return port;
}
