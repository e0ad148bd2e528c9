/**
 * Hostile peers against a whole node: random packets, mutated real ones, and streams of both. The number of inputs is TSERF_FUZZ_COUNT,
 * 50,000 by default; the seed is TSERF_FUZZ_SEED.
 */

import { describe, expect, it } from "vitest";
import { freshCoordinate } from "../../src/core/coordinate/coordinate.ts";
import { finish } from "../../src/core/jobs.ts";
import { serfDefaults } from "../../src/core/serf/config.ts";
import { encodeFilters } from "../../src/core/serf/queries/filters.ts";
import { SerfCore } from "../../src/core/serf/serf_core.ts";
import { encodeQuery, encodeQueryResponse, encodeRelay } from "../../src/core/serf/wire/encoding.ts";
import { encodeKeyRequest } from "../../src/core/serf/wire/key_messages.ts";
import { encodeIntent } from "../../src/core/serf/wire/messages.ts";
import { encodeCoordinate } from "../../src/core/serf/wire/ping_payload.ts";
import { encodePushPull } from "../../src/core/serf/wire/push_pull.ts";
import { encodeTags } from "../../src/core/serf/wire/tags.ts";
import { SwimLimits } from "../../src/core/swim/config.ts";
import { Codec } from "../../src/core/wire/codec.ts";
import type { PacketMessage, StreamMessage } from "../../src/core/wire/messages.ts";
import { address, alive, seeded, state, swimConfig } from "../core/swim/machine.ts";

const count = Number(process.env["TSERF_FUZZ_COUNT"] ?? 50_000);
const seed = Number(process.env["TSERF_FUZZ_SEED"] ?? 1);
const peer = { host: "10.0.0.9", port: 7946 };

function node(random = seeded(seed)): { core: SerfCore; codec: Codec } {
  const codec = new Codec({ label: "", compression: true, encryptionVersion: 1, random });
  const core = new SerfCore({
    config: { ...serfDefaults, name: "self", tags: {} },
    swim: swimConfig(),
    random,
    codec,
    matchPattern: (expression) => (expression.length % 2 === 0 ? { fault: "even" } : true),
  });
  core.start(0);
  core.drain();
  return { core, codec };
}

const source = { address: address(3), port: 7946, node: "c" };
const user = (payload: Uint8Array): PacketMessage => ({ type: "user", payload });
const messages: PacketMessage[] = [
  { type: "ping", sequence: 1, node: "self", source },
  { type: "indirectPing", sequence: 2, target: address(4), port: 7946, node: "d", nack: true, source },
  { type: "ack", sequence: 1, payload: encodeCoordinate(freshCoordinate()) },
  { type: "nack", sequence: 1 },
  alive("b", 3, 2, { meta: encodeTags({ role: "web" }, 5) }),
  { type: "suspect", node: "b", incarnation: 3, from: "c" },
  { type: "dead", node: "b", incarnation: 3, from: "b" },
  { type: "suspect", node: "self", incarnation: 9, from: "c" },
  user(encodeIntent({ type: "join", lamportTime: 5n, node: "b" })),
  user(encodeIntent({ type: "leave", lamportTime: 6n, node: "b", prune: true })),
  user(
    Uint8Array.from(
      Buffer.from("0384a24343c3a54c54696d6503a44e616d65a66465706c6f79a75061796c6f6164a27631", "hex"),
    ),
  ),
  user(
    Uint8Array.from(
      Buffer.from(
        "048ba441646472a40a000001a746696c74657273c0a5466c61677300a2494407a54c54696d6505a44e616d65a46c6f6164a75061796c6f6164c0a4506f7274cd1f0aab52656c6179466163746f7200aa536f757263654e6f6465a66e6f64652d61a754696d656f7574cebebc2000",
        "hex",
      ),
    ),
  ),
  ...["load", "_serf_install-key", "_serf_list-keys", "_serf_conflict"].map((name, id) =>
    user(
      encodeQuery({
        type: "query",
        lamportTime: 7n,
        id,
        address: address(3),
        port: 7946,
        sourceNode: "c",
        filters: encodeFilters({ nodes: ["self", "b"], tags: new Map([["role", "^web"]]) }).slice(id % 2),
        flags: 1,
        relayFactor: 3,
        timeout: 5_000_000_000n,
        name,
        payload: encodeKeyRequest(new Uint8Array(16)),
      }),
    ),
  ),
  user(
    encodeQueryResponse({
      type: "queryResponse",
      lamportTime: 1n,
      id: 1,
      from: "b",
      flags: 1,
      payload: null,
    }),
  ),
  user(
    encodeRelay({
      type: "relay",
      address: address(4),
      port: 7946,
      node: "d",
      inner: encodeIntent({ type: "join", lamportTime: 5n, node: "b" }),
    }),
  ),
];
const userState = finish(
  encodePushPull({
    lamportTime: 9n,
    statusTimes: new Map([
      ["b", 4n],
      ["z", 5n],
    ]),
    leftMembers: ["z"],
    eventTime: 3n,
    events: [{ lamportTime: 2n, events: [{ name: "e", payload: new Uint8Array([1]) }] }],
    queryTime: 2n,
  }),
);
const frames: StreamMessage[] = [
  { type: "pushPull", join: true, nodes: [state("b", 3, 2, 0), state("e", 1, 5, 3)], userState },
  { type: "ping", sequence: 1, node: "self", source },
  { type: "user", payload: new Uint8Array([0, 0x80]) },
  { type: "error", text: "no" },
];

