/**
 * The longest turn of a node that handles the largest inputs: prints milliseconds for each. A turn is
 * one input and the effects that are drained after it; bytes arrive in chunks of 64 KiB, as from a
 * socket.
 */

import { randomFillSync } from "node:crypto";
import { Random } from "../../src/core/random.ts";
import { serfDefaults } from "../../src/core/serf/config.ts";
import type { SerfEffect } from "../../src/core/serf/effects.ts";
import { SerfCore } from "../../src/core/serf/serf_core.ts";
import { SerfMessageType } from "../../src/core/serf/wire/messages.ts";
import { Codec } from "../../src/core/wire/codec.ts";
import { type NodeState, NodeStateCode } from "../../src/core/wire/messages.ts";
import { MsgpackWriter } from "../../src/core/wire/msgpack.ts";
import { swimConfig } from "../core/swim/machine.ts";

const chunkSize = 65_536;
const key: Uint8Array = new Uint8Array(32).fill(7);

/** How long the machine may go on after an input, in milliseconds of its own time. */
const settleMs = 4_000;

interface Setup {
  readonly compression: boolean;
  readonly encrypted: boolean;
}

/** A node and the length of its turns. */
class Node {
  readonly core: SerfCore;
  readonly codec: Codec;
  now = 0;
  longest = 0;
  turns = 0;
  total = 0;
  written = 0;

  constructor({ compression, encrypted }: Setup) {
    const random = new Random((pool) => randomFillSync(pool));
    this.codec = new Codec({ label: "", compression, encryptionVersion: 1, random });
    if (encrypted) this.codec.setKeys([key]);
    this.core = new SerfCore({
      config: { ...serfDefaults, name: "self", tags: {} },
      swim: swimConfig(),
      random,
      codec: this.codec,
    });
    this.turn(() => this.core.start(0));
  }

  /** Measures one input. */
  turn(input: () => void): void {
    const start = performance.now();
    input();
    const effects: readonly SerfEffect[] = this.core.drain();
    const took = performance.now() - start;
    this.longest = Math.max(this.longest, took);
    this.total += took;
    this.turns += 1;
    for (const effect of effects) if (effect.kind === "write") this.written += effect.bytes.length;
  }

  /** Receives a frame on a stream of its own and runs until all is done. */
  receive(frame: Uint8Array): void {
    let id = 0;
    this.turn(() => (id = this.core.accept(this.now, { host: "10.0.0.9", port: 4_000 })));
    for (let at = 0; at < frame.length; at += chunkSize) {
      const bytes = frame.slice(at, at + chunkSize);
      this.turn(() => this.core.stream(this.now, id, { kind: "received", bytes }));
    }
    this.settle();
  }

  settle(): void {
    const end = this.now + settleMs;
    while (this.core.deadline() <= end) {
      this.now = Math.max(this.now, this.core.deadline());
      this.turn(() => this.core.tick(this.now));
    }
    this.now = end;
  }

  reset(): void {
    this.longest = 0;
    this.turns = 0;
    this.total = 0;
    this.written = 0;
  }
}

const versions: Uint8Array = new Uint8Array([1, 5, 2, 2, 5, 5]);

function entries(count: number): NodeState[] {
  return Array.from({ length: count }, (_, index) => ({
    node: `node-${index}`,
    address: new Uint8Array([10, 1 + (index >> 16), (index >> 8) & 255, index & 255]),
    port: 7946,
    meta: new Uint8Array([255, 128]),
    incarnation: 1,
    state: NodeStateCode.alive,
    versions,
  }));
}

/** Serf's part of a push/pull with many names, of which every tenth left. */
function serfState(count: number): Uint8Array {
  const writer = new MsgpackWriter(SerfMessageType.pushPull).map(3).string("LTime").uint(100);
  writer.string("LeftMembers").array(Math.floor(count / 10));
  for (let index = 0; index < Math.floor(count / 10); index++) writer.string(`node-${10 * index}`);
  writer.string("StatusLTimes").map(count);
  for (let index = 0; index < count; index++) writer.string(`node-${index}`).uint(2 + (index % 90));
  return writer.finish();
}

function report(name: string, node: Node): void {
  const figures = `${node.longest.toFixed(1).padStart(7)} ms longest of ${String(node.turns).padStart(6)} turns`;
  console.log(`${name.padEnd(52)}${figures}, ${node.total.toFixed(0).padStart(5)} ms in all`);
  node.reset();
}

const plain: Setup = { compression: false, encrypted: false };
const open = { labelHeader: false, encrypt: false };
const small: Codec = new Node(plain).codec;
const none = new Uint8Array();
const states = entries(131_000);

/** Fills a node, then measures what it answers with. */
function answers(setup: Setup, how: string): void {
  const node = new Node(setup);
  const seal = { labelHeader: false, encrypt: setup.encrypted };
  const frame = (nodes: readonly NodeState[], userState: Uint8Array): Uint8Array =>
    node.codec.sealStream(node.codec.encode({ type: "pushPull", join: false, nodes, userState }), seal);
  const full = frame(states, none);
  node.reset();
  node.receive(full);
  report(`${how}: push/pull of 131,000 new names`, node);
  node.receive(full);
  report(`${how}: push/pull of 131,000 known names`, node);
  node.receive(frame([], none));
  report(`${how}: answer with 131,000 names`, node);
  node.receive(frame([], serfState(131_000)));
  report(`${how}: Serf's part with 131,000 known names`, node);
  node.receive(frame([], serfState(300_000)));
  report(`${how}: Serf's part with 300,000 names`, node);
}

answers(plain, "plain");
answers({ compression: true, encrypted: true }, "compressed and encrypted");

const encrypted = new Node({ compression: false, encrypted: true });
const payload = new Uint8Array(20_971_520 - 64);
const whole: Uint8Array = encrypted.codec.sealStream(encrypted.codec.encodeStreamUser(payload), {
  labelHeader: false,
  encrypt: true,
});
encrypted.reset();
encrypted.receive(whole);
report("encrypted: user message of 20 MiB", encrypted);

const empty = new Node(plain);
const strange = small.encode({ type: "pushPull", join: false, nodes: [], userState: serfState(300_000) });
const strangeFrame: Uint8Array = small.sealStream(strange, open);
empty.reset();
empty.receive(strangeFrame);
report("plain: Serf's part with 300,000 unknown names", empty);
