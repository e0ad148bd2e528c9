/**
 * Resolves the seeds of a join to addresses: every address of a name (memberlist `resolveAddr`),
 * and every target of a service in DNS (RFC 2782).
 */

import { systemText } from "../../go/system_errors.ts";
import { canonicalHost } from "../../net/address.ts";
import { type Address, type Runtime, SystemError } from "../../runtime.ts";
import { isService, parseSeed } from "../options/endpoint.ts";

/** An address to contact. `node` is the expected name of the member there; it may be empty. */
export interface Target {
  readonly node: string;
  readonly to: Address;
}

/** A resolved seed. `failure` says why it has no targets. */
export interface ResolvedSeed {
  readonly seed: string;
  readonly targets: readonly Target[];
  readonly failure: string | undefined;
}

/**
 * Resolves seeds, in their order: names by the system's resolver, services by DNS. Nothing is
 * cached. Never rejects.
 */
export async function resolveSeeds(
  runtime: Runtime,
  seeds: readonly string[],
  defaultPort: number,
): Promise<ResolvedSeed[]> {
  return await Promise.all(
    seeds.map((seed) =>
      resolveSeed(runtime, seed, defaultPort).then(
        (targets) => ({ seed, targets, failure: undefined }),
        (error: unknown) => ({ seed, targets: [], failure: (error as Error).message }),
      ),
    ),
  );
}

async function resolveSeed(runtime: Runtime, seed: string, defaultPort: number): Promise<Target[]> {
  if (isService(seed)) return await resolveService(runtime, seed);
  try {
    const { node, host, port } = parseSeed(seed, defaultPort);
    return await targetsAt(runtime, node, host, port);
  } catch (error) {
    throw new Error(`failed to resolve ${seed}: ${(error as Error).message}`, { cause: error });
  }
}

/**
 * Returns every address of every target of a service. Unresolvable targets are ignored unless all
 * of them fail.
 */
async function resolveService(runtime: Runtime, service: string): Promise<Target[]> {
  try {
    const targets = await runtime.host.resolveService(service);
    if (targets.length === 0) throw new SystemError("ENOTFOUND", "lookup", "the service is not offered");
    const found = await Promise.allSettled(
      targets.map(({ name, port }) => targetsAt(runtime, "", name, port)),
    );
    const usable = found.flatMap((result) => (result.status === "fulfilled" ? result.value : []));
    const failed = found.find((result) => result.status === "rejected");
    if (usable.length === 0 && failed !== undefined) throw failed.reason;
    return usable;
  } catch (error) {
    const reason = error instanceof SystemError ? lookupText(service, error) : (error as Error).message;
    throw new Error(`failed to resolve ${service}: ${reason}`, { cause: error });
  }
}

async function targetsAt(runtime: Runtime, node: string, host: string, port: number): Promise<Target[]> {
  const canonical = canonicalHost(host);
  const hosts = canonical === undefined ? await lookup(runtime, host) : [canonical];
  return hosts.map((address) => ({ node, to: { host: address, port } }));
}

async function lookup(runtime: Runtime, host: string): Promise<string[]> {
  try {
    return await runtime.host.resolve(host);
  } catch (error) {
    throw new Error(lookupText(host, error), { cause: error });
  }
}

function lookupText(name: string, error: unknown): string {
  const isUnknown = !(error instanceof SystemError) || error.code === "ENOTFOUND";
  return `lookup ${name}: ${isUnknown ? "no such host" : systemText(error)}`;
}
