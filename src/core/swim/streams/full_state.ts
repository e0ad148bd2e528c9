/**
 * The full state that two nodes exchange by push/pull: what we send, and how a peer's is checked
 * and merged (memberlist `sendLocalState`, `mergeRemoteState`, `verifyProtocol`). One incompatible
 * version on either side refuses the whole merge.
 */

import { utf8Length } from "../../bytes.ts";
import { Limits } from "../../wire/limits.ts";
import { type NodeState, NodeStateCode, type PushPull } from "../../wire/messages.ts";
import { log, type SwimContext } from "../context.ts";
import { isLive, type Node, versionIndex } from "../members.ts";
import type { Membership } from "../membership.ts";

/** How many entries of a state are merged at once. A ping waits no longer than that takes. */
const sliceMax = 512;

/** How many large states are merged side by side; each is held until it is merged. */
const mergesMax = 4;

/** What encoding an entry adds to its name, address, metadata and versions in bytes, at most. */
const entryOverhead = 96;

/** What the header of the message and encryption add in bytes, at most. */
const frameOverhead = 1_024;

/** A state that is being merged. */
interface Merge {
  readonly nodes: readonly NodeState[];
  /** The index of the next entry. */
  next: number;
  readonly remote: PushPull;
  readonly finished: (now: number) => void;
}

/** Builds, checks and merges full state. */
export class FullState {
  readonly #context: SwimContext;
  readonly #membership: Membership;
  /** Large states that are partly merged, oldest first. */
  readonly #merges: Merge[] = [];

  constructor(context: SwimContext, membership: Membership) {
    this.#context = context;
    this.#membership = membership;
  }

  /**
   * Returns the full state of this node as a message. If all members do not fit a frame, it leaves
   * out some: first those that are gone, then others by the order of probing, which is random. So
   * every push/pull has a different part of the cluster.
   */
  local(join: boolean): PushPull {
    this.#countStates();
    const userState = this.#context.application.localState();
    const nodes = this.#fitting(Limits.frame - frameOverhead - userState.length).map(
      (node): NodeState => ({
        node: node.name,
        address: node.address,
        port: node.endpoint.port,
        meta: node.meta,
        incarnation: node.incarnation,
        state: NodeStateCode[node.status],
        versions: node.versions,
      }),
    );
    return { type: "pushPull", join, nodes, userState };
  }

  /**
   * Merges a peer's state. Returns a reason if it was refused; then nothing was merged. Calls
   * `finished` when everything is merged: a large state goes in slices, between which other inputs
   * are handled.
   */
  merge(now: number, remote: PushPull, finished: (now: number) => void): string | undefined {
    const { application, members } = this.#context;
    if (remote.nodes.length > sliceMax && this.#merges.length >= mergesMax) return "too many large merges";
    const nodes = this.#withPorts(remote.nodes);
    const refusal =
      incompatibility(nodes, members.list) ?? (remote.join ? application.admitMerge(nodes) : undefined);
    if (refusal !== undefined) return refusal;
    const merge = { nodes, next: 0, remote, finished };
    if (!this.#slice(now, merge)) {
      this.#merges.push(merge);
      this.#context.timers.set("merge", now + 1, { kind: "merge" });
    }
    return undefined;
  }

  /** Sets the port of entries that come without one. */
  #withPorts(nodes: readonly NodeState[]): readonly NodeState[] {
    const { protocol, bindPort } = this.#context.config;
    const lacks = (entry: NodeState): boolean => entry.port === 0 || protocol < 2;
    if (!nodes.some(lacks)) return nodes;
    return nodes.map((entry) => (lacks(entry) ? { ...entry, port: bindPort } : entry));
  }

  /** Merges the next slice of the oldest large state. */
  mergeNext(now: number): void {
    const merge = this.#merges[0];
    if (merge === undefined) return;
    if (this.#slice(now, merge)) this.#merges.shift();
    if (this.#merges.length > 0) this.#context.timers.set("merge", now + 1, { kind: "merge" });
  }

  /** Merges up to {@link sliceMax} entries. Returns whether the merge is finished. */
  #slice(now: number, merge: Merge): boolean {
    const end = Math.min(merge.nodes.length, merge.next + sliceMax);
    for (; merge.next < end; merge.next++) this.#membership.merge(now, merge.nodes[merge.next]!);
    if (merge.next < merge.nodes.length) return false;
    const { userState, join } = merge.remote;
    if (userState.length > 0) this.#context.application.mergeRemoteState(now, userState, join);
    merge.finished(now);
    return true;
  }

  /** Returns the members whose entries fit `limit` bytes, in the order of probing if those are all. */
  #fitting(limit: number): readonly Node[] {
    const { members, config } = this.#context;
    const all = members.list;
    let free = limit;
    if (all.reduce((sum, node) => sum + sizeOf(node), 0) <= free) return all;
    const rank = (node: Node): number => (node.name === config.name ? 0 : isLive(node) ? 1 : 2);
    const fitting = all.toSorted((a, b) => rank(a) - rank(b)).filter((node) => (free -= sizeOf(node)) >= 0);
    const text = `the state is too large for a push/pull: ${all.length - fitting.length} members are left out`;
    log(this.#context, "WARN", text, "stream");
    return fitting;
  }

  #countStates(): void {
    const { meter } = this.#context.outbox;
    if (meter === undefined) return;
    const counts = { alive: 0, left: 0, dead: 0, suspect: 0 };
    for (const { status } of this.#context.members.list) counts[status] += 1;
    for (const [status, count] of Object.entries(counts))
      meter.gauge(`memberlist.node.instances.${status}`, count);
  }
}

