/**
 * Key queries, answered: each changes the ring of this node, or lists it (serf `internal_query.go`). A change is answered after it was
 * written to the keyring file, if there is one.
 */

import { SerfError } from "../../../errors.ts";
import { encodeBase64 } from "../../../go/base64.ts";
import type { Outbox } from "../../effects.ts";
import { WireError } from "../../wire/error.ts";
import type { SerfEvent } from "../api.ts";
import { type SerfConfig, SerfLimits } from "../config.ts";
import { decodeKeyRequest, encodeKeyResponse, type KeyResponse } from "../wire/key_messages.ts";
import type { Keyring } from "./keyring.ts";
import type { ReceivedQuery } from "./received.ts";
import type { Answers } from "./responder.ts";

/** What a key query asks for. */
export type KeyOperation = "install" | "use" | "remove" | "list";

/** What {@link KeyQueries} works on. */
export interface KeyQueriesParts {
  readonly config: SerfConfig;
  readonly outbox: Outbox<SerfEvent>;
  readonly keyring: Keyring;
  readonly answers: Answers;
  /** Whether there is a keyring file. */
  readonly filed: boolean;
}

/** Bytes that a listed key takes at least. */
const listedKeySizeMin = 25;

const done: KeyResponse = { result: true, message: "", keys: null, primaryKey: "" };

/** Answers key queries. */
export class KeyQueries {
  readonly #parts: KeyQueriesParts;
  readonly #unwritten = new Map<number, ReceivedQuery>();
  #writes = 0;

  constructor(parts: KeyQueriesParts) {
    this.#parts = parts;
  }

  /** Handles one query. */
  handle(now: number, query: ReceivedQuery, operation: KeyOperation): void {
    if (operation === "list") this.#list(now, query);
    else this.#change(now, query, operation);
  }

  /** The file of an earlier change was written, or could not be. */
  stored(now: number, write: number, error: string | null): void {
    const query = this.#unwritten.get(write);
    if (query === undefined) return;
    this.#unwritten.delete(write);
    if (error !== null) this.#parts.outbox.log("ERR", "serf", `Failed to write keyring file: ${error}`);
    this.#answer(now, query, error === null ? done : failed(`Failed to write keyring file: ${error}`));
  }

  #change(now: number, query: ReceivedQuery, operation: Exclude<KeyOperation, "list">): void {
    const { keyring, outbox, filed } = this.#parts;
    const key = this.#requested(query);
    if (key === null) {
      this.#answer(now, query, failed(""));
      return;
    }
    if (!keyring.enabled) {
      this.#refuse(now, query, "No keyring to modify (encryption not enabled)", "");
      return;
    }
    outbox.log("INFO", "serf", `Received ${operation}-key query`);
    try {
      changes[operation](keyring, key);
    } catch (error) {
      if (!(error instanceof SerfError)) throw error;
      const what = { install: "install", use: "change primary", remove: "remove" }[operation];
      this.#refuse(now, query, error.message, `Failed to ${what} key: `);
      return;
    }
    if (filed) this.#store(now, query);
    else this.#answer(now, query, done);
  }

  #store(now: number, query: ReceivedQuery): void {
    const { keyring, outbox } = this.#parts;
    if (this.#unwritten.size >= SerfLimits.keyChanges) {
      this.#refuse(now, query, "Failed to write keyring file: too many changes at once", "");
      return;
    }
    this.#writes += 1;
    this.#unwritten.set(this.#writes, query);
    outbox.push({ kind: "storeKeys", write: this.#writes, keys: keyring.keys.map(encodeBase64) });
  }

  #list(now: number, query: ReceivedQuery): void {
    const { keyring, outbox } = this.#parts;
    if (!keyring.enabled) {
      this.#refuse(now, query, "Keyring is empty (encryption not enabled)", "");
      return;
    }
    outbox.log("INFO", "serf", "Received list-keys query");
    const keys = keyring.keys.map(encodeBase64);
    const response = this.#thatFits(query, { ...done, keys, primaryKey: keys[0]! });
    if (response === null) {
      outbox.log("ERR", "serf", "Failed to truncate response so that it fits into message");
      return;
    }
    if (response.message !== "") outbox.log("WARN", "serf", response.message);
    this.#answer(now, query, response);
  }

  /** Cuts the list until the answer fits. The list that is sent has one key more than the cut that its message names next. */
  #thatFits(query: ReceivedQuery, whole: KeyResponse): KeyResponse | null {
    const { config, answers } = this.#parts;
    const limit = config.queryResponseSizeLimit;
    const all = whole.keys ?? [];
    let response = whole;
    for (let count = Math.min(all.length, Math.floor(limit / listedKeySizeMin)); count >= 0; count--) {
      if (answers.encode(query.message, encodeKeyResponse(response)).length <= limit) return response;
      const message = `truncated key list response, showing first ${count} of ${all.length} keys`;
      response = { ...whole, keys: all.slice(0, count), message };
    }
    return null;
  }

  #requested({ message }: ReceivedQuery): Uint8Array | null {
    const { outbox } = this.#parts;
    const payload = message.payload ?? new Uint8Array();
    try {
      if (payload.length === 0) throw new WireError("the payload is empty");
      return decodeKeyRequest(payload);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      outbox.log("ERR", "serf", `Failed to decode key request: ${error.message}`);
      return null;
    }
  }

  #refuse(now: number, query: ReceivedQuery, message: string, logPrefix: string): void {
    this.#parts.outbox.log("ERR", "serf", logPrefix + message);
    this.#answer(now, query, failed(message));
  }

  #answer(now: number, query: ReceivedQuery, response: KeyResponse): void {
    const { answers, outbox } = this.#parts;
    try {
      answers.respond(now, query, encodeKeyResponse(response));
    } catch (error) {
      if (!(error instanceof SerfError)) throw error;
      outbox.log("ERR", "serf", `Failed to respond to key query: ${error.message}`);
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
