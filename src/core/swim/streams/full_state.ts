/**
 * The full state that two nodes exchange by push/pull: what we send, and how a peer's is checked
 * and merged (memberlist `sendLocalState`, `mergeRemoteState`, `verifyProtocol`). One incompatible
 * version on either side refuses the whole merge.
 */

import { utf8Length } from "../../bytes.ts";
import { type Job, Jobs, type Turn, visit } from "../../jobs.ts";
import type { Row } from "../../rows.ts";
import { Limits } from "../../wire/limits.ts";
import { type NodeState, NodeStateCode, type PushPull } from "../../wire/messages.ts";
import type { StateExchange } from "../application.ts";
import { log, type SwimContext } from "../context.ts";
import { versionIndex } from "../identity.ts";
import type { Members } from "../members.ts";
import type { Membership } from "../membership.ts";

/** How many entries of a state are merged at once. A ping waits no longer than that takes. */
const sliceMax = 512;

/** How many entries are checked, or listed for our own state, at once. */
const listedAtOnce = 4_096;

/** Up to how many bytes the application's part of a state is small, so that it is merged at once. */
const userStateSmall = 16_384;

/** How many large states are merged side by side; each is held until it is merged. */
const mergesMax = 4;

/** What encoding an entry adds to its name, address, metadata and versions in bytes, at most. */
const entryOverhead = 96;

/** What the header of the message and encryption add in bytes, at most. */
const frameOverhead = 1_024;

/** Builds, checks and merges full state. */
export class FullState {
  readonly #context: SwimContext;
  readonly #membership: Membership;
  /** Large states that are partly merged. */
  readonly #merges: Jobs;

  constructor(context: SwimContext, membership: Membership) {
    this.#context = context;
    this.#membership = membership;
    this.#merges = new Jobs((at) => context.timers.set("merge", at, { kind: "mergeJob" }));
  }

  /** Whether encoding our own state may take more than one turn. */
  get isLarge(): boolean {
    return this.#context.members.count > sliceMax;
  }

  /**
   * Returns the full state of this node as a message. If all members do not fit a frame, it leaves
   * out some: first those that are gone, then others by the order of probing, which is random. So
   * every push/pull has a different part of the cluster.
   */
  *local(join: boolean): Job<PushPull> {
    this.#countStates();
    const userState = yield* this.#context.application.localState();
    const nodes = yield* this.#fitting(Limits.frame - frameOverhead - userState.length);
    return { type: "pushPull", join, nodes, userState };
  }

  /**
   * Merges a peer's state, which is a `reply` if this node began the push/pull. Returns a reason if it was refused; then nothing was merged. Calls
   * `finished` when everything is merged, or with a reason when the merge was dropped: a large state
   * goes in slices, between which other inputs are handled.
   */
  *merge(
    turn: Turn,
    remote: PushPull,
    reply: boolean,
    finished: (now: number, error: string | undefined) => void,
  ): Job<string | undefined> {
    const { application, members } = this.#context;
    const isLarge = remote.nodes.length > sliceMax || remote.userState.length > userStateSmall;
    if (isLarge && this.#merges.count >= mergesMax) return "too many large merges";
    const nodes = yield* this.#withPorts(remote.nodes);
    const refusal =
      (yield* incompatibility(nodes, members)) ??
      (remote.join ? yield* application.admitMerge(nodes) : undefined);
    if (refusal !== undefined) return refusal;
    this.#merges.begin(turn.now, isAlwaysWanted, (slice) =>
      this.#mergeAll(slice, nodes, { ...remote, reply }, finished),
    );
    return undefined;
  }

  /** Merges the next slice of the oldest large state. */
  mergeNext(now: number): void {
    this.#merges.next(now);
  }

  /** Drops the large states that are partly merged. */
  stop(now: number): void {
    this.#merges.stop(now);
  }

