/**
 * Evidence of a crash. When a program dies, its host lives on and refuses connections. So the two
 * neighbours of a member on the ring learn whether it takes connections, and look again when it is
 * silent: if its host refuses for long enough what it took before, they suspect it, each on its own
 * account. Whoever has such evidence, and learns that another member accuses it too, declares it dead
 * without waiting. Others only see a suspicion and a death, which the member can refute as usual.
 *
 * A refusal alone proves nothing: a firewall may refuse for ever, and a program that is restarted is
 * gone for a moment. A connection that hangs, or is reset, never counts.
 */

import { sameAddress } from "../../../net/address.ts";
import type { Address } from "../../../runtime.ts";
import { noRow, type Row } from "../../rows.ts";
import { SwimLimits } from "../config.ts";
import { log, type SwimContext } from "../context.ts";
import type { Ring } from "../gossip/ring.ts";
import type { Membership } from "../membership.ts";
import type { Answer } from "../streams/exchange.ts";
import type { Exchanges } from "../streams/exchanges.ts";
import type { LastCheck } from "./last_check.ts";

/** When to knock again at a port that took our connection, and at one that did not. */
const renewMs = 300_000;
const retryMs = 10_000;

/** How many refusals in a row show that a port of a member that nobody doubts proves nothing. */
const refusalsMax = 2;

/** How often a member that refused once is pinged before it may refuse again. */
const pingsMax = 4;

/** The time over which {@link SwimLimits.knocks} counts. */
const windowMs = 1_000;

/** What this node knows of the TCP port of a member that it watches. */
interface Port {
  readonly endpoint: Address;
  /** Whether the port took a connection of ours. */
  taken: boolean;
  /** How often in a row it refused one, while nobody doubted the member. */
  refusals: number;
  /** When to knock next. */
  knockAt: number;
}

/** A look at a member that is doubted. */
interface Check {
  readonly endpoint: Address;
  readonly incarnation: number;
  /** When it refused us first; `undefined` before that. */
  since: number | undefined;
  /** How often it was pinged since. */
  pings: number;
}

/** Looks after the neighbours of one node on the ring. */
export class Witness {
  readonly #context: SwimContext;
  readonly #ring: Ring;
  readonly #membership: Membership;
  readonly #exchanges: Exchanges;
  readonly #lastCheck: LastCheck;
  readonly #isActive: boolean;
  /** By the names of those that are watched: two at most. */
  readonly #ports = new Map<string, Port>();
  /** By the names of those that were watched when the check began. */
  readonly #checks = new Map<string, Check>();
  /** Where a knock has not been answered yet. */
  readonly #knocking = new Set<string>();
  #windowAt = Number.NEGATIVE_INFINITY;
  #knocks = 0;
  #turn = 0;

