/**
 * Bodies of answers that list members. The list of all members is encoded once and shared by all
 * connections until a member changes; then only what changed is encoded again. Members are frozen,
 * so one that changed is another object.
 */

import type { Member } from "../../core/serf/api.ts";
import { concatenate } from "../bytes.ts";
import { arrayHead, Encoded, type RpcCodec } from "../codec.ts";
import { memberRecord } from "../records.ts";

/** A body with more bytes is not kept: some 40,000 members. */
const keptBytesMax = 8 << 20;

interface List {
  readonly members: readonly Member[];
  /** The record of member `i` lies between `offsets[i]` and `offsets[i + 1]` in the body. */
  readonly offsets: Uint32Array;
  readonly body: Encoded;
}

/** The bodies of one server. */
export class MemberLists {
  readonly #codec: RpcCodec;
  readonly #keptBytesMax: number;
  /** The head of a record whose only field is the array of members. */
  readonly #title: Uint8Array;
  #kept: List | undefined;
  /** The places of the members of {@link #kept}; made when they are first needed. */
  #places: ReadonlyMap<Member, number> | undefined;

  constructor(codec: RpcCodec, options: { readonly keptBytesMax?: number } = {}) {
    this.#codec = codec;
    this.#keptBytesMax = options.keptBytesMax ?? keptBytesMax;
    this.#title = codec.encode({ Members: [] }).slice(0, -1);
  }

  /** Returns the body with all members, and keeps it. */
  all(members: readonly Member[]): Encoded {
    if (this.#kept !== undefined && isSame(members, this.#kept.members)) return this.#kept.body;
    const list = this.#encode(members);
    this.#kept = list.body.bytes.length <= this.#keptBytesMax ? list : undefined;
    this.#places = undefined;
    return list.body;
  }

  /** Returns a body with some of the members. */
  some(members: readonly Member[]): Encoded {
    if (this.#kept !== undefined && isSame(members, this.#kept.members)) return this.#kept.body;
    return this.#encode(members).body;
  }

  /** Encodes the members whose records are not kept, and copies the others. */
  #encode(members: readonly Member[]): List {
    const head = concatenate([this.#title, arrayHead(members.length)]);
    const records = members.map(
      (member) => this.#keptRecord(member) ?? this.#codec.encode(memberRecord(member)),
    );
    const offsets = new Uint32Array(members.length + 1);
    offsets[0] = head.length;
    for (const [index, record] of records.entries()) offsets[index + 1] = offsets[index]! + record.length;
    return { members: [...members], offsets, body: new Encoded(concatenate([head, ...records])) };
  }

  #keptRecord(member: Member): Uint8Array | undefined {
    if (this.#kept === undefined) return undefined;
    const { members, offsets, body } = this.#kept;
    this.#places ??= new Map(members.map((each, index) => [each, index]));
    const place = this.#places.get(member);
    return place === undefined ? undefined : body.bytes.subarray(offsets[place], offsets[place + 1]);
  }
}

function isSame(left: readonly Member[], right: readonly Member[]): boolean {
  if (left.length !== right.length) return false;
  for (let index = 0; index < left.length; index++) if (left[index] !== right[index]) return false;
  return true;
}
