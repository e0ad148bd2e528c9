/**
 * Bodies of answers that list members. The list of all members is encoded once and shared by all
 * connections until a member changes; then only what changed is encoded again. Members are frozen,
 * so one that changed is another object.
 */

import type { Member } from "../../core/serf/api.ts";
import { concatenate } from "../bytes.ts";
import { arrayHead, Encoded, type RpcCodec } from "../codec.ts";
import { responseLimits } from "../protocol.ts";
import { memberRecord } from "../records.ts";
import { headOf, Scanner } from "../scanner.ts";

/** A body with more bytes is not kept: some 40,000 members. */
const keptBytesMax = 8 << 20;

/** The bodies of one server. */
export class MemberLists {
  readonly #codec: RpcCodec;
  readonly #keptBytesMax: number;
  /** The head of a record whose only field is the array of members. */
  readonly #title: Uint8Array;
  #kept: KeptList | undefined;

  constructor(codec: RpcCodec, options: { readonly keptBytesMax?: number } = {}) {
    this.#codec = codec;
    this.#keptBytesMax = options.keptBytesMax ?? keptBytesMax;
    this.#title = codec.encode({ Members: [] }).slice(0, -1);
  }

  /** Returns the body with all members, and keeps it. */
  all(members: readonly Member[]): Encoded {
    if (this.#kept?.has(members) === true) return this.#kept.body;
    const body = this.#encode(members);
    const isKept = body.bytes.length <= this.#keptBytesMax;
    this.#kept = isKept ? new KeptList(members, body, this.#title.length) : undefined;
    return body;
  }

  /** Returns a body with some of the members. */
  some(members: readonly Member[]): Encoded {
    return this.#kept?.has(members) === true ? this.#kept.body : this.#encode(members);
  }

  /** Encodes the members whose records are not kept, all at once, and copies the other records. */
  #encode(members: readonly Member[]): Encoded {
    const kept = members.map((member) => this.#kept?.record(member));
    const fresh = this.#codec.encode(
      members.filter((_, index) => kept[index] === undefined).map(memberRecord),
    );
    if (!kept.some((record) => record !== undefined)) return new Encoded(concatenate([this.#title, fresh]));
    const records = split(fresh, 0);
    const parts = kept.map((record) => record ?? records.next().value!);
    return new Encoded(concatenate([this.#title, arrayHead(members.length), ...parts]));
  }
}

/** A list that is kept. */
class KeptList {
  readonly body: Encoded;
  readonly #members: readonly Member[];
  readonly #start: number;
  /** The records; made when they are first needed. */
  #records: Map<Member, Uint8Array> | undefined;

  /** `start` is where the array of members begins in the body. */
  constructor(members: readonly Member[], body: Encoded, start: number) {
    this.#members = [...members];
    this.body = body;
    this.#start = start;
  }

  /** Whether these are its members, in the same order. */
  has(members: readonly Member[]): boolean {
    if (members.length !== this.#members.length) return false;
    for (let index = 0; index < members.length; index++)
      if (members[index] !== this.#members[index]) return false;
    return true;
  }

  /** Returns the record of a member, or `undefined` if it is not in the list. */
  record(member: Member): Uint8Array | undefined {
    if (this.#records === undefined) {
      const records = split(this.body.bytes, this.#start);
      this.#records = new Map(this.#members.map((each) => [each, records.next().value!]));
    }
    return this.#records.get(member);
  }
}

/** Returns the elements of an encoded array, which begins at `start`. */
function* split(bytes: Uint8Array, start: number): Generator<Uint8Array, undefined> {
  const scanner = new Scanner();
  const head = headOf(bytes, start, true)!;
  let at = start + head.size;
  for (let count = 0; count < head.children; count++) {
    scanner.reset();
    const size = scanner.scan(bytes.subarray(at), responseLimits)!;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}
