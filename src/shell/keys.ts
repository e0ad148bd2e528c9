/**
 * Manages the encryption keys of the whole cluster from one node: each operation is a query that
 * every member answers (serf `KeyManager`). To rotate keys, install the new one, use it, and remove
 * the old one; take each step only after the one before succeeded.
 */

import { untilAborted } from "../async/until_aborted.ts";
import { noBytes } from "../core/bytes.ts";
import type { KeyOperation, QueryReply } from "../core/serf/api.ts";
import { decodeKeyResponse, encodeKeyRequest, type KeyResponse } from "../core/serf/wire/key_messages.ts";
import { SerfMessageType } from "../core/serf/wire/messages.ts";
import { WireError } from "../core/wire/error.ts";
import { SerfError } from "../errors.ts";
import { decodeKey } from "../go/parse_key.ts";
import { checkArgument, checkOptions, kinds, type OptionTable } from "./options/arguments.ts";
import type { Query, QueryOptions } from "./query.ts";

/**
 * Options of key operations; see {@link QueryOptions}. An operation rejects with the reason of its
 * signal when that is aborted; members may have carried it out all the same.
 */
export type KeyOptions = Pick<QueryOptions, "relayFactor" | "signal">;

/** The answers of the members to a key operation (serf `KeyResponse`). */
export interface KeyResult {
  /** The number of members that were alive or suspected when the operation began. */
  readonly nodes: number;
  /** The number of members that answered. */
  readonly responses: number;
  /** The number of members that reported a failure. */
  readonly failures: number;
  /** Names of members to their messages, mostly why the operation failed. */
  readonly messages: ReadonlyMap<string, string>;
  /** Base64 keys to the number of members that have them. Filled by {@link Keys.list}. */
  readonly keys: ReadonlyMap<string, number>;
  /**
   * Base64 keys to the number of members whose primary key they are. Members that did not name one
   * are counted under the empty key.
   */
  readonly primaryKeys: ReadonlyMap<string, number>;
}

/** An error (ERR_KEY) of a key operation that did not succeed on all members. */
export class KeyError extends SerfError {
  /** The answers, with the failures. */
  readonly result: KeyResult;

  /** `result` is what the members replied before it failed. */
  constructor(message: string, result: KeyResult) {
    super("ERR_KEY", message);
    this.name = "KeyError";
    this.result = result;
  }
}

/** What {@link Keys} needs from its node. */
export interface KeysNode {
  readonly liveCount: () => number;
  readonly ask: (name: string, payload: Uint8Array, options: QueryOptions) => Query;
  readonly warn: (text: string) => void;
}

/**
 * Manages the encryption keys of the cluster; see {@link Serf.keys}. Keys are base64 of 16, 24 or
 * 32 bytes.
 */
export class Keys {
  readonly #node: KeysNode;
  /** The last change. Changes run one after the other. */
  #turn: Promise<unknown> = Promise.resolve();

  /** @internal */
  constructor(node: KeysNode) {
    this.#node = node;
  }

  /**
   * Installs a key on every member, which can then decrypt with it. Rejects with {@link KeyError}
   * unless all members succeeded, and with SerfError (ERR_KEY) if it is not base64.
   */
  install(key: string, options: KeyOptions = {}): Promise<KeyResult> {
    return this.#change("install", key, options);
  }

  /**
   * Makes an installed key the primary one, with which members encrypt. Rejects with {@link
   * KeyError} unless all members succeeded, and with SerfError (ERR_KEY) if it is not base64.
   */
  use(key: string, options: KeyOptions = {}): Promise<KeyResult> {
    return this.#change("use", key, options);
  }

  /**
   * Removes a key that is not the primary one from every member. Rejects with {@link KeyError}
   * unless all members succeeded, and with SerfError (ERR_KEY) if it is not base64.
   */
  remove(key: string, options: KeyOptions = {}): Promise<KeyResult> {
    return this.#change("remove", key, options);
  }

  /**
   * Returns the keys of all members. Rejects with {@link KeyError} unless all members succeeded.
   */
  async list(options: KeyOptions = {}): Promise<KeyResult> {
    checkOptions("list keys", optionKinds, options);
    return await this.#ask("list", noBytes, options);
  }

  async #change(operation: KeyOperation, key: string, options: KeyOptions): Promise<KeyResult> {
    const action = `${operation} a key`;
    checkArgument(action, "key", kinds.secret, key);
    checkOptions(action, optionKinds, options);
    const raw = decodeKey(key);
    const run = this.#turn.then(() => this.#ask(operation, raw, options));
    this.#turn = run.catch(() => undefined);
    // The signal also ends the wait for the changes before this one.
    return await untilAborted(options.signal, run);
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

const optionKinds: OptionTable<KeyOptions> = { relayFactor: kinds.number, signal: kinds.signal };

/** Counts the answers of members. */
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
