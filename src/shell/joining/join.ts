/**
 * Joins through seeds: resolves them and contacts every address, a few at the same time.
 */

import { untilAborted } from "../../async/until_aborted.ts";
import type { LogLevel } from "../../core/effects.ts";
import type { Member } from "../../core/serf/api.ts";
import { SerfError } from "../../errors.ts";
import { errorList } from "../../go/system_errors.ts";
import { joinHostPort } from "../../net/address.ts";
import type { Address, Runtime, Signal } from "../../runtime.ts";
import { type ResolvedSeed, resolveSeeds, type Target } from "../network/seeds.ts";
import { checkArgument, checkOptions, kinds } from "../options/arguments.ts";
import type { ParsedStart } from "../options/start.ts";
import { AutomaticJoins } from "./automatic.ts";

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

/** What became of one seed of a join. Frozen. */
export interface SeedResult {
  /** The seed as it was given. */
  readonly seed: string;
  /** The addresses of the seed that replied, as `host:port`; empty if none did. */
  readonly reached: readonly string[];
  /** Why the seed could not be resolved, or a message for each of its addresses that did not reply. */
  readonly failures: readonly string[];
}

/** What became of a join. Frozen. */
export interface JoinResult {
  /** How many addresses replied. It is 0 only if there was no address to contact. */
  readonly contacts: number;
  /** What became of each seed, in their order. */
  readonly seeds: readonly SeedResult[];
}

/** An error (ERR_JOIN) of a join that reached nobody; its message has a line for each failure. */
export class JoinError extends SerfError {
  /** What became of each seed, in their order. */
  readonly seeds: readonly SeedResult[];

  /** The node makes these errors. */
  constructor(message: string, seeds: readonly SeedResult[]) {
    super("ERR_JOIN", message);
    this.name = "JoinError";
    this.seeds = seeds;
  }
}

/** What a join needs from its node. */
export interface JoiningNode {
  readonly runtime: Runtime;
  /** The port of seeds that have none. */
  readonly defaultPort: number;
  readonly log: (level: LogLevel, component: string, text: string) => void;
  readonly begin: (replay: boolean) => void;
  /** Exchanges state with one address; rejects if that fails. */
  readonly contact: (to: Address, node: string) => Promise<void>;
  /**
   * Ends what `begin` began. Returns true if the node came back for a join and exchanged state with
   * nobody.
   */
  readonly end: (replay: boolean, contacts: number) => boolean | undefined;
  readonly leave: () => Promise<void>;
  readonly members: () => readonly Member[];
  readonly local: () => Member;
}

/** The joins of one node. */
export class Joins {
  readonly #node: JoiningNode;
  readonly #running = new Set<AbortController>();
  readonly #automatic: AutomaticJoins;

  constructor(node: JoiningNode) {
    this.#node = node;
    this.#automatic = new AutomaticJoins(node.runtime, {
      members: node.members,
      local: node.local,
      log: (level, text) => node.log(level, "serf", text),
      join: async (seeds, replay) => (await this.join(seeds, { replay })).contacts,
    });
  }

  /**
   * Joins as the options of the start say. Rejects as {@link join} does, and with SerfError
   * (ERR_BIND, ERR_OPTION) if the node cannot look for its cluster.
   */
  async begin(start: ParsedStart): Promise<void> {
    const { join, replay, signal } = start;
    await untilAborted(signal, this.#automatic.discover(start));
    if (join.length > 0) await this.join(join, { replay, signal });
    this.#automatic.retry(start);
  }

  /**
   * Joins. Rejects with {@link JoinError} if no address replied, with SerfError (ERR_OPTION) if an
   * argument is wrong and (ERR_STATE) if {@link stop} is called, and with the reason of an aborted
   * signal.
   */
  async join(seeds: readonly string[], options: JoinOptions): Promise<JoinResult> {
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

  /** Ends all joins that run, and the automatic ones, because the node leaves or stops. */
  stop(): void {
    void this.#automatic.stop();
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
 * Joins through every address of every seed. Contacts no further address once `signal` is aborted.
 * Rejects with {@link JoinError} if there were failures alone.
 */
async function joinSeeds(node: SeedContacts, seeds: readonly string[], signal: Signal): Promise<JoinResult> {
  const resolved = await resolveSeeds(node.runtime, seeds, node.defaultPort);
  const unresolved = resolved.flatMap(({ failure }) => failure ?? []);
  for (const failure of unresolved) node.log("WARN", "memberlist", failure);
  const failures = await contactAll(
    node,
    resolved.flatMap(({ targets }) => targets),
    signal,
  );
  const failed = failures.filter((failure) => failure !== undefined);
  for (const failure of failed) node.log("DEBUG", "memberlist", failure);
  const contacts = failures.length - failed.length;
  const results = Object.freeze(resolved.map((seed) => resultOf(seed, failures)));
  if (contacts === 0 && unresolved.length + failed.length > 0)
    throw new JoinError(errorList([...unresolved, ...failed]), results);
  return Object.freeze({ contacts, seeds: results });
}

/** Takes the outcomes of a seed's addresses from the beginning of `failures`. */
function resultOf({ seed, targets, failure }: ResolvedSeed, failures: (string | undefined)[]): SeedResult {
  const outcomes = failures.splice(0, targets.length);
  const reached = targets.filter((_, index) => outcomes[index] === undefined);
  return Object.freeze({
    seed,
    reached: Object.freeze(reached.map(({ to }) => joinHostPort(to.host, to.port))),
    failures: Object.freeze([failure, ...outcomes].filter((text) => text !== undefined)),
  });
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