/** Returns the bytes that a member takes in a push/pull, at most. */
function sizeOf({ name, address, meta, versions }: Node): number {
  return utf8Length(name) + address.length + (meta?.length ?? 0) + versions.length + entryOverhead;
}

/** Returns why two views cannot be merged (memberlist `verifyProtocol`), or `undefined`. */
function incompatibility(remote: readonly NodeState[], local: readonly Node[]): string | undefined {
  const range = { protocolMin: 0, protocolMax: 255, delegateMin: 0, delegateMax: 255 };
  // Entries that follow each other mostly share their versions, so that this is fast.
  let seen: Uint8Array | undefined;
  for (const { state, versions } of remote) {
    if (versions === seen || state !== NodeStateCode.alive) continue;
    narrow(range, versions);
    seen = versions;
  }
  for (const node of local) if (isLive(node)) narrow(range, node.versions);
  seen = undefined;
  for (const { node, versions } of remote) {
    const fault = versions === seen ? undefined : outside(range, node, versions);
    if (fault !== undefined) return fault;
    seen = versions;
  }
  for (const { name, versions } of local) {
    const fault = outside(range, name, versions);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** The versions that all live nodes support. */
interface Supported {
  protocolMin: number;
  protocolMax: number;
  delegateMin: number;
  delegateMax: number;
}

function narrow(range: Supported, versions: Uint8Array): void {
  if (versions.length < 5) return;
  range.protocolMin = Math.max(range.protocolMin, versions[versionIndex.protocolMin]!);
  range.protocolMax = Math.min(range.protocolMax, versions[versionIndex.protocolMax]!);
  range.delegateMin = Math.max(range.delegateMin, versions[versionIndex.delegateMin]!);
  range.delegateMax = Math.min(range.delegateMax, versions[versionIndex.delegateMax]!);
}

/** Returns why the versions that a node uses are not supported by all, or `undefined`. */
function outside(range: Supported, name: string, versions: Uint8Array): string | undefined {
  const complete = versions.length >= 6;
  const protocol = complete ? versions[versionIndex.protocol]! : 0;
  const delegate = complete ? versions[versionIndex.delegate]! : 0;
  if (protocol < range.protocolMin || protocol > range.protocolMax) {
    return `node '${name}' protocol version (${protocol}) is incompatible: [${range.protocolMin}, ${range.protocolMax}]`;
  }
  if (delegate < range.delegateMin || delegate > range.delegateMax) {
    return `node '${name}' delegate protocol version (${delegate}) is incompatible: [${range.delegateMin}, ${range.delegateMax}]`;
  }
  return undefined;
}
