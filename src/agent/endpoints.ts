/**
 * Finds the addresses an agent binds and tells to others, from its settings and the host's interfaces.
 */

import { AddressError, lacksHost, resolveAddress } from "../go/address.ts";
import { quote } from "../go/quote.ts";
import { joinHostPort, parseAddress } from "../net/address.ts";
import type { Address, Host } from "../runtime.ts";
import { defaultPort, withPort } from "../shell/options/endpoint.ts";
import type { AgentConfig } from "./config/settings.ts";
import { StartFailure } from "./start_failure.ts";

/** Addresses of an agent. An empty host of `bind` means every address. */
export interface Endpoints {
  readonly bind: Address;
  readonly advertise: Address | undefined;
  /** A note for the console when the address came from an interface. */
  readonly note: string | undefined;
}

/** Finds the addresses. Rejects with {@link StartFailure}. */
export async function findEndpoints(config: AgentConfig, host: Host): Promise<Endpoints> {
  const bound = await endpoint(config.bind, "Invalid bind address", host);
  const found = config.interface === "" ? undefined : onInterface(config.interface, bound.host, host);
  const bind = found === undefined ? bound : { host: found, port: bound.port };
  const advertise =
    config.advertise === "" ? undefined : await endpoint(config.advertise, "Invalid advertise address", host);
  const note = found === undefined ? undefined : `Using interface '${config.interface}' address '${found}'`;
  return { bind, advertise, note };
}

/** Throws {@link StartFailure} if there is no such interface. */
export function checkInterface(name: string, host: Host): void {
  if (name === "" || host.interfaces().some((entry) => entry.interface === name)) return;
  throw new StartFailure("Invalid network interface: route ip+net: no such network interface");
}

/** Throws {@link StartFailure} if there is an address to join that names no host. */
export function checkSeeds({ startJoin, retryJoin }: Pick<AgentConfig, "startJoin" | "retryJoin">): void {
  for (const [what, seeds] of [
    ["join", startJoin],
    ["retry-join", retryJoin],
  ] as const) {
    const bad = seeds.find(lacksHost);
    if (bad !== undefined) throw new StartFailure(`Invalid ${what} address ${quote(bad)}: missing host`);
  }
}

/** Throws {@link StartFailure} if discovery cannot work as it is set. */
export function checkDiscovery(config: AgentConfig, host: Host): void {
  const { discover, mdnsInterface: name, mdnsDisableIpv4, mdnsDisableIpv6 } = config;
  if (name !== "" && discover === "")
    throw new StartFailure("mDNS interface specified without enabling mDNS discovery");
  if (name !== "" && !host.interfaces().some((entry) => entry.interface === name))
    throw new StartFailure("Invalid mDNS network interface: route ip+net: no such network interface");
  // Serf checks this only together with an interface, and otherwise asks nobody.
  if (discover !== "" && mdnsDisableIpv4 && mdnsDisableIpv6)
    throw new StartFailure("Invalid mDNS configuration: both IPv4 and IPv6 are disabled");
}

/** Text of an address for the banner. */
export function endpointText(address: Address): string {
  return joinHostPort(address.host, address.port);
}

async function endpoint(text: string, prefix: string, host: Host): Promise<Address> {
  try {
    return await resolveAddress(withPort(text, defaultPort), host, { emptyHost: "" });
  } catch (error) {
    if (!(error instanceof AddressError)) throw error;
    throw new StartFailure(`${prefix}: ${error.message}`, { cause: error });
  }
}

/**
 * The interface's address to bind instead of everything, or `undefined` if the bound address is one
 * of its own.
 */
function onInterface(name: string, bound: string, host: Host): string | undefined {
  const addresses = host.interfaces().filter((entry) => entry.interface === name);
  if (addresses.length === 0) throw new StartFailure(`Interface '${name}' has no addresses`);
  if (bound === "0.0.0.0") {
    const usable = addresses.find(
      ({ address }) => parseAddress(address) !== undefined && !isLinkLocal(address),
    );
    if (usable === undefined) throw new StartFailure(`Failed to find usable address for interface '${name}'`);
    return usable.address;
  }
  if (addresses.some(({ address }) => address === bound)) return undefined;
  throw new StartFailure(`Interface '${name}' has no '${bound}' address`);
}

function isLinkLocal(address: string): boolean {
  return address.startsWith("169.254.") || /^fe[89ab]/i.test(address);
}
