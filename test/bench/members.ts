/**
 * The memory of the tables of members: prints bytes of live memory for each member, first of a node
 * that is alone in its process, then of the nodes of a world that share what members announced.
 */

import process from "node:process";
import { serfDefaults } from "../../src/core/serf/config.ts";
import { createContext, type SerfContext } from "../../src/core/serf/context.ts";
import { SerfMembers } from "../../src/core/serf/members/members.ts";
import { type Identities, type Identity, OwnIdentities } from "../../src/core/swim/identity.ts";
import { Members } from "../../src/core/swim/members.ts";
import { Codec } from "../../src/core/wire/codec.ts";
import type { Alive } from "../../src/core/wire/messages.ts";
import { seeded, swimConfig } from "../core/swim/machine.ts";

/** Both tables of one node. */
class Tables {
  readonly #context: SerfContext;
  readonly #members: Members;
  readonly #serf: SerfMembers;

  constructor(identities: Identities, codec: Codec) {
    const config = { ...serfDefaults, name: "self", tags: {} };
    this.#context = createContext({ config, swim: swimConfig(), random: seeded(1), codec });
    this.#members = new Members(this.#context.random, this.#context.names, identities);
    this.#serf = new SerfMembers(this.#context, () => undefined);
  }

  add(message: Alive): void {
    const row = this.#members.add(message, 0);
    this.#members.change(row, "alive", message.incarnation, 0);
    this.#serf.joined(0, this.#members.identity(row));
    this.#context.outbox.drain();
  }
}

/** The announcement of a member, as a packet brings it: with a name and bytes of its own. */
function announcement(index: number): Alive {
  return {
    type: "alive",
    incarnation: 1,
    node: `node-${index}`,
    address: new Uint8Array([10, index >> 16, (index >> 8) & 255, index & 255]),
    port: 7946,
    meta: new Uint8Array([255, 129, 164, 114, 111, 108, 101, 163, 119, 101, 98]),
    versions: new Uint8Array([1, 5, 2, 2, 5, 5]),
  };
}

/** One identity for each name, for all nodes. */
class SharedIdentities implements Identities {
  readonly #own = new OwnIdentities();
  readonly #byName = new Map<string, Identity>();

  of(alive: Alive, known: Identity | undefined): Identity {
    let identity = this.#byName.get(alive.node);
    if (identity === undefined) {
      identity = this.#own.of(alive, known);
      this.#byName.set(alive.node, identity);
    }
    return identity;
  }
}

function memory(): number {
  const { gc } = globalThis as { gc?: () => void };
  for (let times = 0; times < 3; times++) gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Fills the tables of `nodes` nodes with `count` members each. */
function measure(name: string, nodes: number, count: number, identities: () => Identities): void {
  const codec = new Codec({ label: "", compression: false, encryptionVersion: 0, random: seeded(1) });
  const before = memory();
  const start = performance.now();
  const tables: Tables[] = [];
  for (let node = 0; node < nodes; node++) {
    const made = new Tables(identities(), codec);
    for (let index = 0; index < count; index++) made.add(announcement(index));
    tables.push(made);
  }
  const took = (performance.now() - start) / nodes / count;
  const bytes = (memory() - before) / nodes / count;
  console.log(
    `${name.padEnd(40)}${bytes.toFixed(0).padStart(6)} bytes, ${(1_000 * took).toFixed(1)} us to add`,
  );
  if (tables.length !== nodes) throw new Error("the tables are in use");
}

measure("one node, 100,000 members", 1, 100_000, () => new OwnIdentities());
const shared = new SharedIdentities();
measure("300 nodes that share, 1,000 members each", 300, 1_000, () => shared);
