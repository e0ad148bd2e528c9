/**
 * The running suspicions of one node, with their deadlines and last checks.
 */

import type { SwimContext } from "./context.ts";
import { Suspicion } from "./suspicion.ts";

/** Suspicions by the name of the suspect. */
export class Suspicions {
  readonly #context: SwimContext;
  readonly #running = new Map<string, Suspicion>();
  #watch: ((now: number, name: string) => void) | undefined;

  constructor(context: SwimContext) {
    this.#context = context;
  }

  /** The number of running suspicions. */
  get count(): number {
    return this.#running.size;
  }

  /** Calls `accused` from now on when somebody begins a suspicion or confirms one. */
  watch(accused: (now: number, name: string) => void): void {
    this.#watch = accused;
  }

  /** Has to be called when a new accusation of a suspect has been broadcast. */
  accused(now: number, name: string): void {
    this.#watch?.(now, name);
  }

  /** Returns the suspicion of a name. */
  find(name: string): Suspicion | undefined {
    return this.#running.get(name);
  }

  /** Begins a suspicion that `from` raised. */
  begin(now: number, name: string, from: string): void {
    const { config, members } = this.#context;
    const suspicion = new Suspicion(config, members.count, from, now);
    this.#running.set(name, suspicion);
    this.#arm(now, name, suspicion);
  }

  /**
   * Counts a confirmation of a running suspicion, which may end sooner then. Returns false if it
   * changes nothing.
   */
  confirm(now: number, name: string, from: string): boolean {
    const suspicion = this.#running.get(name);
    if (suspicion === undefined || !suspicion.confirm(from)) return false;
    this.#arm(now, name, suspicion);
    return true;
  }

  /**
   * Makes every suspicion longer by `ms`, because this node stood still for so long and received no
   * refutation meanwhile. None ends before those that wait in the socket had time to come in.
   */
  extend(now: number, ms: number): void {
    for (const [name, suspicion] of this.#running) {
      suspicion.extend(ms, now + this.#context.config.probeTimeoutMs);
      this.#arm(now, name, suspicion);
    }
  }

  /** Ends a suspicion, if there is one. */
  end(name: string): void {
    if (!this.#running.delete(name)) return;
    const { timers } = this.#context;
    timers.delete(`suspicion ${name}`);
    timers.delete(`last check ${name}`);
  }

  /** Arms the next last check of a suspect. `left` counts the one that is due now. */
  lastCheckDue(name: string, left: number): void {
    const suspicion = this.#running.get(name);
    if (suspicion !== undefined) this.#armLastCheck(suspicion.deadline, name, left - 1);
  }

  #arm(now: number, name: string, { deadline }: Suspicion): void {
    const { timers, config } = this.#context;
    timers.set(`suspicion ${name}`, deadline, { kind: "suspicion", node: name });
    const fitting = Math.floor((deadline - now) / config.probeTimeoutMs);
    this.#armLastCheck(deadline, name, Math.min(config.lastChecks, fitting));
  }

  #armLastCheck(deadline: number, name: string, left: number): void {
    const { timers, config } = this.#context;
    if (left < 1) return;
    const at = deadline - left * config.probeTimeoutMs;
    timers.set(`last check ${name}`, at, { kind: "lastCheck", node: name, left });
  }
}
