/**
 * Seeds of a join: written endpoints to addresses, every address of every name (memberlist `resolveAddr`).
 */

import { canonicalHost } from "./address.ts";
import { parseSeed } from "./endpoint.ts";
import type { Address, Runtime } from "./runtime.ts";

/** One address to contact; `node` is the name it is expected to have, or empty. */
export interface Target {
  readonly node: string;
  readonly to: Address;
}

/** What became of seeds: `failures` has a text for each that could not be resolved. */
export interface ResolvedSeeds {
  readonly targets: readonly Target[];
  readonly failures: string[];
}

/** Resolves seeds, names by the system's resolver, anew at every call; in the order of the seeds. Never throws. */
export async function resolveSeeds(
  runtime: Runtime,
  seeds: readonly string[],
  defaultPort: number,
): Promise<ResolvedSeeds> {
  const targets: Target[] = [];
  const failures: string[] = [];
  for (const result of await Promise.allSettled(
    seeds.map((seed) => resolveSeed(runtime, seed, defaultPort)),
  )) {
    if (result.status === "fulfilled") targets.push(...result.value);
    else failures.push((result.reason as Error).message);
  }
  return { targets, failures };
}

async function resolveSeed(runtime: Runtime, seed: string, defaultPort: number): Promise<Target[]> {
  try {
    const { node, host, port } = parseSeed(seed, defaultPort);
    const canonical = canonicalHost(host);
    const hosts = canonical === undefined ? await lookup(runtime, host) : [canonical];
    return hosts.map((address) => ({ node, to: { host: address, port } }));
  } catch (error) {
    throw new Error(`failed to resolve ${seed}: ${(error as Error).message}`, { cause: error });
  }
}

async function lookup(runtime: Runtime, host: string): Promise<string[]> {
  try {
    return await runtime.host.resolve(host);
  } catch (error) {
    throw new Error(`lookup ${host}: no such host`, { cause: error });
  }
}
