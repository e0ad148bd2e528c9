/**
 * The full state that two nodes exchange by push/pull: what we send, and how a peer's is checked
 * and merged (memberlist `sendLocalState`, `mergeRemoteState`, `verifyProtocol`). One incompatible
 * version on either side refuses the whole merge.
 */

import { type NodeState, NodeStateCode, type PushPull } from "../../wire/messages.ts";
import type { SwimContext } from "../context.ts";
import { isLive, type Node, versionIndex } from "../members.ts";
import type { Membership } from "../membership.ts";

/** Builds, checks and merges full state. */
export class FullState {
  readonly #context: SwimContext;
  readonly #membership: Membership;

  constructor(context: SwimContext, membership: Membership) {
    this.#context = context;
    this.#membership = membership;
  }

  /** Returns the full state of this node as a message. */
  local(join: boolean): PushPull {
    const nodes = this.#context.members.list.map(
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
    this.#countStates();
    return { type: "pushPull", join, nodes, userState: this.#context.application.localState() };
  }

  /** Merges a peer's state. Returns a reason if it was refused; then nothing was merged. */
  merge(now: number, remote: PushPull): string | undefined {
    const { application, config } = this.#context;
    const nodes = remote.nodes.map((entry) =>
      entry.port === 0 || config.protocol < 2 ? { ...entry, port: config.bindPort } : entry,
    );
    const refusal =
      incompatibility(nodes, this.#context.members.list) ??
      (remote.join ? application.admitMerge(nodes) : undefined);
    if (refusal !== undefined) return refusal;
    for (const entry of nodes) this.#membership.merge(now, entry);
    if (remote.userState.length > 0) application.mergeRemoteState(now, remote.userState, remote.join);
    return undefined;
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

/** Returns why two views cannot be merged (memberlist `verifyProtocol`), or `undefined`. */
function incompatibility(remote: readonly NodeState[], local: readonly Node[]): string | undefined {
  const parties = [
    ...remote.map((entry) => ({
      name: entry.node,
      alive: entry.state === NodeStateCode.alive,
      versions: entry.versions,
    })),
    ...local.map((node) => ({ name: node.name, alive: isLive(node), versions: node.versions })),
  ];
  const range = { protocolMin: 0, protocolMax: 255, delegateMin: 0, delegateMax: 255 };
  for (const { alive, versions } of parties) {
    if (!alive || versions.length < 5) continue;
    range.protocolMin = Math.max(range.protocolMin, versions[versionIndex.protocolMin]!);
    range.protocolMax = Math.min(range.protocolMax, versions[versionIndex.protocolMax]!);
    range.delegateMin = Math.max(range.delegateMin, versions[versionIndex.delegateMin]!);
    range.delegateMax = Math.min(range.delegateMax, versions[versionIndex.delegateMax]!);
  }
  for (const { name, versions } of parties) {
    const complete = versions.length >= 6;
    const protocol = complete ? versions[versionIndex.protocol]! : 0;
    const delegate = complete ? versions[versionIndex.delegate]! : 0;
    if (protocol < range.protocolMin || protocol > range.protocolMax) {
      return `node '${name}' protocol version (${protocol}) is incompatible: [${range.protocolMin}, ${range.protocolMax}]`;
    }
    if (delegate < range.delegateMin || delegate > range.delegateMax) {
      return `node '${name}' delegate protocol version (${delegate}) is incompatible: [${range.delegateMin}, ${range.delegateMax}]`;
    }
  }
  return undefined;
}
