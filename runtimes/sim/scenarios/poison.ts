/**
 * What a stranger sends to a cluster without a key, or a broken member to any: messages with numbers
 * at the edge of their range, and inputs that cost more than they look.
 */

import { finish } from "../../../src/core/jobs.ts";
import { Random } from "../../../src/core/random.ts";
import { encodeFilters } from "../../../src/core/serf/queries/filters.ts";
import { encodeQuery, encodeUserEvent } from "../../../src/core/serf/wire/encoding.ts";
import { encodeIntent } from "../../../src/core/serf/wire/messages.ts";
import { encodePushPull } from "../../../src/core/serf/wire/push_pull.ts";
import type { Codec } from "../../../src/core/wire/codec.ts";
import type { PacketMessage } from "../../../src/core/wire/messages.ts";
import { createCodec } from "../../../src/shell/open.ts";
import { parseOptions, type SerfOptions } from "../../../src/shell/options/options.ts";
import { SeededRandom } from "../random.ts";

/** A member of the cluster under attack. */
export interface Victim {
  readonly name: string;
  readonly address: Uint8Array;
  readonly port: number;
}

/** One hostile input: datagrams, or what is written to one TCP connection. */
export interface Poison {
  readonly title: string;
  readonly packets?: readonly Uint8Array[];
  readonly stream?: Uint8Array;
}

const versions = Uint8Array.of(1, 5, 2, 2, 5, 5);
const lastTimes: readonly bigint[] = [2n ** 32n + 100_000n, 2n ** 63n, 2n ** 64n - 2n, 2n ** 64n - 1n];
const lastIncarnations: readonly number[] = [2 ** 31, 2 ** 32 - 3, 2 ** 32 - 2, 2 ** 32 - 1];

/** Encodes what a hostile sender says, with the key of a cluster if it has it. */
export class Forger {
  readonly #codec: Codec;

  /** `options` are those of the cluster. */
  constructor(options: SerfOptions = {}) {
    const seeded = new SeededRandom(1, "forger");
    const parsed = parseOptions({ compression: false, ...options, name: "forger" }, () => "forger");
    this.#codec = createCodec(parsed, new Random((bytes) => seeded.fill(bytes)));
  }

