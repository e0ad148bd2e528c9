/**
 * `host:port` texts with the rules and the error texts of Go's `net` package, which users of Serf see on the console.
 */

import { parseAddress, portMax } from "../net/address.ts";
import type { Address, Host } from "../runtime.ts";
import { SystemError } from "../runtime.ts";
import { systemText } from "./system_errors.ts";

/** An address text that cannot be used. The message is Go's, without the operation in front. */
export class AddressError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "AddressError";
  }
}

/** Host and port as written, not yet checked. */
export interface HostPort {
  readonly host: string;
  readonly port: string;
}

/** Splits at the last colon; IPv6 needs brackets. Throws {@link AddressError} (`address X: missing port in address`). */
export function splitHostPort(text: string): HostPort {
  const fault = (why: string): AddressError => new AddressError(`address ${text}: ${why}`);
  const colon = text.lastIndexOf(":");
  if (colon < 0) {
    if (text.startsWith("[") && !text.includes("]")) throw fault("missing ']' in address");
    throw fault("missing port in address");
  }
  let host: string;
  let from = 0;
  if (text.startsWith("[")) {
    const end = text.indexOf("]");
    if (end < 0) throw fault("missing ']' in address");
    if (end + 1 === text.length) throw fault("missing port in address");
    if (end + 1 !== colon)
      throw fault(text[end + 1] === ":" ? "too many colons in address" : "missing port in address");
    host = text.slice(1, end);
    from = 1;
    if (text.indexOf("[", from) >= 0) throw fault("unexpected '[' in address");
    if (text.indexOf("]", end + 1) >= 0) throw fault("unexpected ']' in address");
  } else {
    host = text.slice(0, colon);
    if (host.includes(":")) throw fault("too many colons in address");
    if (text.includes("[")) throw fault("unexpected '[' in address");
    if (text.includes("]")) throw fault("unexpected ']' in address");
  }
  return { host, port: text.slice(colon + 1) };
}

/**
 * Whether `host:port`, or `name/host:port` of a join, has nothing for a host: `:7946`, `[]`, `name/`,
 * blanks.
 */
export function lacksHost(text: string): boolean {
  return /^\s*\[?\s*\]?\s*(:\d*)?\s*$/.test(text.slice(text.indexOf("/") + 1));
}

/** Reads a decimal port, 0 to 65535. Throws {@link AddressError} (`address 99999: invalid port`). */
export function parsePort(port: string, network: "tcp" | "udp" = "tcp"): number {
  if (port === "") return 0;
  if (!/^[+-]?\d+$/.test(port)) throw new AddressError(`address ${network}/${port}: unknown port`);
  const value = Number(port);
  if (value < 0 || value > portMax) throw new AddressError(`address ${port}: invalid port`);
  return value;
}

/** Finds the numeric endpoint of `host:port`; names are resolved once. Throws {@link AddressError} with Go's text. */
export async function resolveAddress(
  text: string,
  host: Host,
  options?: { emptyHost?: string },
): Promise<Address> {
  if (text === "") throw new AddressError("missing address");
  const { host: name, port } = splitHostPort(text);
  const number = parsePort(port);
  if (name === "") return { host: options?.emptyHost ?? "0.0.0.0", port: number };
  if (parseAddress(name) !== undefined) return { host: name, port: number };
  try {
    const [first] = await host.resolve(name);
    if (first !== undefined) return { host: first, port: number };
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    if (error.code !== "ENOTFOUND") throw new AddressError(`lookup ${name}: ${systemText(error)}`);
  }
  throw new AddressError(`lookup ${name}: no such host`);
}
