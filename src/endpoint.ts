/**
 * Endpoints as people write them: `host`, `host:port`, `[v6]:port`, and `name/host:port` in joins (memberlist `resolveAddr`).
 */

import { canonicalHost } from "./address.ts";
import { SerfError } from "./errors.ts";

/** A written endpoint, taken apart. `host` is an IP or a name and still has to be resolved. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** A seed of a join; `node` is the name given before a slash, or empty. */
export interface Seed extends Endpoint {
  readonly node: string;
}

/**
 * Parses an address to listen on or to advertise. ERR_ADDRESS with the original's texts, for example
 * `address ::1: too many colons in address`.
 */
export function parseEndpoint(text: string, defaultPort: number): Endpoint {
  if (text.startsWith("[")) {
    const end = text.indexOf("]");
    if (end < 0) throw addressError(text, "missing ']' in address");
    const rest = text.slice(end + 1);
    if (rest === "") return { host: text.slice(1, end), port: defaultPort };
    if (!rest.startsWith(":")) throw addressError(text, "unexpected text after ']' in address");
    return { host: text.slice(1, end), port: parsePort(rest.slice(1)) };
  }
  const colons = text.split(":").length - 1;
  if (colons > 1) throw addressError(text, "too many colons in address");
  if (colons === 0) return { host: text, port: defaultPort };
  const at = text.indexOf(":");
  return { host: text.slice(0, at), port: parsePort(text.slice(at + 1)) };
}

/** Parses a seed of a join. ERR_ADDRESS when it is malformed; unlike {@link parseEndpoint} a bare IPv6 address is allowed. */
export function parseSeed(text: string, defaultPort: number): Seed {
  const slash = text.indexOf("/");
  const node = slash < 0 ? "" : text.slice(0, slash);
  if (slash === 0) throw new SerfError("ERR_ADDRESS", "empty node name provided");
  const rest = text.slice(slash + 1);
  const bare = rest.replace(/^\[|\]$/g, "");
  if (canonicalHost(bare) !== undefined) return { node, host: bare, port: defaultPort };
  return { node, ...parseEndpoint(rest, defaultPort) };
}

/** Reads a decimal port, 0 to 65535. ERR_ADDRESS with Go's number texts. */
export function parsePort(text: string): number {
  if (!/^[0-9]+$/.test(text)) {
    throw new SerfError("ERR_ADDRESS", `strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`);
  }
  const port = Number(text);
  if (port > 65_535) {
    throw new SerfError(
      "ERR_ADDRESS",
      `strconv.ParseUint: parsing ${JSON.stringify(text)}: value out of range`,
    );
  }
  return port;
}

function addressError(text: string, fault: string): SerfError {
  return new SerfError("ERR_ADDRESS", `address ${text}: ${fault}`);
}
