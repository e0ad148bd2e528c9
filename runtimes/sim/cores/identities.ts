/** What members announced, kept once for all nodes of a world. */

import { equalBytes } from "../../../src/core/bytes.ts";
import { type Identities, type Identity, OwnIdentities, sameMeta } from "../../../src/core/swim/identity.ts";
import type { Alive } from "../../../src/core/wire/messages.ts";

/** Shares the latest identity of each name. A node that is behind has one of its own. */
export class SharedIdentities implements Identities {
  readonly #latest = new Map<string, Identity>();
  readonly #made = new OwnIdentities();
  readonly #namesMax: number;

  /** Names beyond so many are not shared: strangers may make them up. */
  constructor(namesMax: number) {
    this.#namesMax = namesMax;
  }

  /** @inheritdoc */
  of(alive: Alive, known: Identity | undefined): Identity {
    const latest = this.#latest.get(alive.node);
    if (latest !== undefined && isAnnounced(latest, alive)) return latest;
    const identity = this.#made.of(alive, known);
    if (latest !== undefined || this.#latest.size < this.#namesMax) this.#latest.set(alive.node, identity);
    return identity;
  }
}

/** Whether an identity is what a message announces, in every detail. */
function isAnnounced({ address, endpoint, meta, versions }: Identity, alive: Alive): boolean {
  if (alive.port !== endpoint.port || !sameBytes(alive.address, address)) return false;
  // A message with fewer versions keeps those that its receiver knows.
  if (alive.versions.length !== versions.length || !sameBytes(alive.versions, versions)) return false;
  return (alive.meta === null) === (meta === null) && sameMeta(alive.meta, meta);
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a === b || equalBytes(a, b);
}
