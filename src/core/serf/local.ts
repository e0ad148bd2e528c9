/**
 * The name, address and tags that this node announces to others.
 */

import { formatAddress } from "../../net/address.ts";
import { addressFault } from "../swim/validity.ts";
import { encodeTags, type Tags } from "./wire/tags.ts";

/** What a node announces at its start. */
export interface LocalNodeOptions {
  readonly name: string;
  /** The advertised address, 4 or 16 bytes. */
  readonly address: Uint8Array;
  readonly port: number;
  readonly tags: Tags;
  /** The version of Serf's protocol, on which the encoding of tags depends. */
  readonly protocol: number;
}

/** This node as others see it. */
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

  /** The current tags, encoded for alive messages. */
  get meta(): Uint8Array {
    return this.#meta;
  }

  /** Replaces all tags. Throws SerfError (ERR_LIMIT) if they are too long; then nothing changed. */
  setTags(tags: Tags): void {
    this.#meta = encodeTags(tags, this.#protocol);
    this.#tags = tags;
  }

  /** Returns whether this node advertises this address and port. */
  isAt(address: Uint8Array, port: number): boolean {
    if (port !== this.port || addressFault(address) !== undefined) return false;
    return formatAddress(address) === formatAddress(this.address);
  }
}