  /** Returns a datagram. */
  packet(...messages: PacketMessage[]): Uint8Array {
    const parts = messages.map((message) => this.#codec.encode(message));
    return this.#codec.seal(parts, { crc: false, encrypt: this.#codec.encrypted });
  }

  /** Returns a datagram with a message of Serf. */
  user(payload: Uint8Array): Uint8Array {
    return this.packet({ type: "user", payload });
  }

  /** Returns a message of a stream. */
  stream(message: Parameters<Codec["encode"]>[0]): Uint8Array {
    const encrypt = this.#codec.encrypted;
    return this.#codec.sealStream(this.#codec.encode(message), { labelHeader: true, encrypt });
  }
}

/** All hostile inputs about one member. Without a forger they are not encrypted. */
export function poisons(victim: Victim, forger: Forger = new Forger()): Poison[] {
  return [
    ...lastTimes.flatMap((time) => lamportTimes(victim, time, forger)),
    ...lastTimes.map((time) => state(victim, { time, incarnation: 2 ** 32 - 2 }, forger)),
    ...lastIncarnations.flatMap((incarnation) => accusations(victim, incarnation, forger)),
    ...accusations(victim, 1, forger),
    {
      title: "events of a size that nobody may send",
      packets: Array.from({ length: 40 }, (_, index) =>
        forger.user(
          encodeUserEvent({
            type: "userEvent",
            lamportTime: BigInt(index + 1),
            name: `large ${index}`,
            payload: new Uint8Array(60_000),
            coalesce: false,
          }),
        ),
      ),
    },
    {
      title: "a query with 26 costly tag expressions",
      packets: [forger.user(query(victim, 1n, costlyFilters()))],
    },
    { title: "a compound that claims more than it has", packets: [Uint8Array.of(7, 255, 255, 255, 1, 2)] },
    { title: "garbage", packets: Array.from({ length: 100 }, (_, seed) => garbage(seed)) },
    {
      title: "a stream that claims 20 MiB and ends",
      stream: Uint8Array.of(0x06, 0xdf, 0x7f, 0xff, 0xff, 0xff),
    },
    { title: "a stream of garbage", stream: garbage(7) },
  ];
}

/** Everything with a Lamport time. */
export function lamportTimes(victim: Victim, time: bigint, forger: Forger): Poison[] {
  const event = encodeUserEvent({
    type: "userEvent",
    lamportTime: time,
    name: "e",
    payload: null,
    coalesce: false,
  });
  const intent = { lamportTime: time, node: victim.name };
  const join = encodeIntent({ type: "join", ...intent });
  const leave = encodeIntent({ type: "leave", ...intent, prune: false });
  const prune = encodeIntent({ type: "leave", ...intent, prune: true });
  return [
    { title: `an event of time ${time}`, packets: [forger.user(event)] },
    { title: `a query of time ${time}`, packets: [forger.user(query(victim, time, []))] },
    { title: `a join intent of time ${time}`, packets: [forger.user(join)] },
    { title: `a leave intent of time ${time}`, packets: [forger.user(leave)] },
    { title: `a leave intent of time ${time} that erases`, packets: [forger.user(prune)] },
  ];
}

/** Everything that others may say of a member with an incarnation. */
export function accusations({ name, address, port }: Victim, incarnation: number, forger: Forger): Poison[] {
  const about = { node: name, incarnation };
  const meta = Uint8Array.of(255, 0x80);
  const alive = { type: "alive", ...about, address, port, meta, versions } as const;
  const elsewhere = { ...alive, address: address.with(address.length - 1, 250) };
  return [
    { title: `suspect@${incarnation}`, packets: [forger.packet({ type: "suspect", ...about, from: "x" })] },
    { title: `dead@${incarnation}`, packets: [forger.packet({ type: "dead", ...about, from: "x" })] },
    { title: `left@${incarnation}`, packets: [forger.packet({ type: "dead", ...about, from: name })] },
    { title: `alive@${incarnation}`, packets: [forger.packet(alive)] },
    { title: `alive@${incarnation} elsewhere`, packets: [forger.packet(elsewhere)] },
  ];
}

/** A push/pull in which a member left, and of which the clocks have a time. */
export function state(
  { name, address, port }: Victim,
  { time, incarnation }: { readonly time: bigint; readonly incarnation: number },
  forger: Forger,
): Poison {
  const userState = finish(
    encodePushPull({
      lamportTime: time,
      statusTimes: new Map([[name, time]]),
      leftMembers: [name],
      eventTime: time,
      events: [{ lamportTime: time, events: [{ name: "e", payload: null }] }],
      queryTime: time,
    }),
  );
  const node = { node: name, address, port, meta: null, versions };
  const nodes = [{ ...node, incarnation, state: 2 }];
  const stream = forger.stream({ type: "pushPull", join: false, nodes, userState });
  return { title: `a push/pull with the clocks at ${time}`, stream };
}

function query({ address, port }: Victim, lamportTime: bigint, filters: readonly Uint8Array[]): Uint8Array {
  return encodeQuery({
    type: "query",
    lamportTime,
    id: 7,
    address,
    port,
    sourceNode: "x",
    filters,
    flags: 1,
    relayFactor: 0,
    timeout: 1_000_000_000n,
    name: "q",
    payload: null,
  });
}

function costlyFilters(): Uint8Array[] {
  const costly = Array.from({ length: 26 }, (_, index) => [`t${index}`, "(?:[w\\pL]{1,500}){0,2}z"] as const);
  return encodeFilters({ nodes: [], tags: new Map(costly) });
}

function garbage(seed: number): Uint8Array {
  const bytes = new Uint8Array(64 + 13 * seed);
  new SeededRandom(seed, "garbage").fill(bytes);
  return bytes;
}
