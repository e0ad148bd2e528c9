/**
 * The membership state machine: what alive, suspect and dead messages do to a node. An alive
 * message needs a strictly higher incarnation than the known one, an accusation an equal one; so an
 * accused node must refute, and its refutation is always enough (SWIM, section 4.2; memberlist
 * `state.go`).
 */

import { formatAddress, joinHostPort } from "../../net/address.ts";
import { noRow, type Row } from "../rows.ts";
import type { Alive, Dead, NodeState, Suspect } from "../wire/messages.ts";
import { NodeStateCode } from "../wire/messages.ts";
import { log, type SwimContext } from "./context.ts";
import { Disputes } from "./disputes.ts";
import { hasAddress, sameAnnouncement, sameMeta } from "./identity.ts";
import type { NodeStatus, Standing } from "./members.ts";
import { Suspicions } from "./suspicions.ts";
import { aliveFault, isAllowed, plausibleAccusation, plausibleAlive, versionsFault } from "./validity.ts";

/**
 * The rules of one node's view of the cluster: the new status of a member, by its status and by
 * whether the incarnation in the message is older than, equal to or newer than the known one:
 *
 * | message               | unknown | alive   | suspect | dead  | left  | ourselves |
 * | --------------------- | ------- | ------- | ------- | ----- | ----- | --------- |
 * | alive, older          | alive   | -       | -       | -     | -     | -         |
 * | alive, equal          | alive   | -       | -       | -     | -     | -         |
 * | alive, newer          | alive   | alive   | alive   | alive | alive | refute    |
 * | suspect, older        | -       | -       | -       | -     | -     | -         |
 * | suspect, equal        | -       | suspect | confirm | -     | -     | refute    |
 * | suspect, newer        | -       | suspect | confirm | -     | suspect | refute |
 * | dead, older           | -       | -       | -       | -     | -     | -         |
 * | dead, equal           | -       | dead    | dead    | -     | -     | refute    |
 * | dead, newer           | -       | dead    | dead    | -     | dead  | refute    |
 * | dead by itself, older | -       | -       | -       | -     | -     | -         |
 * | dead by itself, equal | -       | left    | left    | -     | -     | refute    |
 * | dead by itself, newer | -       | left    | left    | -     | -     | refute    |
 *
 * `-` ignores the message; everything else broadcasts it again, except that `refute` broadcasts an
 * alive message of our own with a higher incarnation instead. `confirm` shortens the suspicion. An
 * alive message about ourselves with our own incarnation is refuted too if its metadata or versions
 * differ from ours. A new address for a known name is a conflict, unless the member has left or has
 * been dead for long enough. Then memberlist takes any incarnation, this node only if it was dead. A member that left cannot be accused at a newer incarnation than it
 * announced, so it had returned.
 */
export class Membership {
  /** The suspicions that run. */
  readonly suspicions: Suspicions;
  readonly #context: SwimContext;
  readonly #disputes: Disputes;
  #incarnation = 0;
  #leaving = false;

  constructor(context: SwimContext) {
    this.#context = context;
    this.suspicions = new Suspicions(context);
    this.#disputes = new Disputes(context);
  }

  /** Makes the first announcement higher than `incarnation`, which is from before a restart. */
  resume(incarnation: number): void {
    this.#incarnation = Math.max(this.#incarnation, incarnation);
  }

  /** Announces this node with a new incarnation; calls `finished` when the broadcast is done. */
  announce(now: number, finished?: () => void): void {
    const { config, application } = this.#context;
    this.#incarnation += 1;
    const alive: Alive = {
      type: "alive",
      incarnation: this.#incarnation,
      node: config.name,
      address: config.address,
      port: config.port,
      meta: application.meta(),
      versions: this.versions,
    };
    this.alive(now, alive, { bootstrap: true, ...(finished === undefined ? {} : { finished }) });
  }

  /** Our own versions: PMin, PMax, PCur, DMin, DMax, DCur. */
  get versions(): Uint8Array {
    const { protocol, delegate } = this.#context.config;
    return new Uint8Array([1, 5, protocol, delegate.min, delegate.max, delegate.current]);
  }

