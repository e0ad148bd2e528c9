/**
 * A few whole cores on a network that the test controls: packets and streams go from core to core
 * at once or when the test says, time is a number, and all effects are kept.
 */

import type { QueryEvent, SerfEvent, UserEvent } from "../../../src/core/serf/api.ts";
import { type SerfConfig, serfDefaults } from "../../../src/core/serf/config.ts";
import { createContext, type SerfContext } from "../../../src/core/serf/context.ts";
import type { SerfEffect } from "../../../src/core/serf/effects.ts";
import type { Question } from "../../../src/core/serf/queries/asker.ts";
import type { SerfCoreOptions } from "../../../src/core/serf/serf_core.ts";
import { SerfCore } from "../../../src/core/serf/serf_core.ts";
import { Codec } from "../../../src/core/wire/codec.ts";
import type { Address } from "../../../src/runtime.ts";
import { address, seeded, swimConfig } from "../swim/machine.ts";

export const text = (value: string): Uint8Array => new TextEncoder().encode(value);

/** A query with default options. */
export function question(name: string, overrides: Partial<Question> = {}): Question {
  return {
    name,
    payload: new Uint8Array(),
    nodes: [],
    tags: new Map(),
    ack: false,
    relayFactor: 0,
    timeoutMs: 0,
    waitForDeadline: false,
    ...overrides,
  };
}

/** The context of a node `name` at 10.0.0.1, for parts that are tested without a node. */
export function testContext(config: Partial<SerfConfig> & { readonly name: string }, seed = 1): SerfContext {
  const random = seeded(seed);
  return createContext({
    config: { ...serfDefaults, tags: {}, ...config },
    swim: swimConfig({ name: config.name, address: address(1) }),
    random,
    codec: new Codec({ label: "", compression: false, encryptionVersion: 1, random }),
  });
}

/** How a node is started. */
export interface NodeOptions {
  readonly config?: Partial<SerfConfig>;
  readonly keys?: readonly Uint8Array[];
  readonly parts?: Partial<SerfCoreOptions>;
  /** Last byte of an address to claim in place of its own. */
  readonly last?: number;
}

/** One node and what it did. */
export class TestNode {
  readonly name: string;
  readonly host: string;
  readonly core: SerfCore;
  readonly codec: Codec;
  readonly events: SerfEvent[] = [];
  readonly effects: SerfEffect[] = [];
  readonly logs: string[] = [];
  readonly sent: { readonly to: Address; readonly bytes: Uint8Array }[] = [];

  constructor(network: Network, name: string, last: number, options: NodeOptions) {
    this.name = name;
    this.host = `10.0.0.${last}`;
    const random = seeded(last * 7919 + 1);
    this.codec = new Codec({ label: "", compression: false, encryptionVersion: 1, random });
    this.codec.setKeys(options.keys ?? []);
    this.core = new SerfCore({
      config: { ...serfDefaults, name, tags: {}, ...options.config },
      swim: swimConfig({ name, address: address(last) }),
      random,
      codec: this.codec,
      matchPattern: (expression, value) => {
        try {
          return new RegExp(expression).test(value);
        } catch {
          return { fault: "no expression" };
        }
      },
      respond: (query, payload) => {
        this.core.queries.respond(network.now, query, payload);
        network.settle();
      },
      ...options.parts,
    });
  }

  /** User events it delivered, as `name payload`. */
  get userEvents(): string[] {
    return this.events
      .filter((event): event is UserEvent => event.type === "user")
      .map(({ name, payload }) => `${name} ${new TextDecoder().decode(payload)}`.trim());
  }

  /** Queries it delivered. */
  get queries(): QueryEvent[] {
    return this.events.filter((event): event is QueryEvent => event.type === "query");
  }