  *#mergeAll(
    turn: Turn,
    nodes: readonly NodeState[],
    { userState, join, reply }: PushPull & StateExchange,
    finished: (now: number, error: string | undefined) => void,
  ): Job {
    let error: string | undefined = "this node stops";
    try {
      for (const [index, node] of nodes.entries()) {
        if (index > 0 && index % sliceMax === 0) yield;
        this.#membership.merge(turn.now, node);
      }
      if (userState.length > 0)
        yield* this.#context.application.mergeRemoteState(turn, userState, { join, reply });
      error = undefined;
    } finally {
      finished(turn.now, error);
    }
  }

  /** Sets the port of entries that come without one. */
  *#withPorts(nodes: readonly NodeState[]): Job<readonly NodeState[]> {
    const { protocol, bindPort } = this.#context.config;
    const lacks = (entry: NodeState): boolean => entry.port === 0 || protocol < 2;
    if (!nodes.some(lacks)) return nodes;
    const complete: NodeState[] = [];
    for (const entry of nodes) {
      complete.push(lacks(entry) ? { ...entry, port: bindPort } : entry);
      if (complete.length % listedAtOnce === 0) yield;
    }
    return complete;
  }

  /** Returns the members whose entries fit `limit` bytes, in the order of probing if those are all. */
  *#fitting(limit: number): Job<readonly NodeState[]> {
    const { members, config } = this.#context;
    const all: NodeState[] = [];
    let size = 0;
    for (const row of [...members.order]) {
      // Members may be forgotten between slices.
      if (!members.has(row)) continue;
      const state = stateOf(members, row);
      all.push(state);
      size += sizeOf(state);
      if (all.length % listedAtOnce === 0) yield;
    }
    if (size <= limit) return all;
    const rank = ({ node, state }: NodeState): number =>
      node === config.name ? 0 : state === NodeStateCode.alive || state === NodeStateCode.suspect ? 1 : 2;
    const fitting: NodeState[] = [];
    let free = limit;
    for (const wanted of [0, 1, 2]) {
      for (const [index, state] of all.entries()) {
        if (rank(state) === wanted && (free -= sizeOf(state)) >= 0) fitting.push(state);
        if (index % listedAtOnce === listedAtOnce - 1) yield;
      }
    }
    const text = `the state is too large for a push/pull: ${all.length - fitting.length} members are left out`;
    log(this.#context, "WARN", text, "stream");
    return fitting;
  }

  #countStates(): void {
    const { outbox, members } = this.#context;
    for (const status of ["alive", "left", "dead", "suspect"] as const)
      outbox.meter?.gauge(`memberlist.node.instances.${status}`, members.countOf(status));
  }
}

function isAlwaysWanted(): boolean {
  return true;
}

/** Returns the entry of a member in a push/pull. */
function stateOf(members: Members, row: Row): NodeState {
  const identity = members.identity(row);
  const incarnation = members.incarnation(row);
  const state = NodeStateCode[members.status(row)];
  const last = identity.entry;
  if (last !== undefined && last.incarnation === incarnation && last.state === state) return last;
  const { name: node, address, endpoint, meta, versions } = identity;
  identity.entry = { node, address, port: endpoint.port, meta, incarnation, state, versions };
  return identity.entry;
}

/** Returns the bytes that an entry takes in a push/pull, at most. */
function sizeOf({ node, address, meta, versions }: NodeState): number {
  return utf8Length(node) + address.length + (meta?.length ?? 0) + versions.length + entryOverhead;
}

/** Returns why two views cannot be merged (memberlist `verifyProtocol`), or `undefined`. */
function* incompatibility(remote: readonly NodeState[], members: Members): Job<string | undefined> {
  const range = { protocolMin: 0, protocolMax: 255, delegateMin: 0, delegateMax: 255 };
  // Entries that follow each other mostly share their versions, so that this is fast.
  let seen: Uint8Array | undefined;
  const support = (versions: Uint8Array): void => {
    if (versions !== seen) narrow(range, versions);
    seen = versions;
  };
  const check = (name: string, versions: Uint8Array): string | undefined => {
    const fault = versions === seen ? undefined : outside(range, name, versions);
    seen = versions;
    return fault;
  };
  // The list may change between slices.
  const local = [...members.order];
  yield* visit(remote, listedAtOnce, ({ state, versions }) => {
    if (state === NodeStateCode.alive) support(versions);
  });
  yield* visit(local, listedAtOnce, (row) => {
    if (members.has(row) && members.isLive(row)) support(members.identity(row).versions);
  });
  seen = undefined;
  return (
    (yield* visit(remote, listedAtOnce, ({ node, versions }) => check(node, versions))) ??
    (yield* visit(local, listedAtOnce, (row) => {
      if (!members.has(row)) return undefined;
      const { name, versions } = members.identity(row);
      return check(name, versions);
    }))
  );
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