  /** Broadcasts a dead message about and from ourselves; calls `finished` when that is done. */
  leave(now: number, finished: () => void): void {
    this.#leaving = true;
    const { config } = this.#context;
    const dead: Dead = {
      type: "dead",
      incarnation: this.#incarnation,
      node: config.name,
      from: config.name,
    };
    this.dead(now, dead, finished);
  }

  /** Takes a leave back: announces this node as alive again. */
  comeBack(now: number): void {
    this.#leaving = false;
    this.announce(now);
  }

  /** Makes members known that everybody knows: without a check, and without broadcasting them again. */
  adopt(all: readonly Standing[]): void {
    const { members, application } = this.#context;
    application.adopted(members.adopt(all), (row) => members.identity(row));
  }

  /** Applies an alive message (memberlist `aliveNode`). */
  alive(
    now: number,
    alive: Alive,
    options: { bootstrap: boolean; finished?: () => void } = { bootstrap: false },
  ): void {
    const { members, application, config } = this.#context;
    const isSelf = alive.node === config.name;
    if (isSelf && this.#leaving) return;
    let node = members.find(alive.node);
    // Most gossip is known already.
    if (node !== noRow && !isSelf && members.isRepetition(node, alive)) return;
    if (!this.#acceptable(alive)) return;
    let addressUpdate = false;
    const moved = node === noRow || !hasAddress(members.identity(node), alive);
    if (moved && !isAllowed(config, alive.address)) {
      log(
        this.#context,
        "WARN",
        `Rejected node ${alive.node} (${formatAddress(alive.address)}): not allowed`,
        "alive",
      );
      return;
    }
    if (node === noRow) {
      node = members.add(alive, now);
      if (node === noRow) {
        log(this.#context, "WARN", `Rejected node ${alive.node}: the member table is full`, "alive");
        return;
      }
    } else if (moved) {
      // Somebody missed that the member left, and believes it at an address that it had before.
      if (members.status(node) === "left" && alive.incarnation <= members.incarnation(node)) return;
      if (!this.#mayMove(now, node)) {
        this.#logConflict(node, alive);
        application.conflict(now, members.identity(node), alive);
        return;
      }
      addressUpdate = true;
    }
    const known = members.incarnation(node);
    if (!isSelf && !addressUpdate && alive.incarnation <= known) {
      if (alive.incarnation === known) this.#disputes.announced(now, node, alive);
      return;
    }
    if (isSelf && alive.incarnation < known) return;
    this.suspicions.end(alive.node);
    if (isSelf && !options.bootstrap) {
      if (alive.incarnation === known && sameAnnouncement(members.identity(node), alive)) return;
      log(
        this.#context,
        "WARN",
        `Refuting an alive message for '${alive.node}' (${joinHostPort(formatAddress(alive.address), alive.port)})`,
        "refutation",
      );
      this.#refute(node, alive.incarnation);
      this.#count("alive");
      return;
    }
    this.#count("alive");
    this.#accept(now, node, alive, options.finished);
  }

  /** Applies a suspect message (memberlist `suspectNode`). */
  suspect(now: number, suspect: Suspect): void {
    const { members, config } = this.#context;
    const node = members.find(suspect.node);
    if (node === noRow || !this.#believes(node, suspect)) return;
    if (this.suspicions.find(suspect.node) !== undefined) {
      if (this.suspicions.confirm(now, suspect.node, suspect.from)) {
        this.#broadcast(suspect);
        this.suspicions.accused(now, suspect.node);
      }
      return;
    }
    this.#noticeReturn(now, node, suspect);
    if (members.status(node) !== "alive") return;
    if (suspect.node === config.name) {
      log(this.#context, "WARN", `Refuting a suspect message (from: ${suspect.from})`, "refutation");
      this.#refute(node, suspect.incarnation);
      return;
    }
    this.#broadcast(suspect);
    this.#count("suspect");
    members.change(node, "suspect", suspect.incarnation, now);
    this.suspicions.begin(now, members.name(node), suspect.from);
    this.suspicions.accused(now, suspect.node);
  }

  /**
   * Applies a dead message (memberlist `deadNode`). Calls `finished` when its broadcast has been
   * sent often enough, or at once if the message is ignored.
   */
  dead(now: number, dead: Dead, finished?: () => void): void {
    const { members, application, config } = this.#context;
    const node = members.find(dead.node);
    if (node === noRow || !this.#believes(node, dead)) {
      finished?.();
      return;
    }
    this.suspicions.end(dead.node);
    const byItself = dead.from === dead.node;
    if (!byItself) this.#noticeReturn(now, node, dead);
    if (!members.isLive(node)) {
      finished?.();
      return;
    }
    if (dead.node === config.name && !this.#leaving) {
      log(this.#context, "WARN", `Refuting a dead message (from: ${dead.from})`, "refutation");
      this.#refute(node, dead.incarnation);
      return;
    }
    this.#broadcast(dead, finished);
    this.#count("dead");
    members.change(node, byItself ? "left" : "dead", dead.incarnation, now);
    application.left(now, members.identity(node), byItself);
  }

  /**
   * Applies one entry of a push/pull (memberlist `mergeState`). An entry "dead" only begins a
   * suspicion, so that the node can refute; "left" is applied.
   */
  merge(now: number, entry: NodeState): void {
    const { node, incarnation } = entry;
    switch (entry.state) {
      case NodeStateCode.alive:
        this.alive(now, { ...entry, type: "alive" });
        return;
      case NodeStateCode.left:
        this.dead(now, { type: "dead", incarnation, node, from: node });
        return;
      case NodeStateCode.dead:
      case NodeStateCode.suspect:
        // A newer incarnation of a member that left: it had returned, and this node missed that.
        if (this.#statusOf(node) === "left") this.alive(now, { ...entry, type: "alive" });
        this.suspect(now, { type: "suspect", incarnation, node, from: this.#context.config.name });
        return;
    }
  }

  /** Declares a suspect dead, because its suspicion expired (memberlist, in `suspectNode`). */
  suspicionExpired(now: number, name: string): void {
    const { members } = this.#context;
    const suspicion = this.suspicions.find(name);
    if (suspicion === undefined || this.#statusOf(name) !== "suspect") return;
    if (suspicion.confirmations < suspicion.expected)
      this.#context.outbox.meter?.incr("memberlist.degraded.timeout", 1);
    log(
      this.#context,
      "INFO",
      `Marking ${name} as failed, suspect timeout reached (${suspicion.confirmations} peer confirmations)`,
    );
    const from = this.#context.config.name;
    const incarnation = members.incarnation(members.find(name));
    this.dead(now, { type: "dead", incarnation, node: name, from });
  }

  /**
   * Ends the suspicion of `name` at `incarnation`, because it replied to a last check. Returns
   * false if there is no such suspicion any more.
   */
  clearSuspicion(now: number, name: string, incarnation: number): boolean {
    const { members } = this.#context;
    const node = members.find(name);
    if (this.#statusOf(name) !== "suspect" || members.incarnation(node) !== incarnation) return false;
    this.suspicions.end(name);
    members.change(node, "alive", incarnation, now);
    return true;
  }

  /** Removes nodes that are long dead or left and shuffles the rest (memberlist `resetNodes`). */
  reap(now: number): void {
    const { members, config } = this.#context;
    members.reap(
      (node) => members.name(node) === config.name || members.goneFor(node, now) <= config.gossipToTheDeadMs,
    );
  }

  #acceptable(alive: Alive): boolean {
    const fault = aliveFault(alive);
    if (fault !== undefined) {
      log(
        this.#context,
        "WARN",
        `Ignoring an alive message for ${JSON.stringify(alive.node)}: ${fault}`,
        "alive",
      );
      return false;
    }
    const versions = versionsFault(alive.versions);
    if (versions !== undefined) {
      log(
        this.#context,
        "WARN",
        `Ignoring an alive message for '${alive.node}' (${joinHostPort(formatAddress(alive.address), alive.port)}) because ${versions}`,
        "alive",
      );
      return false;
    }
    const { members } = this.#context;
    const node = members.find(alive.node);
    if (!plausibleAlive(alive.incarnation, node === noRow ? 0 : members.incarnation(node))) {
      const text = `the incarnation ${alive.incarnation} is not plausible`;
      log(
        this.#context,
        "WARN",
        `Ignoring an alive message for ${JSON.stringify(alive.node)}: ${text}`,
        "alive",
      );
      return false;
    }
    const refusal = this.#context.application.admitAlive(alive);
    if (refusal !== undefined)
      log(this.#context, "WARN", `ignoring alive message for '${alive.node}': ${refusal}`, "alive");
    return refusal === undefined;
  }

  /** Returns whether an accusation is not outdated, and can be right. */
  #believes(node: Row, { incarnation }: Suspect | Dead): boolean {
    const known = this.#context.members.incarnation(node);
    return incarnation >= known && plausibleAccusation(incarnation, known);
  }

  /**
   * Makes a member alive that left, if it is accused at a newer incarnation: it has announced that, so
   * it had returned, and this node missed it. memberlist ignores the accusation.
   */
  #noticeReturn(now: number, node: Row, { node: name, incarnation }: Suspect | Dead): void {
    const { members, application, config } = this.#context;
    if (members.status(node) !== "left" || incarnation <= members.incarnation(node)) return;
    if (name === config.name) return;
    members.change(node, "alive", incarnation, now);
    application.joined(now, members.identity(node));
  }

  #statusOf(name: string): NodeStatus | undefined {
    const { members } = this.#context;
    const node = members.find(name);
    return node === noRow ? undefined : members.status(node);
  }

  #mayMove(now: number, node: Row): boolean {
    const { config, members } = this.#context;
    const status = members.status(node);
    if (status !== "dead" || config.deadNodeReclaimMs <= 0) return status === "left";
    return members.goneFor(node, now) > config.deadNodeReclaimMs;
  }

  #logConflict(node: Row, alive: Alive): void {
    const { members } = this.#context;
    const { name, endpoint } = members.identity(node);
    log(
      this.#context,
      "ERR",
      `Conflicting address for ${name}. Mine: ${joinHostPort(endpoint.host, endpoint.port)} ` +
        `Theirs: ${joinHostPort(formatAddress(alive.address), alive.port)} Old state: ${NodeStateCode[members.status(node)]}`,
      "conflict",
    );
  }

  #accept(now: number, node: Row, alive: Alive, finished: (() => void) | undefined): void {
    const { members, application } = this.#context;
    this.#broadcast(alive, finished);
    const before = members.status(node);
    const metaChanged = !sameMeta(members.identity(node).meta, alive.meta);
    members.announce(node, alive);
    if (before === "alive") members.renew(node, alive.incarnation);
    else members.change(node, "alive", alive.incarnation, now);
    if (before === "dead" || before === "left") application.joined(now, members.identity(node));
    else if (metaChanged) application.updated(now, members.identity(node));
  }

  #refute(self: Row, accused: number): void {
    const { members, awareness } = this.#context;
    this.#incarnation = Math.max(this.#incarnation, accused) + 1;
    members.renew(self, this.#incarnation);
    awareness.apply(1);
    const { name: node, address, endpoint, meta, versions } = members.identity(self);
    const { port } = endpoint;
    this.#broadcast({ type: "alive", incarnation: this.#incarnation, node, address, port, meta, versions });
  }

  #count(type: "alive" | "suspect" | "dead"): void {
    this.#context.outbox.meter?.incr(`memberlist.msg.${type}`, 1);
  }

  #broadcast(message: Alive | Suspect | Dead, finished?: () => void): void {
    this.#context.broadcasts.queue(this.#context.codec.encode(message), message.node, finished);
  }
}
