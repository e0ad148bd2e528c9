/** Host texts as the systems' socket calls give and take them. */
import { canonicalHost, isWildcard } from "../../src/net/address.ts";

/**
 * Opens a socket on a host. A wildcard means all addresses of both families, or of IPv4 if the
 * system has no IPv6. If a socket on `::` would be for IPv6 alone (`dualStack` is false), that is what
 * `::` means, and the other wildcards mean IPv4.
 */
export async function openOn<Socket>(
  host: string,
  open: (host: string) => Socket | Promise<Socket>,
  dualStack = true,
): Promise<Socket> {
  if (!isWildcard(host)) return await open(host);
  if (!dualStack) return await open(host === "" ? "0.0.0.0" : host);
  try {
    return await open("::");
  } catch (error) {
    if (!lacksIpv6((error as Error).cause)) throw error;
    return await open("0.0.0.0");
  }
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

function lacksIpv6(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return code === "EAFNOSUPPORT" || code === "EADDRNOTAVAIL" || code === "EPROTONOSUPPORT";
}
