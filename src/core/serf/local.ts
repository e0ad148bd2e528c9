/**
 * This node as it presents itself to others: name, address and tags.
 */

import { formatAddress } from "../../net/address.ts";
import { addressFault } from "../swim/validity.ts";
import { encodeTags, type Tags } from "./wire/tags.ts";

/** What a node presents at its start. */
export interface LocalNodeOptions {
  readonly name: string;
  /** Advertised address, 4 or 16 bytes. */
  readonly address: Uint8Array;
  readonly port: number;
  readonly tags: Tags;
  /** Serf protocol, which decides how tags are encoded. */
  readonly protocol: number;
}

/** The local node. */
export class LocalNode {
  readonly name: string;
  readonly address: Uint8Array;
  readonly port: number;
  readonly #protocol: number;
  #tags: Tags;
  #meta: Uint8Array;

  /** Throws SerfError (ERR_LIMIT) if the tags are too long. */
  constructor({ name, address, port, tags, protocol }: LocalNodeOptions) {
    this.name = name;
    this.address = address;
    this.port = port;
    this.#protocol = protocol;
    this.#meta = encodeTags(tags, protocol);
    this.#tags = tags;
  }

  /** The current tags. */
  get tags(): Tags {
    return this.#tags;
  }

  /** The current tags as alive messages carry them. */
  get meta(): Uint8Array {
    return this.#meta;
  }

  /** Replaces all tags. Throws SerfError (ERR_LIMIT) if they are too long; then nothing changed. */
  setTags(tags: Tags): void {
    this.#meta = encodeTags(tags, this.#protocol);
    this.#tags = tags;
  }

  /** Returns whether an address and port are those that this node advertises. */
  isAt(address: Uint8Array, port: number): boolean {
    if (port !== this.port || addressFault(address) !== undefined) return false;
    return formatAddress(address) === formatAddress(this.address);
  }
}
