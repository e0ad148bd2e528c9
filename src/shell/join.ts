/**
 * Joins through seeds: resolves them and contacts every address, a few at the same time.
 */

import { untilAborted } from "../async/until_aborted.ts";
import type { LogLevel } from "../core/effects.ts";
import { SerfError } from "../errors.ts";
import { errorList } from "../go/system_errors.ts";
import { joinHostPort } from "../net/address.ts";
import type { Address, Runtime } from "../runtime.ts";
import { checkArgument, checkOptions, kinds } from "./arguments.ts";
import { resolveSeeds, type Target } from "./seeds.ts";

/** Options of {@link Serf.join}. */
export interface JoinOptions {
  /** Whether to deliver also user events that were sent before the join. Default false. */
  readonly replay?: boolean;
  /**
   * Ends the join when it is aborted: it rejects with the signal's reason at once. Contacts under
   * way end by themselves.
   */
  readonly signal?: AbortSignal;
}

/** Checks what a join gets from its caller. Throws SerfError (ERR_OPTION). */
export function checkJoin(seeds: readonly string[], options: JoinOptions): void {
  checkArgument("join", "seeds", kinds.texts, seeds);
  checkOptions("join", { replay: kinds.flag, signal: kinds.signal }, options);
}

/** The joins of one node that run. */
export class Joins {
  readonly #running = new Set<AbortController>();

  /**
   * Runs a join. The signal that `work` gets is aborted with the reason of `signal` or of {@link
   * stop}; the join then rejects with it at once.
   */
  async run<Result>(
    signal: AbortSignal | undefined,
    work: (signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    const controller = new AbortController();
    const abort = (): void => controller.abort(signal?.reason);
    signal?.addEventListener("abort", abort, { once: true });
    this.#running.add(controller);
    try {
      return await untilAborted(controller.signal, work(controller.signal));
    } finally {
      this.#running.delete(controller);
      signal?.removeEventListener("abort", abort);
    }
  }

  /** Ends all joins that run: they reject with `reason`. */
  stop(reason: SerfError): void {
    for (const controller of this.#running) controller.abort(reason);
  }
}

/** How many addresses are contacted at the same time. */
const joinConcurrency = 8;

/** What a join needs from its node. */
export interface Joiner {
  readonly runtime: Runtime;
  /** The port of seeds that have none. */
  readonly defaultPort: number;
  readonly log: (level: LogLevel, text: string) => void;
  /** Exchanges state with one address; rejects if that fails. */
  readonly contact: (to: Address, node: string) => Promise<void>;
}

/**
 * Joins and returns how many addresses replied. Contacts no further address once `signal` is aborted. Rejects with SerfError (ERR_JOIN) if none did; its
 * message has a line for each.
 */
export async function joinSeeds(
  joiner: Joiner,
  seeds: readonly string[],
  signal: AbortSignal,
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

/** Contacts every target. Returns for each, in order, a message if it failed, or `undefined`. */
async function contactAll(
  joiner: Joiner,
  targets: readonly Target[],
  signal: AbortSignal,
): Promise<(string | undefined)[]> {
  const results: (string | undefined)[] = new Array(targets.length).fill(undefined);
  let next = 0;
  const work = async (): Promise<void> => {
    for (let index = next++; index < targets.length; index = next++) {
      signal.throwIfAborted();
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
