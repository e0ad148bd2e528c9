/**
 * The keys of a node: messages are sealed with the first, the primary, and opened with any (memberlist `Keyring`). Every change goes to
 * the codec at once.
 */

import { SerfError } from "../../../errors.ts";
import type { Codec } from "../../wire/codec.ts";

/** Keys, primary first. */
export class Keyring {
  readonly #codec: Codec;
  #keys: readonly Uint8Array[];

  /** Takes over the keys that `codec` was given. */
  constructor(codec: Codec) {
    this.#codec = codec;
    this.#keys = codec.keys;
  }

  /** Whether there is a ring to change; a node that was started without a key has none. */
  get enabled(): boolean {
    return this.#keys.length > 0;
  }

  /** All keys, primary first. */
  get keys(): readonly Uint8Array[] {
    return this.#keys;
  }

  /** Adds a key at the end; a known one stays where it is. ERR_KEY for a bad size, ERR_LIMIT when the ring is full. */
  add(key: Uint8Array): void {
    if (this.#index(key) < 0) this.#install([...this.#keys, key.slice()]);
  }

  /** Makes a known key the primary one. ERR_KEY when it is unknown. */
  use(key: Uint8Array): void {
    const index = this.#index(key);
    if (index < 0) throw new SerfError("ERR_KEY", "requested key is not in the keyring");
    this.#install([this.#keys[index]!, ...this.#keys.filter((_, other) => other !== index)]);
  }

  /** Removes a key; an unknown one is gone already. ERR_KEY for the primary one. */
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

/** Compares in a time that does not depend on where the keys differ. */
function sameKey(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let index = 0; index < a.length; index++) difference |= a[index]! ^ b[index]!;
  return difference === 0;
}
