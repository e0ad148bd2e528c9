/**
 * Encryption keys of the whole cluster, managed from one node: each operation is a query that every member answers
 * (serf `KeyManager`). To rotate: install the new key, use it, remove the old one, each when the step before was a success.
 */

import { noBytes } from "../core/bytes.ts";
import type { KeyOperation } from "../core/serf/api.ts";
import { decodeKeyResponse, encodeKeyRequest, type KeyResponse } from "../core/serf/wire/key_messages.ts";
import { SerfMessageType } from "../core/serf/wire/messages.ts";
import { WireError } from "../core/wire/error.ts";
import { SerfError } from "../errors.ts";
import { decodeKey } from "../go/parse_key.ts";
import type { Query, QueryOptions, QueryReply } from "./query.ts";

/** How a key operation is done. */
export type KeyOptions = Pick<QueryOptions, "relayFactor" | "signal">;

/** What the members said. */
export interface KeyResult {
  /** Members that were not dead when they were asked. */
  readonly nodes: number;
  /** Members that replied, and how many of them reported a failure. */
  readonly responses: number;
  readonly failures: number;
  /** Member to what it remarked, mostly why it failed. */
  readonly messages: ReadonlyMap<string, string>;
  /** Base64 key to the number of members that have it. */
  readonly keys: ReadonlyMap<string, number>;
  /** Base64 key to the number of members whose primary key it is; members that named none are counted under the empty text. */
  readonly primaryKeys: ReadonlyMap<string, number>;
}

/** Not every member did as asked; `result` says who and why. */
export class KeyError extends SerfError {
  readonly result: KeyResult;

  constructor(message: string, result: KeyResult) {
    super("ERR_KEY", message);
    this.name = "KeyError";
    this.result = result;
  }
}

/** What {@link Keys} needs of its node. */
export interface KeysNode {
  readonly liveCount: () => number;
  readonly ask: (name: string, payload: Uint8Array, options: QueryOptions) => Query;
  readonly warn: (text: string) => void;
}

/** The keys of the cluster. */
export class Keys {
  readonly #node: KeysNode;
  /** Changes of one node happen one after the other. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(node: KeysNode) {
    this.#node = node;
  }

  /** Gives every member a key (base64) to open messages with. KeyError unless all did; ERR_KEY when it is no base64. */
  install(key: string, options: KeyOptions = {}): Promise<KeyResult> {
    return this.#change("install", key, options);
  }

  /** Makes a known key the one that messages are sealed with. KeyError unless all did; ERR_KEY when it is no base64. */
  use(key: string, options: KeyOptions = {}): Promise<KeyResult> {
    return this.#change("use", key, options);
  }

  /** Removes a key that is not in use. KeyError unless all did; ERR_KEY when it is no base64. */
  remove(key: string, options: KeyOptions = {}): Promise<KeyResult> {
    return this.#change("remove", key, options);
  }

  /** Asks every member for its keys. KeyError unless all answered. */
  async list(options: KeyOptions = {}): Promise<KeyResult> {
    return await this.#ask("list", noBytes, options);
  }

  async #change(operation: KeyOperation, key: string, options: KeyOptions): Promise<KeyResult> {
    const raw = decodeKey(key);
    const run = this.#turn.then(() => this.#ask(operation, raw, options));
    this.#turn = run.catch(() => undefined);
    return await run;
  }

  async #ask(operation: KeyOperation, key: Uint8Array, options: KeyOptions): Promise<KeyResult> {
    const name = operation === "list" ? "_serf_list-keys" : `_serf_${operation}-key`;
    const tally = new Tally(this.#node.liveCount(), this.#node.warn);
    for await (const reply of this.#node.ask(name, encodeKeyRequest(key), options)) {
      if (reply.type === "response") tally.add(reply);
      if (tally.responses >= tally.nodes) break;
    }
    if (tally.failures > 0) {
      throw new KeyError(`${tally.failures}/${tally.nodes} nodes reported failure`, tally);
    }
    if (tally.responses !== tally.nodes) {
      throw new KeyError(`${tally.responses}/${tally.nodes} nodes reported success`, tally);
    }
    return tally;
  }
}

/** Counts what members say. */
class Tally implements KeyResult {
  readonly nodes: number;
  responses = 0;
  failures = 0;
  readonly messages: Map<string, string> = new Map();
  readonly keys: Map<string, number> = new Map();
  readonly primaryKeys: Map<string, number> = new Map();
  readonly #warn: (text: string) => void;

  constructor(nodes: number, warn: (text: string) => void) {
    this.nodes = nodes;
    this.#warn = warn;
  }

  add({ from, payload }: QueryReply): void {
    this.responses += 1;
    const response = read(payload);
    if (typeof response === "string") {
      this.messages.set(from, response);
      this.failures += 1;
      return;
    }
    if (!response.result || response.message !== "") this.messages.set(from, response.message);
    if (!response.result) this.failures += 1;
    else if (response.message !== "") this.#warn(response.message);
    for (const key of response.keys ?? []) increment(this.keys, key);
    increment(this.primaryKeys, response.primaryKey);
  }
}

function read(payload: Uint8Array): KeyResponse | string {
  if (payload[0] !== SerfMessageType.keyResponse) {
    return `Invalid key query response type: [${payload.join(" ")}]`;
  }
  try {
    return decodeKeyResponse(payload);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return `Failed to decode key query response: [${payload.join(" ")}]`;
  }
}

function increment(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
