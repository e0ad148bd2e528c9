/**
 * Reads the file an agent keeps its encryption keys in: a JSON list of base64 texts, the primary key first.
 */

import { Base64Error, decodeBase64 } from "../go/base64.ts";
import type { Files } from "../runtime.ts";
import { SystemError } from "../runtime.ts";
import { systemText } from "../system_text.ts";
import { StartFailure } from "./config.ts";

/** Reads the keys. Rejects with {@link StartFailure}. */
export async function readKeyring(path: string, files: Files): Promise<string[]> {
  const text = await read(path, files);
  const keys = parse(text);
  const sizes = keys.map(check);
  if (keys.length === 0) throw new StartFailure("Keyring file contains no keys");
  if (sizes.some((size) => !keySizes.includes(size))) {
    throw new StartFailure("Failed to restore keyring: key size must be 16, 24 or 32 bytes");
  }
  return keys;
}

async function read(path: string, files: Files): Promise<string> {
  try {
    await files.status(path);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    throw new StartFailure(`stat ${path}: ${systemText(error)}`, { cause: error });
  }
  try {
    return new TextDecoder().decode(await files.read(path));
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    throw new StartFailure(`Failed to read keyring file: open ${path}: ${systemText(error)}`, {
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

const keySizes: readonly number[] = [16, 24, 32];

/** Serf decodes all keys before it looks at the first one's size. */
function check(key: string): number {
  try {
    return decodeBase64(key).length;
  } catch (error) {
    if (!(error instanceof Base64Error)) throw error;
    throw new StartFailure(`Failed to decode key from keyring: ${error.message}`, { cause: error });
  }
}