  constructor(
    context: SwimContext,
    ring: Ring,
    membership: Membership,
    exchanges: Exchanges,
    lastCheck: LastCheck,
  ) {
    this.#context = context;
    this.#ring = ring;
    this.#membership = membership;
    this.#exchanges = exchanges;
    this.#lastCheck = lastCheck;
    const { rules, crashHoldMs } = context.config;
    this.#isActive = rules.crashEvidence && crashHoldMs > 0;
    if (this.#isActive) membership.suspicions.watch((now, name) => this.#accused(now, name));
  }

  /** Returns those who watch a member: the best helpers to ask about it. */
  witnessesOf(row: Row): Row[] {
    return this.#isActive ? this.#ring.neighboursOf(row) : [];
  }

  /** Returns the member whose turn it is among those that are watched, or {@link noRow}. */
  nextToProbe(): Row {
    const watched = this.#context.config.rules.probeNeighbours ? this.#watched : [];
    if (watched.length === 0) return noRow;
    this.#turn += 1;
    return watched[this.#turn % watched.length]!;
  }

  /** Learns once in a while whether the watched members take connections; one knock at each call. */
  acquaint(now: number): void {
    if (!this.#isActive) return;
    const { members } = this.#context;
    const watched = this.#watched;
    for (const name of this.#ports.keys()) {
      if (!watched.includes(members.find(name))) this.#ports.delete(name);
    }
    for (const row of watched) {
      const name = members.name(row);
      if (members.status(row) !== "alive" || this.#checks.has(name)) continue;
      const port = this.#portOf(now, row);
      if (now < port.knockAt || this.#knocking.has(name)) continue;
      port.knockAt = now + retryMs;
      this.#knock(now, row);
      return;
    }
  }

  /** Looks whether a member that is watched still takes connections, because somebody doubts it. */
  look(now: number, name: string): void {
    const { members } = this.#context;
    const row = members.find(name);
    if (!this.#isActive || row === noRow || !members.isLive(row) || !this.#watched.includes(row)) return;
    const running = this.#checks.get(name);
    if ((running !== undefined && this.#concerns(running, row)) || this.#isFresh(now, name)) return;
    this.#endCheck(name);
    const since = this.#membership.suspicions.find(name)?.provenSince;
    // Without a connection before, a refusal would prove nothing.
    if (!this.#portOf(now, row).taken && since === undefined) return;
    const { endpoint } = members.identity(row);
    this.#checks.set(name, { endpoint, incarnation: members.incarnation(row), since, pings: 0 });
    this.#knock(now, row);
  }

  /** Handles that a member replied to a ping: that outweighs every refusal. */
  replied(name: string): void {
    this.#endCheck(name);
    this.#membership.suspicions.find(name)?.disprove();
  }

  /** Pings a member that refused once, a few times, and then looks a second time. */
  due(now: number, name: string): void {
    const check = this.#checks.get(name);
    const row = this.#context.members.find(name);
    if (check === undefined || !this.#concerns(check, row)) this.#checks.delete(name);
    else if (check.pings < pingsMax) this.#ping(now, name, check);
    else this.#knock(now, row);
  }

  /** Ends all looks: after a stall, refusals may have waited for long. */
  forget(): void {
    for (const name of [...this.#checks.keys()]) this.#endCheck(name);
  }

  /** The members that this node watches. */
  get #watched(): readonly Row[] {
    const neighbours = this.#ring.neighbours;
    if (neighbours === undefined) return [];
    const { before, after } = neighbours;
    return before === after ? [after] : [before, after];
  }

  #endCheck(name: string): void {
    if (this.#checks.delete(name)) this.#context.timers.delete(`knock ${name}`);
  }

  #portOf(now: number, row: Row): Port {
    const { name, endpoint } = this.#context.members.identity(row);
    let port = this.#ports.get(name);
    if (port === undefined || !sameAddress(port.endpoint, endpoint)) {
      port = { endpoint, taken: false, refusals: 0, knockAt: now };
      this.#ports.set(name, port);
    }
    return port;
  }

  /** Knocks, unless a knock is under way or there were too many; then a check that waits for it ends. */
  #knock(now: number, row: Row): void {
    const { members, config } = this.#context;
    const { name, endpoint } = members.identity(row);
    if (this.#knocking.has(name)) return;
    if (now - this.#windowAt >= windowMs) {
      this.#windowAt = now;
      this.#knocks = 0;
    }
    if (this.#knocks === SwimLimits.knocks) {
      this.#checks.delete(name);
      return;
    }
    this.#knocks += 1;
    this.#knocking.add(name);
    this.#exchanges.knock(now, endpoint, config.probeTimeoutMs, (later, answer) => {
      this.#knocking.delete(name);
      // What comes later waited in this node.
      const isLate = later - now > config.probeTimeoutMs;
      this.#answered(later, name, endpoint, isLate ? "nothing" : answer);
    });
  }

  #answered(now: number, name: string, endpoint: Address, answer: Answer): void {
    const port = this.#ports.get(name);
    const known = port !== undefined && sameAddress(port.endpoint, endpoint) ? port : undefined;
    const check = this.#checks.get(name);
    if (known !== undefined) learn(known, now, answer, check !== undefined);
    if (check === undefined) return;
    const row = this.#context.members.find(name);
    if (answer !== "refused" || !this.#concerns(check, row) || !sameAddress(check.endpoint, endpoint)) {
      this.#checks.delete(name);
    } else if (check.since === undefined) {
      check.since = now;
      this.#ping(now, name, check);
    } else {
      this.#checks.delete(name);
      // Should the member refute this, its port has to take a connection again before it proves anything.
      if (known !== undefined) Object.assign(known, { taken: false, knockAt: now + retryMs });
      this.#prove(now, name, check.incarnation, check.since);
    }
  }

  /** Pings a member whose host refuses: it may be alive behind a firewall. The pings fill the hold. */
  #ping(now: number, name: string, check: Check): void {
    const { timers, config } = this.#context;
    check.pings += 1;
    this.#lastCheck.ping(now, name);
    timers.set(`knock ${name}`, now + config.crashHoldMs / pingsMax, { kind: "knock", node: name });
  }

  /** Returns whether a check is about what a member still is. */
  #concerns({ endpoint, incarnation }: Check, row: Row): boolean {
    const { members } = this.#context;
    if (row === noRow || !members.isLive(row) || members.incarnation(row) !== incarnation) return false;
    return sameAddress(members.identity(row).endpoint, endpoint);
  }

  #prove(now: number, name: string, incarnation: number, since: number): void {
    const from = this.#context.config.name;
    this.#membership.suspect(now, { type: "suspect", incarnation, node: name, from });
    this.#membership.suspicions.find(name)?.prove(since, now);
    this.#judge(now, name);
  }

  /** Handles that somebody accuses a member, which is a suspect then. */
  #accused(now: number, name: string): void {
    this.#judge(now, name);
    this.look(now, name);
  }

  #isFresh(now: number, name: string): boolean {
    const provenAt = this.#membership.suspicions.find(name)?.provenAt ?? Number.NEGATIVE_INFINITY;
    return now - provenAt <= this.#context.config.probeIntervalMs;
  }

  /** Declares a suspect dead if fresh evidence and the accusation of another member agree. */
  #judge(now: number, name: string): void {
    const { members, config } = this.#context;
    const suspicion = this.#membership.suspicions.find(name);
    if (!this.#isFresh(now, name) || suspicion?.isAccusedByOther(config.name) !== true) return;
    log(this.#context, "INFO", `Marking ${name} as failed, its host refuses connections`);
    const incarnation = members.incarnation(members.find(name));
    this.#membership.dead(now, { type: "dead", incarnation, node: name, from: config.name });
  }
}

/** Takes an answer into account. Refusals of a member that is doubted say nothing about its port. */
function learn(port: Port, now: number, answer: Answer, isDoubted: boolean): void {
  switch (answer) {
    case "taken":
      port.taken = true;
      port.refusals = 0;
      port.knockAt = now + renewMs;
      return;
    case "refused":
      if (isDoubted) return;
      port.refusals += 1;
      if (port.refusals >= refusalsMax) port.taken = false;
      return;
    case "nothing":
      return;
  }
}