/** Every member must be one that can be named and reached. */
function checkMembers(core: SerfCore): void {
  for (const member of core.members()) {
    expect(member.name).toMatch(/^\P{Cc}{1,255}$/u);
    expect(member.address).toMatch(/^[0-9a-f.:]+$/);
    expect(["0.0.0.0", "::"]).not.toContain(member.address);
    expect(member.port).toBeGreaterThan(0);
  }
}

describe.each([
  { encrypted: false, what: "random and mutated messages" },
  { encrypted: true, what: "random and mutated messages under a key that the sender has" },
])("$what", ({ encrypted }) => {
  it("neither crash nor grow the node, nor add a member that cannot be named or reached", {
    timeout: 3_600_000,
  }, () => {
    const random = seeded(seed);
    const { core, codec } = node(random);
    if (encrypted) codec.setKeys([new Uint8Array(16).fill(3)]);
    const bases = messages.map((message) => codec.encode(message));
    const streams = frames.map((message) =>
      message.type === "user" ? codec.encodeStreamUser(message.payload) : codec.encode(message),
    );
    const mutate = (bytes: Uint8Array): Uint8Array => {
      const copy = bytes.slice();
      for (let change = random.below(4); change >= 0; change--) {
        if (copy.length > 0) copy[random.below(copy.length)] = random.below(256);
      }
      return random.below(8) === 0 ? copy.subarray(0, random.below(copy.length + 1)) : copy;
    };
    const noise = (): Uint8Array => {
      const bytes = new Uint8Array(random.below(200));
      random.bytes(bytes);
      return bytes;
    };
    const start = process.memoryUsage().rss;
    let now = 0;
    let effects = 0;
    for (let input = 0; input < count; input++) {
      const kind = random.below(10);
      if (kind < 7) {
        const parts = Array.from({ length: 1 + random.below(3) }, () =>
          kind === 0 ? noise() : mutate(bases[random.below(bases.length)]!),
        ).filter((part) => part.length > 0);
        if (parts.length === 0) continue;
        const sealed = codec.seal(parts, { crc: random.below(2) === 0, encrypt: encrypted });
        core.packet(now, peer, kind === 1 ? mutate(sealed) : sealed);
      } else {
        const message = mutate(streams[random.below(streams.length)]!);
        const sealed = codec.sealStream(message, { labelHeader: true, encrypt: encrypted });
        const bytes = kind === 7 ? mutate(sealed) : sealed;
        const id = core.accept(now, peer);
        if (id !== undefined) {
          const cut = random.below(bytes.length + 1);
          core.stream(now, id, { kind: "received", bytes: bytes.subarray(0, cut) });
          core.stream(now, id, { kind: "received", bytes: bytes.subarray(cut) });
          if (random.below(4) > 0) core.stream(now, id, { kind: "ended" });
        }
      }
      now += random.below(20);
      if (core.deadline() <= now) core.tick(now);
      effects += core.drain().length;
      if (input % 5_000 === 0) checkMembers(core);
    }
    checkMembers(core);
    expect(effects).toBeGreaterThan(0);
    expect(core.members().length).toBeLessThan(SwimLimits.members);
    expect(process.memoryUsage().rss - start).toBeLessThan(400_000_000);
  });
});
