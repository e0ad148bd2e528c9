/**
 * Answers key queries, which change or list the keys of this node (serf `internal_query.go`). A
 * change is answered after it was written to the keyring file, if there is one.
 */

import { SerfError } from "../../../errors.ts";
import { encodeBase64 } from "../../../go/base64.ts";
import { noBytes } from "../../bytes.ts";
import { WireError } from "../../wire/error.ts";
import type { KeyOperation } from "../api.ts";
import { SerfLimits } from "../config.ts";
import type { SerfContext } from "../context.ts";
import { log } from "../context.ts";
import { decodeKeyRequest, encodeKeyResponse, type KeyResponse } from "../wire/key_messages.ts";
import { Keyring } from "./keyring.ts";
import type { ReceivedQuery } from "./received.ts";
import type { Responder } from "./responder.ts";

/** The minimum size of a listed key, encoded. */
const listedKeySizeMin = 25;

const done: KeyResponse = { result: true, message: "", keys: null, primaryKey: "" };

/** Answers the key queries of one node. */
export class KeyQueries {
  readonly #context: SerfContext;
  readonly #responder: Responder;
  readonly #keyring: Keyring;
  readonly #stored: boolean;
  readonly #unwritten = new Map<number, ReceivedQuery>();
  #writes = 0;

  /** `stored` is true if changes are written to a keyring file. */
  constructor(context: SerfContext, responder: Responder, stored: boolean) {
    this.#context = context;
    this.#responder = responder;
    this.#keyring = new Keyring(context.codec);
    this.#stored = stored;
  }

  /** Handles one key query. */
  handle(now: number, query: ReceivedQuery, operation: KeyOperation): void {
    if (operation === "list") this.#list(now, query);
    else this.#change(now, query, operation);
  }

  /**
   * Answers the query whose change was written to the keyring file, or could not be for the reason
   * `error`.
   */
  stored(now: number, write: number, error: string | undefined): void {
    const query = this.#unwritten.get(write);
    if (query === undefined) return;
    this.#unwritten.delete(write);
    if (error !== undefined) log(this.#context, "ERR", `Failed to write keyring file: ${error}`);
    this.#answer(now, query, error === undefined ? done : failed(`Failed to write keyring file: ${error}`));
  }

  #change(now: number, query: ReceivedQuery, operation: Exclude<KeyOperation, "list">): void {
    const keyring = this.#keyring;
    const key = this.#requested(query);
    if (key === undefined) {
      this.#answer(now, query, failed(""));
      return;
    }
    if (!keyring.enabled) {
      this.#refuse(now, query, "No keyring to modify (encryption not enabled)", "");
      return;
    }
    log(this.#context, "INFO", `Received ${operation}-key query`);
    try {
      changes[operation](keyring, key);
    } catch (error) {
      if (!(error instanceof SerfError)) throw error;
      const what = { install: "install", use: "change primary", remove: "remove" }[operation];
      this.#refuse(now, query, error.message, `Failed to ${what} key: `);
      return;
    }
    if (this.#stored) this.#store(now, query);
    else this.#answer(now, query, done);
  }

  #store(now: number, query: ReceivedQuery): void {
    if (this.#unwritten.size >= SerfLimits.keyChanges) {
      this.#refuse(now, query, "Failed to write keyring file: too many changes at once", "");
      return;
    }
    this.#writes += 1;
    this.#unwritten.set(this.#writes, query);
    const keys = this.#keyring.keys.map(encodeBase64);
    this.#context.outbox.push({ kind: "storeKeys", write: this.#writes, keys });
  }

  #list(now: number, query: ReceivedQuery): void {
    const keyring = this.#keyring;
    if (!keyring.enabled) {
      this.#refuse(now, query, "Keyring is empty (encryption not enabled)", "");
      return;
    }
    log(this.#context, "INFO", "Received list-keys query");
    const keys = keyring.keys.map(encodeBase64);
    const response = this.#thatFits(query, { ...done, keys, primaryKey: keys[0]! });
    if (response === undefined) {
      log(this.#context, "ERR", "Failed to truncate response so that it fits into message");
      return;
    }
    if (response.message !== "") log(this.#context, "WARN", response.message);
    this.#answer(now, query, response);
  }

  /** Shortens the list of keys until the answer fits. Returns `undefined` if it never does. */
  #thatFits(query: ReceivedQuery, whole: KeyResponse): KeyResponse | undefined {
    const limit = this.#context.config.queryResponseSizeLimit;
    const all = whole.keys ?? [];
    let response = whole;
    for (let count = Math.min(all.length, Math.floor(limit / listedKeySizeMin)); count >= 0; count--) {
      if (this.#responder.encode(query.message, encodeKeyResponse(response)).length <= limit) return response;
      const message = `truncated key list response, showing first ${count} of ${all.length} keys`;
      response = { ...whole, keys: all.slice(0, count), message };
    }
    return undefined;
  }

  #requested({ message }: ReceivedQuery): Uint8Array | undefined {
    const payload = message.payload ?? noBytes;
    try {
      if (payload.length === 0) throw new WireError("the payload is empty");
      return decodeKeyRequest(payload);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      log(this.#context, "ERR", `Failed to decode key request: ${error.message}`, "key");
      return undefined;
    }
  }

  #refuse(now: number, query: ReceivedQuery, message: string, logPrefix: string): void {
    log(this.#context, "ERR", logPrefix + message, "key");
    this.#answer(now, query, failed(message));
  }

  #answer(now: number, query: ReceivedQuery, response: KeyResponse): void {
    try {
      this.#responder.respond(now, query, encodeKeyResponse(response));
    } catch (error) {
      if (!(error instanceof SerfError)) throw error;
      log(this.#context, "ERR", `Failed to respond to key query: ${error.message}`, "key");
    }
  }
}

const changes: Readonly<Record<Exclude<KeyOperation, "list">, (keyring: Keyring, key: Uint8Array) => void>> =
  {
    install: (keyring, key) => keyring.add(key),
    use: (keyring, key) => keyring.use(key),
    remove: (keyring, key) => keyring.remove(key),
  };

function failed(message: string): KeyResponse {
  return { ...done, result: false, message };
}
