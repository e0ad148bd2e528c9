/** What members announce of themselves. */

import { formatAddress } from "../../net/address.ts";
import type { Address } from "../../runtime.ts";
import { equalBytes, noBytes } from "../bytes.ts";
import type { Alive, NodeState } from "../wire/messages.ts";
import { SwimLimits } from "./config.ts";

/**
 * What a member announced last. It is never changed: another announcement makes another one. So the
 * nodes of a simulated world can share it.
 */
export interface Identity {
  readonly name: string;
  /** The address as announced. Whether it has 4 or 16 bytes is part of the identity. */
  readonly address: Uint8Array;
  /** Where to send: the canonical text of `address`, and the port. */
  readonly endpoint: Address;
  readonly meta: Uint8Array | null;
  /** PMin, PMax, PCur, DMin, DMax, DCur as announced; all 0 if the node announced fewer. */
  readonly versions: Uint8Array;
  /** What the layer above made of it, so that it need not do so again. */
  derived?: unknown;
  /** The entry that a push/pull had for it last: most members stay as they are. */
  entry?: NodeState;
}

/** Positions in {@link Identity.versions}, the vector of versions that every member announces. */
export const versionIndex = {
  protocolMin: 0,
  protocolMax: 1,
  protocol: 2,
  delegateMin: 3,
  delegateMax: 4,
  delegate: 5,
} as const;

const versionCount = 6;

/** Makes identities out of announcements. */
export interface Identities {
  /** Returns the identity that a member announces. `known` is the one that it announced before. */
  of(alive: Alive, known: Identity | undefined): Identity;
}

/** The identities of one node. Most members have the metadata and versions of some other one. */
export class OwnIdentities implements Identities {
  #last: Identity | undefined;

  /** @inheritdoc */
  of({ node, address, port, meta, versions }: Alive, known: Identity | undefined): Identity {
    const last = this.#last;
    const complete = firstVersions(versions) ?? known?.versions ?? new Uint8Array(versionCount);
    this.#last = {
      name: known?.name ?? node,
      address,
      endpoint: { host: formatAddress(address), port },
      meta: last?.meta && meta && equalBytes(last.meta, meta) ? last.meta : meta,
      versions: last !== undefined && equalBytes(last.versions, complete) ? last.versions : complete,
      derived: undefined,
    };
    return this.#last;
  }
}

function firstVersions(versions: Uint8Array): Uint8Array | undefined {
  if (versions.length === versionCount) return versions;
  return versions.length > versionCount ? versions.subarray(0, versionCount) : undefined;
}

/** Returns whether an address is the one of an identity. */
export function hasAddress({ address, endpoint }: Identity, alive: Alive): boolean {
  return endpoint.port === alive.port && equalBytes(address, alive.address);
}

/** Returns whether metadata is equal. Nil and empty are equal, as in Go's `bytes.Equal`. */
export function sameMeta(a: Uint8Array | null, b: Uint8Array | null): boolean {
  return a === b || equalBytes(a ?? noBytes, b ?? noBytes);
}

/** Returns whether metadata and all six versions of an alive message are those of an identity. */
export function sameAnnouncement({ meta, versions }: Identity, alive: Alive): boolean {
  return sameMeta(meta, alive.meta) && equalBytes(versions, alive.versions.subarray(0, versionCount));
}

/**
 * Returns whether an alive message is one that the node of an identity may have sent, and has no
 * other address or versions.
 */
export function isAnnouncedBy({ address, endpoint, meta, versions }: Identity, alive: Alive): boolean {
  if (alive.port !== endpoint.port) return false;
  if (alive.meta !== meta && (alive.meta?.length ?? 0) > SwimLimits.meta) return false;
  if (alive.versions !== versions) {
    if (alive.versions.length < versions.length) return false;
    for (let index = 0; index < versions.length; index++) {
      if (alive.versions[index] !== versions[index]) return false;
    }
  }
  return alive.address === address || equalBytes(alive.address, address);
}
