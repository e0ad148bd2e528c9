/** The rule about snapshots: what a restart reads was true at some time. */

import type { MemberEvent, SerfEvent } from "../../../src/core/serf/api.ts";
import type { SerfEffect } from "../../../src/core/serf/effects.ts";
import { replay, type SnapshotState } from "../../../src/core/serf/snapshot/format.ts";
import { joinHostPort } from "../../../src/net/address.ts";
import type { CoreNode } from "../cores/node.ts";
import { Rule } from "./rule.ts";

/** What a file replays to, as far as events say it. */
interface Content {
  /** Names to addresses. */
  readonly alive: Map<string, string>;
  readonly failed: Map<string, string>;
  /** The time of the latest user event. */
  eventClock: bigint;
}

/** What the file of a node has to contain. */
interface Recorded {
  /** The oldest state that is remembered. */
  readonly base: Content;
  /** What happened since then. */
  readonly changes: SerfEvent[];
  /** How many of the changes had happened when the node last recorded something. */
  count: number;
  /** How often the file had been replaced when that was looked at last. */
  replacements: number;
  /** Whether the node began to leave; it records nothing more then. */
  left: boolean;
}

/** The number of changes that are remembered; while a disk is full, all are. */
const changesMax = 2_048;

/**
 * The snapshot of a node replays to the state that it had when it last recorded something. If its disk
 * is full, or lost what was written last, the state is an older one of this node.
 */
export class SnapshotsReplay extends Rule {
  readonly name = "a snapshot replays to a state once held";
  readonly #recorded: (Recorded | undefined)[] = [];

  override started(now: number, node: CoreNode): void {
    // Without a file there is nothing to compare.
    if (!node.writesSnapshots) return;
    const { alive, failed, eventClock } = stateOf(node);
    const content = { alive, failed, eventClock };
    const before = this.#recorded[node.index];
    if (before !== undefined && !before.left) {
      this.judged += 1;
      if (!wasHeld(before, content))
        this.fail(now, `${node.name} starts from a snapshot of what never was: ${describe(content)}`);
    }
    const { replacements } = node.disk;
    this.#recorded[node.index] = { base: content, changes: [], count: 0, replacements, left: false };
  }

  override effect(_now: number, node: CoreNode, effect: SerfEffect): void {
    const recorded = this.#recorded[node.index];
    if (recorded === undefined) return;
    if (node.core.state !== "alive") recorded.left = true;
    lookAtDisk(recorded, node);
    if (effect.kind === "record" || effect.kind === "compact") {
      recorded.count = recorded.changes.length;
      if (recorded.count > changesMax && !node.disk.behind) forget(recorded);
    } else if (effect.kind === "emit") {
      const { event } = effect;
      if ("members" in event || event.type === "user") recorded.changes.push(event);
    }
  }

  override crashed(now: number, node: CoreNode): void {
    this.#judge(now, node);
  }

  override quiet(now: number): void {
    for (const node of this.scene.nodes) if (node?.running === true) this.#judge(now, node);
  }

  #judge(now: number, node: CoreNode): void {
    const recorded = this.#recorded[node.index];
    if (recorded === undefined || recorded.left || node.disk.file === "") return;
    lookAtDisk(recorded, node);
    this.judged += 1;
    const state = stateOf(node);
    const { clocks, node: find } = pick(node);
    const faults = [
      // What is missing is looked at when the node starts from it.
      ...(node.disk.behind ? [] : differences(state, contentOf(recorded))),
      state.clock < clocks.members.time ? "" : `clock ${state.clock}, was below ${clocks.members.time}`,
      state.queryClock < clocks.queries.time ? "" : `query clock ${state.queryClock}`,
      // A node that has only just been started has not announced itself yet.
      state.incarnation <= (find?.incarnation ?? Number.POSITIVE_INFINITY)
        ? ""
        : `incarnation ${state.incarnation}`,
    ];
    for (const fault of faults) if (fault !== "") this.fail(now, `the snapshot of ${node.name} has ${fault}`);
  }
}

