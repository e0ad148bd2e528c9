/**
 * The parts of Serf's layer that know members, without the layer below, for tests of single parts.
 */

import { finish } from "../../../src/core/jobs.ts";
import type { SerfConfig } from "../../../src/core/serf/config.ts";
import type { SerfContext } from "../../../src/core/serf/context.ts";
import { UserEvents } from "../../../src/core/serf/events/user_events.ts";
import { Intents } from "../../../src/core/serf/members/intents.ts";
import { SerfMembers } from "../../../src/core/serf/members/members.ts";
import { SharedState } from "../../../src/core/serf/push_pull.ts";
import { SerfQueues } from "../../../src/core/serf/queues.ts";
import { decodeMessage, type SerfMessage } from "../../../src/core/serf/wire/messages.ts";
import type { Node } from "../../../src/core/swim/members.ts";
import { Tally } from "../../../src/core/swim/queue/tally.ts";
import { address } from "../swim/machine.ts";
import { testContext } from "./nodes.ts";

/** A member as the layer below reports it. */
export function swimNode(name: string, overrides: Partial<Node> = {}): Node {
  return {
    name,
    address: address(2),
    endpoint: { host: "10.0.0.2", port: 7946 },
    meta: null,
    versions: new Uint8Array([1, 5, 2, 2, 5, 5]),
    incarnation: 1,
    status: "alive",
    ...overrides,
  };
}

/** The parts of a node `self`, and what they did. */
export class SerfParts {
  readonly context: SerfContext;
  readonly members: SerfMembers;
  readonly queues: SerfQueues;
  readonly events: UserEvents;
  readonly intents: Intents;
  readonly shared: SharedState;
  /** The names of erased members. */
  readonly erased: string[] = [];

  constructor(config: Partial<SerfConfig> = {}, seed = 1) {
    const context = testContext({ ...config, name: "self" }, seed);
    this.context = context;
    this.members = new SerfMembers(context, (name) => this.erased.push(name));
    const memberCount = (): number => this.members.count;
    this.queues = new SerfQueues(context, {
      retransmitMult: 4,
      smallClusters: true,
      memberCount,
      room: () => 1_392,
      tally: new Tally(),
    });
    this.events = new UserEvents(context, this.queues, { holdMs: 0 });
    this.intents = new Intents(context, this.members, this.queues);
    this.shared = new SharedState(context, this.members, this.events, this.intents);
  }

  /** Makes members alive. */
  join(now: number, ...names: string[]): this {
    for (const name of names) this.members.joined(now, swimNode(name));
    return this;
  }

  /** Makes live members failed. */
  fail(now: number, ...names: string[]): this {
    for (const name of names) this.members.left(now, swimNode(name), false);
    return this;
  }

  /** Makes live members left. */
  leave(now: number, ...names: string[]): this {
    for (const name of names) {
      const lamportTime = this.context.clocks.members.take();
      this.members.leaveIntent(now, { type: "leave", lamportTime, node: name, prune: false });
      this.members.left(now, swimNode(name), false);
    }
    return this;
  }

  /** Takes what was emitted since the last call, as `type names`; user events as `user name`. */
  emitted(): string[] {
    this.events.flush();
    return this.context.outbox.drain().flatMap((effect) => {
      if (effect.kind !== "emit") return [];
      const { event } = effect;
      return "members" in event
        ? [`${event.type} ${event.members.map(({ name }) => name).join()}`]
        : [`${event.type} ${event.name}`];
    });
  }

  /** Merges a peer's state in one turn. */
  merge(now: number, bytes: Uint8Array, join: boolean): void {
    finish(this.shared.merge({ now }, bytes, { join, reply: join }));
  }

  /** The status of a member, or `undefined`. */
  status(name: string): string | undefined {
    return this.members.find(name)?.status;
  }

  /** The intents that a packet would contain now. */
  queuedIntents(): (SerfMessage | undefined)[] {
    return this.queues.intents
      .fetch({ overhead: 3, limit: 1_392, countMax: 100 })
      .map((bytes) => decodeMessage(bytes));
  }
}
