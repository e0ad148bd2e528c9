/** The one place where scenarios use the core: a node is built, fed and drained here. */

import type { StreamInput } from "../../../src/core/effects.ts";
import type { Member, QueryEvent } from "../../../src/core/serf/api.ts";
import { type SerfConfig, serfDefaults } from "../../../src/core/serf/config.ts";
import type { SerfEffect } from "../../../src/core/serf/effects.ts";
import type { Question } from "../../../src/core/serf/queries/asker.ts";
import { SerfCore } from "../../../src/core/serf/serf_core.ts";
import { emptySnapshot } from "../../../src/core/serf/snapshot/format.ts";
import { allRules, profiles, type SwimConfig } from "../../../src/core/swim/config.ts";
import { Codec } from "../../../src/core/wire/codec.ts";
import type { Address } from "../../../src/runtime.ts";
import { address, seeded, swimConfig } from "../swim/machine.ts";

/** An effect of a node. */
export type NodeEffect = SerfEffect;

/** How a node is started. */
export interface NodeOptions {
  /** Its name in the cluster; two nodes may claim the same. */
  readonly name: string;
  /** Last byte of its address. */
  readonly last: number;
  readonly tags: Readonly<Record<string, string>>;
  readonly keys: readonly Uint8Array[];
  readonly profile: keyof typeof profiles;
  readonly snapshot: boolean;
  /** Whether it goes without evidence of crashes and without adaptive timeouts. */
  readonly plainDetection: boolean;
  /** Settings of either layer by name. */
  readonly settings: Readonly<Record<string, number>>;
}

/** The port of every node. */
export const port = 7946;

/** Names of settings that {@link NodeOptions} may have. */
export const settingNames: ReadonlySet<string> = new Set(
  Object.entries({ ...serfDefaults, ...profiles.lan })
    .filter(([, value]) => typeof value === "number")
    .map(([name]) => name),
);

/** One node: the core and what it needs to be printed. */
export class ScenarioNode {
  /** Its handle in the scenario. */
  readonly handle: string;
  readonly host: string;
  readonly codec: Codec;
  /** The queries it received, latest last. */
  readonly asked: QueryEvent[] = [];
  readonly #core: SerfCore;

  /** `clock` returns the time now. */
  constructor(handle: string, options: NodeOptions, clock: () => number) {
    const { name, last, tags, profile, settings } = options;
    this.handle = handle;
    this.host = `10.0.0.${last}`;
    const random = seeded(last * 7919 + 1);
    this.codec = new Codec({ label: "", compression: false, encryptionVersion: 1, random });
    this.codec.setKeys(options.keys);
    const config: SerfConfig = { ...serfDefaults, ...settings, name, tags };
    const rules = options.plainDetection
      ? { ...allRules, crashEvidence: false, adaptiveTimeouts: false, probeNeighbours: false }
      : allRules;
    const timings: Partial<SwimConfig> = { ...profiles[profile], ...settings, rules };
    this.#core = new SerfCore({
      config,
      swim: swimConfig({ ...timings, name, address: address(last) }),
      random,
      codec: this.codec,
      matchPattern: (expression, value) => new RegExp(expression).test(value),
      respond: (query, payload) => this.#core.queries.respond(clock(), query, payload),
      ...(options.snapshot ? { restored: { state: emptySnapshot(), notes: [], size: 0 } } : {}),
    });
  }

  get deadline(): number {
    return this.#core.deadline();
  }

  get state(): string {
    return this.#core.state;
  }

  get members(): readonly Member[] {
    return this.#core.members();
  }

  start(now: number): void {
    this.#core.start(now);
  }

  drain(): NodeEffect[] {
    const effects = this.#core.drain();
    for (const effect of effects) {
      if (effect.kind === "emit" && effect.event.type === "query") this.asked.push(effect.event);
    }
    return effects;
  }

  tick(now: number): void {
    this.#core.tick(now);
  }

  packet(now: number, from: Address, bytes: Uint8Array): void {
    this.#core.packet(now, from, bytes);
  }

  accept(now: number, peer: Address): number | undefined {
    return this.#core.accept(now, peer);
  }

  stream(now: number, id: number, input: StreamInput): void {
    this.#core.stream(now, id, input);
  }

  beginJoin(now: number, command: number, host: string): void {
    this.#core.beginJoin(now, false);
    this.#core.join(now, command, { host, port }, "");
  }

  /** Ends what {@link beginJoin} began; `contacts` is the number of peers that replied. */
  endJoin(now: number, contacts: number): void {
    this.#core.endJoin(now, false, contacts);
  }

  leave(now: number, command: number): void {
    this.#core.leave(now, command);
  }

  removeFailed(now: number, command: number, name: string, prune: boolean): void {
    this.#core.removeFailedNode(now, command, name, prune);
  }

  event(now: number, name: string, payload: Uint8Array, coalesce: boolean): void {
    this.#core.userEvent(now, name, payload, coalesce);
  }

  ask(now: number, query: number, question: Question): void {
    this.#core.queries.ask(now, query, question);
  }

  setTags(now: number, command: number, tags: Readonly<Record<string, string>>): void {
    this.#core.setTags(now, command, tags);
  }
}
