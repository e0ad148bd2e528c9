/**
 * Reads the file an agent keeps its encryption keys in: a JSON list of base64 texts, the primary key first.
 */

import { errorText } from "../go/address.ts";
import { Base64Error, decodeBase64 } from "../go/base64.ts";
import type { Files } from "../runtime.ts";
import { SystemError } from "../runtime.ts";
import { StartFailure } from "./config.ts";

/** Reads the keys. Rejects with {@link StartFailure}. */
export async function readKeyring(path: string, files: Files): Promise<string[]> {
  const text = await read(path, files);
  const keys = parse(text);
  for (const key of keys) check(key);
  if (keys.length === 0) throw new StartFailure("Keyring file contains no keys");
  return keys;
}

async function read(path: string, files: Files): Promise<string> {
  try {
    await files.status(path);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    throw new StartFailure(`stat ${path}: ${errorText(error)}`, { cause: error });
  }
  try {
    return new TextDecoder().decode(await files.read(path));
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    throw new StartFailure(`Failed to read keyring file: open ${path}: ${errorText(error)}`, {
      cause: error,
    });
  }
}

function parse(text: string): string[] {
  const fault = (why: string): StartFailure => new StartFailure(`Failed to decode keyring file: ${why}`);
  if (text.trim() === "") throw fault("unexpected end of JSON input");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw fault("invalid JSON");
  }
  if (value === null) return [];
  if (!Array.isArray(value))
    throw fault(`json: cannot unmarshal ${kind(value)} into Go value of type []string`);
  return value.map((item: unknown) => {
    if (typeof item === "string") return item;
    if (item === null) return "";
    throw fault(`json: cannot unmarshal ${kind(item)} into Go value of type string`);
  });
}

function kind(value: unknown): string {
  if (typeof value === "boolean") return "bool";
  return Array.isArray(value) ? "array" : typeof value;
}

function check(key: string): void {
  try {
    decodeBase64(key);
  } catch (error) {
    if (!(error instanceof Base64Error)) throw error;
    throw new StartFailure(`Failed to decode key from keyring: ${error.message}`, { cause: error });
  }
}
