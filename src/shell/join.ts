/**
 * A join through seeds: resolved, every address contacted, a few at a time; what failed is said for each.
 */

import type { LogLevel } from "../core/effects.ts";
import { SerfError } from "../errors.ts";
import { errorList } from "../go/system_errors.ts";
import { joinHostPort } from "../net/address.ts";
import type { Address, Runtime } from "../runtime.ts";
import { resolveSeeds, type Target } from "./seeds.ts";

/** How a join is done. */
export interface JoinOptions {
  /** Also deliver user events that happened before the join. Default false. */
  readonly replay?: boolean;
  /** Stops waiting; contacts that are under way end by themselves. */
  readonly signal?: AbortSignal;
}

/** Seeds that are contacted at the same time. */
const joinConcurrency = 8;

/** What a join needs of its node. */
export interface Joiner {
  readonly runtime: Runtime;
  /** Port of seeds that name none. */
  readonly defaultPort: number;
  readonly log: (level: LogLevel, text: string) => void;
  /** Exchanges state with one address; rejects when that fails. */
  readonly contact: (to: Address, node: string) => Promise<void>;
}

/** Joins; answers how many addresses worked. ERR_JOIN when none did, with a line for each. */
export async function joinSeeds(
  joiner: Joiner,
  seeds: readonly string[],
  signal: AbortSignal | undefined,
): Promise<number> {
  const { targets, failures } = await resolveSeeds(joiner.runtime, seeds, joiner.defaultPort);
  for (const failure of failures) joiner.log("WARN", failure);
  let contacts = 0;
  for (const failure of await contactAll(joiner, targets, signal)) {
    if (failure === undefined) {
      contacts += 1;
      continue;
    }
    joiner.log("DEBUG", failure);
    failures.push(failure);
  }
  if (contacts === 0 && failures.length > 0) throw new SerfError("ERR_JOIN", errorList(failures));
  return contacts;
}

/** Contacts every target; results in the order of the targets, `undefined` for success. */
async function contactAll(
  joiner: Joiner,
  targets: readonly Target[],
  signal: AbortSignal | undefined,
): Promise<(string | undefined)[]> {
  const results: (string | undefined)[] = new Array(targets.length).fill(undefined);
  let next = 0;
  const work = async (): Promise<void> => {
    for (let index = next++; index < targets.length; index = next++) {
      signal?.throwIfAborted();
      const { node, to } = targets[index]!;
      try {
        await joiner.contact(to, node);
      } catch (error) {
        results[index] = `failed to join ${joinHostPort(to.host, to.port)}: ${(error as Error).message}`;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(joinConcurrency, targets.length) }, work));
  return results;
}
