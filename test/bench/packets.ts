/**
 * What a packet costs a whole node, beside what its codec alone costs: microseconds from the bytes to
 * the last effect and the next deadline. Everything in the packets is known to the node already, as
 * nearly all gossip is. Runs unchanged on Deno, Bun and Node 24. `--json=FILE` writes the figures to a
 * file, too.
 */

import { randomFillSync } from "node:crypto";
import { parseArgs } from "node:util";
import type { SendEffect } from "../../src/core/effects.ts";
import { Random } from "../../src/core/random.ts";
import { serfDefaults } from "../../src/core/serf/config.ts";
import { SerfCore } from "../../src/core/serf/serf_core.ts";
import { encodeUserEvent } from "../../src/core/serf/wire/encoding.ts";
import { allRules, profiles, type SwimConfig } from "../../src/core/swim/config.ts";
import { OwnIdentities } from "../../src/core/swim/identity.ts";
import { Codec } from "../../src/core/wire/codec.ts";
import type { Alive, PacketMessage } from "../../src/core/wire/messages.ts";
import { measure } from "./measure.ts";
import { Results } from "./results.ts";

const { values } = parseArgs({ options: { json: { type: "string" } } });
const results: Results = new Results();

const from = { host: "10.0.0.2", port: 7946 };
const key: Uint8Array = new Uint8Array(32).fill(7);
const random: Random = new Random((pool) => randomFillSync(pool));
/** Two tags, `dc` and `role`, as msgpack. */
const meta: Uint8Array = new Uint8Array([
  255, 0x82, 0xa2, 100, 99, 0xa4, 101, 97, 115, 116, 0xa4, 114, 111, 108, 101, 0xa3, 119, 101, 98,
]);

function announcement(index: number): Alive {
  return {
    type: "alive",
    incarnation: 3,
    node: `node-${index}.east.example.io`,
    address: new Uint8Array([10, 0, index >> 8, index & 255]),
    port: 7946,
    meta,
    versions: new Uint8Array([1, 5, 2, 2, 5, 5]),
  };
}

/** The settings of a node in a local network. */
const swim: SwimConfig = {
  ...profiles.lan,
  rules: allRules,
  name: "self",
  address: new Uint8Array([10, 0, 0, 1]),
  port: 7946,
  bindPort: 7946,
  protocol: 2,
  delegate: { min: 2, max: 5, current: 5 },
  labelLength: 0,
  allowedBlocks: [],
  verifyIncoming: true,
  verifyOutgoing: true,
};

function codecWith(encrypted: boolean): Codec {
  const codec = new Codec({ label: "", compression: true, encryptionVersion: 1, random });
  if (encrypted) codec.setKeys([key]);
  return codec;
}

/** After this time what a node has learned has been passed on often enough. */
const settledAfterMs = 20_000;

/** A node that knows members, and what it costs when packets arrive that say nothing else. */
class KnowingNode {
  readonly #codec: Codec;
  readonly #core: SerfCore;
  /** How many effects the packets have had, besides lines of the log. */
  effects = 0;
  #now = 0;

  constructor(memberCount: number, encrypted: boolean) {
    this.#codec = codecWith(encrypted);
    this.#core = new SerfCore({
      config: { ...serfDefaults, name: "self", tags: {} },
      swim,
      random,
      codec: this.#codec,
    });
    this.#core.start(0);
    const identities = new OwnIdentities();
    const members = Array.from({ length: memberCount }, (_, index) => {
      const alive = announcement(index + 2);
      return { identity: identities.of(alive, undefined), incarnation: alive.incarnation };
    });
    this.#core.adopt(0, members);
    this.#core.drain();
  }

  /** Learns what is in a packet, and passes it on until nobody need get it any more. */
  learn(bytes: Uint8Array): void {
    this.#core.packet(0, from, bytes);
    while (this.#now < settledAfterMs) {
      for (const effect of this.#core.drain()) if (effect.kind === "send") this.#acknowledge(effect);
      this.#now = Math.max(this.#now, this.#core.deadline());
      this.#core.tick(this.#now);
    }
    while (this.#core.drain().length > 0);
    if (this.#core.deadline() < this.#now + 2) throw new Error("gossip goes on");
  }

  /** Replies to a ping, so that its target is not suspected. */
  #acknowledge({ to, bytes }: SendEffect): void {
    for (const message of this.#codec.open(bytes, { verifyIncoming: true }).messages) {
      if (message.type !== "ping") continue;
      const ack = { type: "ack", sequence: message.sequence, payload: null } as const;
      const reply = this.#codec.sealMessage(ack, { crc: false, encrypt: this.#codec.encrypted });
      this.#core.packet(this.#now, to, reply);
    }
  }

  /** Handles a packet, as the loop around the core does. */
  packet(bytes: Uint8Array): void {
    this.#core.packet(this.#now, from, bytes);
    for (let effects = this.#core.drain(); effects.length > 0; effects = this.#core.drain())
      for (const { kind } of effects) if (kind !== "log") this.effects += 1;
    this.#core.deadline();
  }
}

/** Measures what one packet costs a node that knows few members, one that knows many, and the codec alone. */
function row(title: string, messages: readonly PacketMessage[], encrypted: boolean): void {
  const codec = codecWith(encrypted);
  const bytes = codec.seal(
    messages.map((message) => codec.encode(message)),
    { crc: false, encrypt: encrypted },
  );
  const few = new KnowingNode(12, encrypted);
  const many = new KnowingNode(5_000, encrypted);
  few.learn(bytes);
  many.learn(bytes);
  const contenders = [
    { name: "12 members", run: () => few.packet(bytes) },
    { name: "5,000 members", run: () => many.packet(bytes) },
    { name: "codec alone", run: () => codec.open(bytes, { verifyIncoming: true }) },
  ];
  for (const [index, time] of measure(contenders).entries())
    results.set(`${title}, ${encrypted ? "encrypted" : "plain"}`, contenders[index]!.name, time);
  const answers = title === "ping";
  if (few.effects > 0 !== answers || many.effects > 0 !== answers)
    throw new Error(`${title}: the node does something else than what is measured`);
}

const known = Array.from({ length: 12 }, (_, index) => announcement(index + 2));
const event = encodeUserEvent({
  type: "userEvent",
  lamportTime: 7n,
  name: "deploy",
  payload: new Uint8Array(32),
  coalesce: true,
});
const kinds: readonly (readonly [string, readonly PacketMessage[]])[] = [
  ["12 known members", known],
  ["1 known member", known.slice(0, 1)],
  [
    "ping",
    [
      {
        type: "ping",
        sequence: 9,
        node: "self",
        source: { address: known[0]!.address, port: 7946, node: known[0]!.node },
      },
    ],
  ],
  ["ack of nobody's ping", [{ type: "ack", sequence: 9, payload: null }]],
  ["user event of before", [{ type: "user", payload: event }]],
];
for (const encrypted of [false, true]) for (const [title, messages] of kinds) row(title, messages, encrypted);
console.log("microseconds");
console.log(results.text());
results.save(values.json);
