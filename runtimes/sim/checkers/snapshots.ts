/** The rule about snapshots: what a restart reads was true at some time. */

import type { MemberEvent } from "../../../src/core/serf/api.ts";
import type { SerfEffect } from "../../../src/core/serf/effects.ts";
import { replay } from "../../../src/core/serf/snapshot/format.ts";
import type { CoreNode } from "../cores/node.ts";
import { Rule } from "./rule.ts";

/** What the file of a node has to contain. */
interface Recorded {
  readonly alive: Set<string>;
  readonly failed: Set<string>;
  /** The time of the latest user event. */
  eventClock: bigint;
  /** What happened since the last record. */
  readonly pending: (() => void)[];
  /** Whether the node began to leave; it records nothing more then. */
  left: boolean;
}

/** The snapshot of a node replays to the state that it had when it last recorded something. */
export class SnapshotsReplay extends Rule {
  readonly name = "a snapshot replays to a state once held";
  readonly #recorded: (Recorded | undefined)[] = [];

  override started(_now: number, { index, disk, writesSnapshots }: CoreNode): void {
    // Without a file there is nothing to compare.
    if (!writesSnapshots) return;
    const { alive, failed, eventClock } = replay(new TextEncoder().encode(disk), false).state;
    this.#recorded[index] = {
      alive: new Set(alive.keys()),
      failed: new Set(failed.keys()),
      eventClock,
      pending: [],
      left: false,
    };
  }

  override effect(_now: number, node: CoreNode, effect: SerfEffect): void {
    const recorded = this.#recorded[node.index];
    if (recorded === undefined) return;
    if (node.core.state !== "alive") recorded.left = true;
    if (effect.kind === "record" || effect.kind === "compact") {
      for (const apply of recorded.pending.splice(0)) apply();
    } else if (effect.kind === "emit") {
      const { event } = effect;
      if ("members" in event) recorded.pending.push(() => applyMembers(recorded, event));
      else if (event.type === "user")
        recorded.pending.push(() => {
          if (event.lamportTime > recorded.eventClock) recorded.eventClock = event.lamportTime;
        });
    }
  }

  override crashed(now: number, node: CoreNode): void {
    const recorded = this.#recorded[node.index];
    if (recorded === undefined || recorded.left || node.disk === "") return;
    this.judged += 1;
    const { state } = replay(new TextEncoder().encode(node.disk), false);
    const { clocks, node: find } = pick(node);
    const faults = [
      differs("live members", state.alive.keys(), recorded.alive),
      differs("failed members", state.failed.keys(), recorded.failed),
      state.eventClock === recorded.eventClock
        ? ""
        : `event clock ${state.eventClock}, was ${recorded.eventClock}`,
      state.clock < clocks.members.time ? "" : `clock ${state.clock}, was below ${clocks.members.time}`,
      state.queryClock < clocks.queries.time ? "" : `query clock ${state.queryClock}`,
      state.incarnation <= (find?.incarnation ?? 0) ? "" : `incarnation ${state.incarnation}`,
    ];
    for (const fault of faults) if (fault !== "") this.fail(now, `the snapshot of ${node.name} has ${fault}`);
  }
}

function pick({ core, name }: CoreNode): {
  readonly clocks: ReturnType<CoreNode["core"]["inspect"]>["clocks"];
  readonly node: { readonly incarnation: number } | undefined;
} {
  const inspection = core.inspect();
  return { clocks: inspection.clocks, node: inspection.node(name) };
}

function applyMembers({ alive, failed }: Recorded, { type, members }: MemberEvent): void {
  for (const { name } of members) {
    if (type === "member-update") continue;
    alive.delete(name);
    failed.delete(name);
    if (type === "member-join") alive.add(name);
    else if (type === "member-failed") failed.add(name);
  }
}

function differs(what: string, found: Iterable<string>, expected: ReadonlySet<string>): string {
  const names = [...found].sort().join();
  const right = [...expected].sort().join();
  return names === right ? "" : `${what} ${names}, were ${right}`;
}
