/**
 * Endpoints as people write them: `host`, `host:port`, `[v6]:port`, and in joins `name/host:port` (memberlist `resolveAddr`) and
 * `_service._tcp.domain`. Texts of errors are the original's.
 */

import { SerfError } from "../errors.ts";
import { AddressError, lacksHost, splitHostPort } from "../go/address.ts";
import { canonicalHost, portMax } from "../net/address.ts";

/** Default gossip port, UDP and TCP. */
export const defaultPort = 7946;

/** A written endpoint, taken apart. `host` is an IP or a name and still has to be resolved. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** A seed of a join; `node` is the name given before a slash, or empty. */
export interface Seed extends Endpoint {
  readonly node: string;
}

/** Adds a port where it is the only thing that is missing. Throws AddressError for anything else that is wrong. */
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

/** Parses an address to listen on or to advertise. ERR_ADDRESS when it is malformed: `address ::1: too many colons in address`. */
export function parseEndpoint(text: string, port: number): Endpoint {
  try {
    const parts = splitHostPort(withPort(text, port));
    return { host: parts.host, port: parsePort(parts.port) };
  } catch (error) {
    if (!(error instanceof AddressError)) throw error;
    throw new SerfError("ERR_ADDRESS", error.message, { cause: error });
  }
}

/** Whether a seed names a service (RFC 2782), like `_serf._tcp.example.com`: no host has such a name. */
export function isService(text: string): boolean {
  return /^_[^._/:]+\._(tcp|udp)\.[^/:]+$/i.test(text);
}

/** Parses a seed of a join. ERR_ADDRESS when it is malformed; unlike {@link parseEndpoint} a bare IPv6 address is allowed. */
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

/** Reads a decimal port, 0 to 65535. ERR_ADDRESS with the number texts that joins print. */
function parsePort(text: string): number {
  const parsing = `strconv.ParseUint: parsing ${JSON.stringify(text)}`;
  if (!/^[0-9]+$/.test(text)) throw new SerfError("ERR_ADDRESS", `${parsing}: invalid syntax`);
  const port = Number(text);
  if (port > portMax) throw new SerfError("ERR_ADDRESS", `${parsing}: value out of range`);
  return port;
}
