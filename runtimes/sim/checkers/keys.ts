/** The rule about keys: one that was replaced everywhere is not used any more. */

import { Random } from "../../../src/core/random.ts";
import type { SerfEffect } from "../../../src/core/serf/effects.ts";
import type { Codec } from "../../../src/core/wire/codec.ts";
import { WireError } from "../../../src/core/wire/error.ts";
import { createCodec } from "../../../src/shell/open.ts";
import { parseOptions } from "../../../src/shell/options/options.ts";
import type { CoreNode } from "../cores/node.ts";
import { Rule } from "./rule.ts";

/** After the key of a cluster was changed, nobody encrypts with the old one. */
export class OldKeysAreUnused extends Rule {
  readonly name = "after key rotation nobody uses the old key";
  override readonly kinds = ["send"] as const;
  #old: Codec | undefined;

  /** Says that all nodes have another key now, and the old one is removed. */
  rotated(oldKey: string): void {
    const options = parseOptions({ name: "reader", encryptKey: oldKey }, () => "reader");
    this.#old = createCodec(options, new Random((bytes) => bytes.fill(7)));
  }

  override effect(now: number, node: CoreNode, effect: SerfEffect): void {
    // A node that left is in no cluster whose key could be changed.
    if (this.#old === undefined || effect.kind !== "send" || node.core.state !== "alive") return;
    this.judged += 1;
    try {
      this.#old.open(effect.bytes, { verifyIncoming: true });
    } catch (error) {
      if (error instanceof WireError) return;
      throw error;
    }
    this.fail(now, `${node.name} sends a datagram that the old key opens`);
  }
}
