/**
 * Name resolution over `node:dns`, which Deno and Bun implement too. It is loaded when it is needed
 * first: most agents are given addresses.
 */
import { canonicalHost } from "../../src/net/address.ts";
import { type ServiceTarget, SystemError } from "../../src/runtime.ts";
import { systemError } from "../shared/errors.ts";

/** How long a name server may take in milliseconds, and how often it is asked. */
const serverOptions = { timeout: 2_000, tries: 2 };

/**
 * Returns the addresses of a name in the order of the system's resolver. Rejects with SystemError.
 */
export async function resolve(name: string): Promise<string[]> {
  // Node returns no addresses for an empty name, with a warning, instead of an error.
  if (name.trim() === "") throw new SystemError("ENOTFOUND", "lookup", "Cannot lookup an empty name");
  try {
    const { lookup } = await import("node:dns/promises");
    const found = await lookup(name, { all: true, verbatim: true });
    return [...new Set(found.map(({ address }) => canonicalHost(address) ?? address))];
  } catch (error) {
    throw systemError("lookup", name, error);
  }
}

/**
 * Returns the targets of a service, best first. Uses the system's name servers, which are read at
 * every call. Rejects with SystemError.
 */
export async function resolveService(name: string): Promise<ServiceTarget[]> {
  try {
    const { Resolver } = await import("node:dns/promises");
    const found = await new Resolver(serverOptions).resolveSrv(name);
    // RFC 2782: a lower priority comes first, and the target "." means that there is no such
    // service.
    return found
      .filter((target) => target.name !== "" && target.name !== ".")
      .sort((a, b) => a.priority - b.priority || b.weight - a.weight)
      .map((target) => ({ name: target.name, port: target.port }));
  } catch (error) {
    throw systemError("lookup", name, error);
  }
}
