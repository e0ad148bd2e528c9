/** Names by `node:dns`, which Deno and Bun have too. */
import { lookup, Resolver } from "node:dns/promises";
import { canonicalHost } from "../../src/net/address.ts";
import { type ServiceTarget, SystemError } from "../../src/runtime.ts";
import { systemError } from "../shared/errors.ts";

/** How long a name server may take, and how often it is asked. */
const serverOptions = { timeout: 2_000, tries: 2 };

/** Addresses of a name by the system's own resolver. */
export async function resolve(name: string): Promise<string[]> {
  // Node returns no addresses for an empty name, with a warning, instead of an error.
  if (name.trim() === "") throw new SystemError("ENOTFOUND", "lookup", "Cannot lookup an empty name");
  try {
    const found = await lookup(name, { all: true, verbatim: true });
    return [...new Set(found.map(({ address }) => canonicalHost(address) ?? address))];
  } catch (error) {
    throw systemError("lookup", name, error);
  }
}

/** Targets of a service, best first. The name servers are the system's, read anew at every call. */
export async function resolveService(name: string): Promise<ServiceTarget[]> {
  try {
    const found = await new Resolver(serverOptions).resolveSrv(name);
    // RFC 2782: the lower priority is asked first, and a target of "." says that there is no such service here.
    return found
      .filter((target) => target.name !== "" && target.name !== ".")
      .sort((a, b) => a.priority - b.priority || b.weight - a.weight)
      .map((target) => ({ name: target.name, port: target.port }));
  } catch (error) {
    throw systemError("lookup", name, error);
  }
}
