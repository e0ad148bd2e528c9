/**
 * What a node does by itself to become a member: it joins again and again, and looks for its cluster
 * on the local network.
 */

import type { LogLevel } from "../../core/effects.ts";
import type { Member } from "../../core/serf/api.ts";
import type { Runtime } from "../../runtime.ts";
import type { Discovery } from "../mdns/discovery.ts";
import type { ParsedStart } from "../options/start.ts";
import { retryJoin } from "./retry_join.ts";

/** The node that becomes a member. */
export interface SeekingNode {
  readonly members: () => readonly Member[];
  readonly local: () => Member;
  readonly log: (level: LogLevel, text: string) => void;
  /** Returns how many addresses replied; rejects if none did. */
  readonly join: (seeds: readonly string[], replay: boolean) => Promise<number>;
}

/** The automatic joins of one node. */
export class AutomaticJoins {
  readonly #runtime: Runtime;
  readonly #node: SeekingNode;
  readonly #stopped = new AbortController();
  #discovery: Discovery | undefined;

  constructor(runtime: Runtime, node: SeekingNode) {
    this.#runtime = runtime;
    this.#node = node;
  }

  /** Begins to look for the cluster. Rejects with SerfError (ERR_BIND, ERR_OPTION). */
  async discover({ discover, replay }: ParsedStart): Promise<void> {
    if (discover === undefined) return;
    // Programs that look for nobody load nothing of multicast DNS.
    const { Discovery } = await import("../mdns/discovery.ts");
    const { join, members, log } = this.#node;
    const node = { join, members, log: (level: LogLevel, text: string) => log(level, text) };
    this.#discovery = await Discovery.start({ ...discover, replay }, node, this.#node.local(), this.#runtime);
    if (this.#stopped.signal.aborted) await this.#discovery.close();
  }

  /** Begins to join in the background. */
  retry({ retryJoin: { seeds, intervalMs, attemptsMax }, replay }: ParsedStart): void {
    if (seeds.length === 0) return;
    const { join, log } = this.#node;
    const { signal } = this.#stopped;
    void retryJoin(
      { join, log },
      { seeds, replay, intervalMs, attemptsMax },
      this.#runtime.clock,
      signal,
    ).then((joined) => {
      if (joined === false) log("ERR", `Gave up to join after ${attemptsMax} attempts`);
    });
  }

  /** Ends both. A join that is under way goes on. Idempotent. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#discovery?.close();
  }
}
