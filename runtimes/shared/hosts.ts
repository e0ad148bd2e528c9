/** Hosts as the socket functions of the runtimes expect and return them. */
import { canonicalHost } from "../../src/net/address.ts";

/** Returns whether a bind host stands for all addresses of the machine. */
export function isWildcard(host: string): boolean {
  return host === "" || host === "0.0.0.0" || host === "::";
}

/** Returns whether a dual-stack bind failed only because the system has no IPv6. */
export function lacksIpv6(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return code === "EAFNOSUPPORT" || code === "EADDRNOTAVAIL" || code === "EPROTONOSUPPORT";
}

/**
 * Returns the canonical text of an address that the system reported. Systems report IPv6 in its
 * canonical form, except for embedded IPv4 and zones, so nearly all addresses need not be parsed.
 */
export function peerHost(text: string): string {
  if (!text.includes(":")) return text;
  if (text.startsWith("::ffff:") && text.includes(".")) return text.slice(7);
  if (!text.includes(".") && !text.includes("%") && !text.startsWith("::ffff:")) return text;
  return canonicalHost(text) ?? text;
}

/** Returns the form of an address for a socket: a dual-stack socket needs IPv4 as mapped IPv6. */
export function socketHost(host: string, ipv6: boolean): string {
  return ipv6 && !host.includes(":") ? `::ffff:${host}` : host;
}
