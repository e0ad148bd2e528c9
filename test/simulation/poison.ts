/**
 * What a stranger sends to a cluster without a key, or a broken member to any: messages with numbers
 * at the edge of their range, and inputs that cost more than they look.
 */

import { finish } from "../../src/core/jobs.ts";
import { encodeFilters } from "../../src/core/serf/queries/filters.ts";
import { encodeQuery, encodeUserEvent } from "../../src/core/serf/wire/encoding.ts";
import { encodeIntent } from "../../src/core/serf/wire/messages.ts";
import { encodePushPull } from "../../src/core/serf/wire/push_pull.ts";
import { Codec } from "../../src/core/wire/codec.ts";
import type { PacketMessage } from "../../src/core/wire/messages.ts";
import { seeded } from "../core/swim/machine.ts";

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

/** All hostile inputs about one member. They are not encrypted. */
export function poisons(victim: Victim): Poison[] {
  const codec = new Codec({ label: "", compression: false, encryptionVersion: 1, random: seeded(1) });
  const packet = (...messages: PacketMessage[]): Uint8Array =>
    codec.seal(
      messages.map((message) => codec.encode(message)),
      { crc: false, encrypt: false },
    );
  const user = (payload: Uint8Array): Uint8Array => packet({ type: "user", payload });
  return [
    ...lastTimes.flatMap((time) => lamportTimes(victim, time, user)),
    ...lastTimes.map((time) => state(codec, victim, time)),
    ...lastIncarnations.flatMap((incarnation) => accusations(victim, incarnation, packet)),
    ...accusations(victim, 1, packet),
    {
      title: "events of a size that nobody may send",
      packets: Array.from({ length: 40 }, (_, index) =>
        user(
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
      packets: [user(query(victim, 1n, costlyFilters()))],
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

function lamportTimes(victim: Victim, time: bigint, user: (payload: Uint8Array) => Uint8Array): Poison[] {
  const event = encodeUserEvent({
    type: "userEvent",
    lamportTime: time,
    name: "e",
    payload: null,
    coalesce: false,
  });
  const join = encodeIntent({ type: "join", lamportTime: time, node: victim.name });
  const leave = encodeIntent({ type: "leave", lamportTime: time, node: victim.name, prune: false });
  return [
    { title: `an event of time ${time}`, packets: [user(event)] },
    { title: `a query of time ${time}`, packets: [user(query(victim, time, []))] },
    { title: `a join intent of time ${time}`, packets: [user(join)] },
    { title: `a leave intent of time ${time}`, packets: [user(leave)] },
  ];
}

function accusations(
  { name, address, port }: Victim,
  incarnation: number,
  packet: (...messages: PacketMessage[]) => Uint8Array,
): Poison[] {
  const about = { node: name, incarnation };
  const meta = Uint8Array.of(255, 0x80);
  return [
    { title: `suspect@${incarnation}`, packets: [packet({ type: "suspect", ...about, from: "x" })] },
    { title: `dead@${incarnation}`, packets: [packet({ type: "dead", ...about, from: "x" })] },
    {
      title: `alive@${incarnation}`,
      packets: [packet({ type: "alive", ...about, address, port, meta, versions })],
    },
  ];
}

/** A push/pull whose clocks and times are at the edge. */
function state(codec: Codec, { name, address, port }: Victim, time: bigint): Poison {
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
  const nodes = [{ ...node, incarnation: 2 ** 32 - 2, state: 2 }];
  const message = codec.encode({ type: "pushPull", join: false, nodes, userState });
  const stream = codec.sealStream(message, { labelHeader: false, encrypt: false });
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
  seeded(seed).bytes(bytes);
  return bytes;
}
