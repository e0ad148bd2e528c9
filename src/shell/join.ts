/**
 * Joins through seeds: resolves them and contacts every address, a few at the same time.
 */

import { untilAborted } from "../async/until_aborted.ts";
import type { LogLevel } from "../core/effects.ts";
import { SerfError } from "../errors.ts";
import { errorList } from "../go/system_errors.ts";
import { joinHostPort } from "../net/address.ts";
import type { Address, Runtime, Signal } from "../runtime.ts";
import { resolveSeeds, type Target } from "./network/seeds.ts";
import { checkArgument, checkOptions, kinds } from "./options/arguments.ts";

/** Options of {@link Serf.join}. */
export interface JoinOptions {
  /** Whether to deliver also user events that were sent before the join. Default false. */
  readonly replay?: boolean | undefined;
  /**
   * Ends the join when it is aborted: it rejects with the signal's reason at once. Contacts under
   * way end by themselves.
   */
  readonly signal?: Signal | undefined;
}

/** What a join needs from its node. */
export interface JoiningNode {
  readonly runtime: Runtime;
  /** The port of seeds that have none. */
  readonly defaultPort: number;
  readonly log: (level: LogLevel, text: string) => void;
  readonly begin: (replay: boolean) => void;
  /** Exchanges state with one address; rejects if that fails. */
  readonly contact: (to: Address, node: string) => Promise<void>;
  /**
   * Ends what `begin` began. Returns true if the node came back for a join and exchanged state with
   * nobody.
   */
  readonly end: (replay: boolean, contacts: number) => boolean | undefined;
  readonly leave: () => Promise<void>;
}

/** The joins of one node. */
export class Joins {
  readonly #node: JoiningNode;
  readonly #running = new Set<AbortController>();

  constructor(node: JoiningNode) {
    this.#node = node;
  }

  /**
   * Joins and returns how many addresses replied. Rejects with SerfError (ERR_JOIN) if none did,
   * with a line for each, (ERR_OPTION) if an argument is wrong, (ERR_STATE) if {@link stop} is
   * called, and with the reason of an aborted signal.
   */
  async join(seeds: readonly string[], options: JoinOptions): Promise<number> {
    checkArgument("join", "seeds", kinds.texts, seeds);
    checkOptions("join", { replay: kinds.flag, signal: kinds.signal }, options);
    const { signal, replay = false } = options;
    signal?.throwIfAborted();
    const node = this.#node;
    node.begin(replay);
    let contacts = 0;
    const contact = async (to: Address, name: string): Promise<void> => {
      await node.contact(to, name);
      contacts += 1;
    };
    try {
      return await this.#run(signal, (ended) => joinSeeds({ ...node, contact }, seeds, ended));
    } finally {
      if (node.end(replay, contacts) === true) {
        // Only a shutdown ends a leave early, and then the node is gone as well.
        const left = node.leave().catch(() => undefined);
        if (signal?.aborted !== true) await left;
      }
    }
  }

  /** Ends all joins that run, because the node leaves or stops. */
  stop(): void {
    for (const controller of this.#running) controller.abort(joinRefusal());
  }

  /** Runs `work` until its signal is aborted, by the caller's signal or by {@link stop}. */
  async #run<Result>(signal: Signal | undefined, work: (signal: Signal) => Promise<Result>): Promise<Result> {
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
}

/** The error of a join that may not begin, or may not go on. */
export function joinRefusal(): SerfError {
  return new SerfError("ERR_STATE", "Serf can't Join after Leave or Shutdown");
}

/** How many addresses are contacted at the same time. */
const joinConcurrency = 8;

type SeedContacts = Pick<JoiningNode, "runtime" | "defaultPort" | "log" | "contact">;

/**
 * Returns how many addresses replied. Contacts no further address once `signal` is aborted. Rejects
 * with SerfError (ERR_JOIN) if none replied; its message has a line for each.
 */
async function joinSeeds(node: SeedContacts, seeds: readonly string[], signal: Signal): Promise<number> {
  const { targets, failures } = await resolveSeeds(node.runtime, seeds, node.defaultPort);
  for (const failure of failures) node.log("WARN", failure);
  let contacts = 0;
  for (const failure of await contactAll(node, targets, signal)) {
    if (failure === undefined) {
      contacts += 1;
      continue;
    }
    node.log("DEBUG", failure);
    failures.push(failure);
  }
  if (contacts === 0 && failures.length > 0) throw new SerfError("ERR_JOIN", errorList(failures));
  return contacts;
}

/** Contacts every target. Returns for each, in order, a message if it failed, or `undefined`. */
async function contactAll(
  node: SeedContacts,
  targets: readonly Target[],
  signal: Signal,
): Promise<(string | undefined)[]> {
  const results: (string | undefined)[] = new Array(targets.length).fill(undefined);
  let next = 0;
  const work = async (): Promise<void> => {
    for (let index = next++; index < targets.length; index = next++) {
      signal.throwIfAborted();
      const { node: name, to } = targets[index]!;
      try {
        await node.contact(to, name);
      } catch (error) {
        results[index] = `failed to join ${joinHostPort(to.host, to.port)}: ${(error as Error).message}`;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(joinConcurrency, targets.length) }, work));
  return results;
}
