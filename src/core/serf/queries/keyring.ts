/**
 * The encryption keys of a node: it encrypts with the first, the primary key, and decrypts with any
 * (memberlist `Keyring`). Every change takes effect in the codec at once.
 */

import { SerfError } from "../../../errors.ts";
import type { MessageCodec } from "../../wire/message_codec.ts";

/** The key ring of one node. */
export class Keyring {
  readonly #codec: MessageCodec;
  #keys: readonly Uint8Array[];

  /** Begins with the keys that are installed in `codec`. */
  constructor(codec: MessageCodec) {
    this.#codec = codec;
    this.#keys = codec.keys;
  }

  /** Whether there are any keys. A node that was started without keys cannot get some later. */
  get enabled(): boolean {
    return this.#keys.length > 0;
  }

  /** All keys, primary first. */
  get keys(): readonly Uint8Array[] {
    return this.#keys;
  }

  /**
   * Adds a key at the end; does nothing if it is installed already. Throws SerfError (ERR_KEY) if
   * its size is wrong, or (ERR_LIMIT) if the ring is full.
   */
  add(key: Uint8Array): void {
    if (this.#index(key) < 0) this.#install([...this.#keys, key.slice()]);
  }

  /** Makes an installed key the primary one. Throws SerfError (ERR_KEY) if it is not installed. */
  use(key: Uint8Array): void {
    const index = this.#index(key);
    if (index < 0) throw new SerfError("ERR_KEY", "requested key is not in the keyring");
    this.#install([this.#keys[index]!, ...this.#keys.filter((_, other) => other !== index)]);
  }

  /**
   * Removes a key; does nothing if it is not installed. Throws SerfError (ERR_KEY) if it is the
   * primary one.
   */
  remove(key: Uint8Array): void {
    const index = this.#index(key);
    if (index === 0) throw new SerfError("ERR_KEY", "removing the primary key is not allowed");
    if (index > 0) this.#install(this.#keys.filter((_, other) => other !== index));
  }

  #index(key: Uint8Array): number {
    return this.#keys.findIndex((other) => sameKey(other, key));
  }

  #install(keys: readonly Uint8Array[]): void {
    this.#codec.setKeys(keys);
    this.#keys = keys;
  }
}

/** Returns whether keys are equal, in a time that does not depend on where they differ. */
function sameKey(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let index = 0; index < a.length; index++) difference |= a[index]! ^ b[index]!;
  return difference === 0;
}