  /** Replies to its own queries, as `type from payload`, and the end as `end missing`. */
  get replies(): string[] {
    return this.effects.flatMap((effect) => {
      if (effect.kind === "reply") {
        return [`${effect.type} ${effect.from} ${new TextDecoder().decode(effect.payload)}`.trim()];
      }
      if (effect.kind === "queryEnd") return [`end ${effect.missing?.join(",") ?? "unknown"}`.trim()];
      return [];
    });
  }
}

/** What happens to a datagram: how many copies arrive. */
export type Fate = (from: TestNode, to: Address, bytes: Uint8Array) => number;

/** Nodes and the wires between them. */
export class Network {
  readonly nodes: TestNode[] = [];
  now = 0;
  fate: Fate = () => 1;
  readonly #streams = new Map<string, { node: TestNode; id: number }>();

  /** Adds and starts a node at 10.0.0.`n`. */
  add(name: string, options: NodeOptions = {}): TestNode {
    const node = new TestNode(this, name, options.last ?? this.nodes.length + 1, options);
    this.nodes.push(node);
    node.core.start(this.now);
    this.settle();
    return node;
  }

  /** Lets every node join the first. */
  join(): void {
    for (const node of this.nodes.slice(1)) this.joinTo(node, this.nodes[0]!);
    this.run(2_000);
  }

  /** Lets one node join another. */
  joinTo(node: TestNode, seed: TestNode, replay = false): void {
    node.core.beginJoin(this.now, replay);
    node.core.join(this.now, 1, { host: seed.host, port: 7946 }, "");
    this.settle();
    node.core.endJoin(this.now, replay, 1);
    this.settle();
  }

  /** Advances time from deadline to deadline. */
  run(ms: number): void {
    const end = this.now + ms;
    for (;;) {
      const next = Math.min(...this.nodes.map((node) => node.core.deadline()));
      if (next > end) break;
      this.now = Math.max(this.now, next);
      for (const node of this.nodes) if (node.core.deadline() <= this.now) node.core.tick(this.now);
      this.settle();
    }
    this.now = end;
  }

  /** Carries out effects until there are none. */
  settle(): void {
    for (let busy = true; busy; ) {
      busy = false;
      for (const node of [...this.nodes]) {
        for (const effect of node.core.drain()) {
          busy = true;
          this.#perform(node, effect);
        }
      }
    }
  }

  #perform(node: TestNode, effect: SerfEffect): void {
    switch (effect.kind) {
      case "send": {
        node.sent.push({ to: effect.to, bytes: effect.bytes });
        for (let copies = this.fate(node, effect.to, effect.bytes); copies > 0; copies--) {
          const from = { host: node.host, port: 7946 };
          this.#at(effect.to)?.core.packet(this.now, from, effect.bytes.slice());
        }
        return;
      }
      case "dial": {
        const peer = this.#at(effect.to);
        const id = peer?.core.accept(this.now, { host: node.host, port: 40_000 });
        if (peer === undefined || id === undefined) {
          node.core.stream(this.now, effect.id, {
            kind: "failed",
            code: "ECONNREFUSED",
            reason: "connection refused",
          });
          return;
        }
        this.#streams.set(`${node.host} ${effect.id}`, { node: peer, id });
        this.#streams.set(`${peer.host} ${id}`, { node, id: effect.id });
        node.core.stream(this.now, effect.id, { kind: "opened" });
        return;
      }
      case "write": {
        const other = this.#streams.get(`${node.host} ${effect.id}`);
        other?.node.core.stream(this.now, other.id, { kind: "received", bytes: effect.bytes.slice() });
        return;
      }
      case "close": {
        const other = this.#streams.get(`${node.host} ${effect.id}`);
        this.#streams.delete(`${node.host} ${effect.id}`);
        other?.node.core.stream(this.now, other.id, { kind: "ended" });
        return;
      }
      case "emit":
        node.events.push(effect.event);
        return;
      case "log":
        node.logs.push(`${effect.level} ${effect.component}: ${effect.text}`);
        return;
      default:
        node.effects.push(effect);
    }
  }

  #at(to: Address): TestNode | undefined {
    return this.nodes.find((node) => node.host === to.host);
  }
}