function stateOf({ disk }: CoreNode): SnapshotState {
  return replay(new TextEncoder().encode(disk.file), false).state;
}

function pick({ core, name }: CoreNode): {
  readonly clocks: ReturnType<CoreNode["core"]["inspect"]>["clocks"];
  readonly node: { readonly incarnation: number } | undefined;
} {
  const inspection = core.inspect();
  return { clocks: inspection.clocks, node: inspection.node(name) };
}

/** A file that was replaced has all that had happened until then. */
function lookAtDisk(recorded: Recorded, { disk }: CoreNode): void {
  if (disk.replacements === recorded.replacements) return;
  recorded.replacements = disk.replacements;
  recorded.count = recorded.changes.length;
}

/** Forgets the older half of the changes, which no power cut brings back. */
function forget(recorded: Recorded): void {
  const forgotten = recorded.changes.splice(0, changesMax / 2);
  for (const event of forgotten) apply(recorded.base, event);
  recorded.count -= forgotten.length;
}

/** Returns what a node recorded last. */
function contentOf({ base, changes, count }: Recorded): Content {
  const content = copyOf(base);
  for (const event of changes.slice(0, count)) apply(content, event);
  return content;
}

/** Returns whether a node was in a state at some time of its last life. */
function wasHeld({ base, changes, count }: Recorded, { alive, failed, eventClock }: Content): boolean {
  const content = copyOf(base);
  const isHeld = (): boolean =>
    content.eventClock === eventClock && isSame(content.alive, alive) && isSame(content.failed, failed);
  if (isHeld()) return true;
  for (const event of changes.slice(0, count)) {
    // Members of one event have a line each, which a torn file may end between.
    const parts =
      "members" in event ? event.members.map((member) => ({ ...event, members: [member] })) : [event];
    for (const part of parts) {
      apply(content, part);
      if (isHeld()) return true;
    }
  }
  return false;
}

function copyOf({ alive, failed, eventClock }: Content): Content {
  return { alive: new Map(alive), failed: new Map(failed), eventClock };
}

function apply(content: Content, event: SerfEvent): void {
  if ("members" in event) applyMembers(content, event);
  else if (event.type === "user" && event.lamportTime > content.eventClock)
    content.eventClock = event.lamportTime;
}

function applyMembers({ alive, failed }: Content, { type, members }: MemberEvent): void {
  for (const member of members) {
    const { name } = member;
    const address = joinHostPort(member.address, member.port);
    if (type === "member-update") {
      if (alive.has(name)) alive.set(name, address);
      continue;
    }
    alive.delete(name);
    failed.delete(name);
    if (type === "member-join") alive.set(name, address);
    else if (type === "member-failed") failed.set(name, address);
  }
}

function isSame(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  if (a.size !== b.size) return false;
  for (const [name, address] of a) if (b.get(name) !== address) return false;
  return true;
}

function describe({ alive, failed, eventClock }: Content): string {
  return `live ${list(alive)}, failed ${list(failed)}, event clock ${eventClock}`;
}

/** Returns how a file differs from what was recorded; empty where it does not. */
function differences({ alive, failed, eventClock }: SnapshotState, recorded: Content): string[] {
  return [
    differs("live members", alive, recorded.alive),
    differs("failed members", failed, recorded.failed),
    eventClock === recorded.eventClock ? "" : `event clock ${eventClock}, was ${recorded.eventClock}`,
  ];
}

function differs(
  what: string,
  found: ReadonlyMap<string, string>,
  expected: ReadonlyMap<string, string>,
): string {
  return isSame(found, expected) ? "" : `${what} ${list(found)}, were ${list(expected)}`;
}

function list(members: ReadonlyMap<string, string>): string {
  return [...members]
    .map(([name, address]) => `${name} ${address}`)
    .sort()
    .join();
}
