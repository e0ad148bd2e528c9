/**
 * The keyring file: a JSON list of base64 keys, the primary key first. It is read at the start, and
 * replaced atomically after each change of the keys.
 */

import { encodeUtf8 } from "../core/bytes.ts";
import { SerfError } from "../errors.ts";
import { JsonError, type JsonTree, jsonKind, readJson } from "../go/json_reader.ts";
import { checkKeySize, decodeKey } from "../go/parse_key.ts";
import { systemText } from "../go/system_errors.ts";
import type { Files } from "../runtime.ts";
import { SystemError } from "../runtime.ts";

/**
 * Returns the keys in a file, at least one. Rejects with SerfError (ERR_KEY) if the file cannot be
 * read or is malformed.
 */
export async function readKeyring(path: string, files: Files): Promise<string[]> {
  const keys = parse(await read(path, files));
  // Serf decodes all keys before it looks at a size.
  const decoded = keys.map(decode);
  if (keys.length === 0) throw new SerfError("ERR_KEY", "Keyring file contains no keys");
  for (const key of decoded) checkKeySize(key, "Failed to restore keyring");
  return keys;
}

/** Writes the keyring file of one node, one change after the other. */
export class KeyringFile {
  readonly #path: string;
  readonly #files: Files;
  #writing: Promise<void> = Promise.resolve();

  constructor(path: string, files: Files) {
    this.#path = path;
    this.#files = files;
  }

  /** Resolves when all calls of {@link store} so far are done. */
  get settled(): Promise<void> {
    return this.#writing;
  }

  /** Replaces the file, then calls `done`, with a message if that failed. */
  store(keys: readonly string[], done: (error: string | undefined) => void): void {
    this.#writing = this.#writing.then(async () => done(await this.#write(keys)));
  }

  async #write(keys: readonly string[]): Promise<string | undefined> {
    const text = JSON.stringify(keys, null, 2);
    try {
      await this.#files.replace(this.#path, encodeUtf8(text), 0o600);
      return undefined;
    } catch (error) {
      return error instanceof SystemError ? `open ${this.#path}: ${systemText(error)}` : String(error);
    }
  }
}

async function read(path: string, files: Files): Promise<Uint8Array> {
  try {
    await files.status(path);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    throw new SerfError("ERR_KEY", `stat ${path}: ${systemText(error)}`, { cause: error });
  }
  try {
    return await files.read(path);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    const text = `Failed to read keyring file: open ${path}: ${systemText(error)}`;
    throw new SerfError("ERR_KEY", text, { cause: error });
  }
}

function parse(bytes: Uint8Array): string[] {
  const fault = (why: string): SerfError => new SerfError("ERR_KEY", `Failed to decode keyring file: ${why}`);
  let value: JsonTree;
  try {
    value = readJson(bytes);
  } catch (error) {
    throw error instanceof JsonError ? fault(error.message) : error;
  }
  if (value === null) return [];
  if (!Array.isArray(value))
    throw fault(`json: cannot unmarshal ${jsonKind(value)} into Go value of type []string`);
  return (value as readonly JsonTree[]).map((item) => {
    if (typeof item === "string") return item;
    if (item === null) return "";
    throw fault(`json: cannot unmarshal ${jsonKind(item)} into Go value of type string`);
  });
}

function decode(key: string): Uint8Array {
  try {
    return decodeKey(key);
  } catch (error) {
    if (!(error instanceof SerfError)) throw error;
    throw new SerfError("ERR_KEY", `Failed to decode key from keyring: ${error.message}`, { cause: error });
  }
}
