/**
 * The file that keeps an agent's tags: a JSON object of texts. It is read at start, and written
 * whole and atomically before new tags are sent to others.
 */

import { encodeTags } from "../core/serf/wire/tags.ts";
import { SerfError } from "../errors.ts";
import { encodeJson } from "../go/json.ts";
import { JsonError, type JsonTree, jsonKind, readJson } from "../go/json_reader.ts";
import { systemText } from "../go/system_errors.ts";
import type { Files } from "../runtime.ts";
import { SystemError } from "../runtime.ts";
import type { AgentConfig } from "./config/settings.ts";
import type { AgentLog } from "./log/log.ts";

/** Tags of an agent's start: those of its file if it has one, else those of its settings. SerfError when that is impossible. */
export async function readTags(
  { tagsFile, tags }: Pick<AgentConfig, "tagsFile" | "tags">,
  files: Pick<Files, "read" | "status">,
  log: AgentLog,
): Promise<ReadonlyMap<string, string>> {
  if (tagsFile === "") return tags;
  if (tags.size > 0) throw new SerfError("ERR_OPTION", "Tags config not allowed while using tag files");
  const bytes = await read(tagsFile, files);
  if (bytes === undefined) {
    await checkDirectory(tagsFile, files);
    return tags;
  }
  const restored = parse(bytes);
  log.write("INFO", "agent", `Restored ${restored.size} tag(s) from ${tagsFile}`);
  return restored;
}

/** Writes the tags of one agent, one change after the other. */
export class TagsFile {
  readonly #path: string;
  readonly #protocol: number;
  readonly #files: Pick<Files, "replace">;
  #writing: Promise<void> = Promise.resolve();

  constructor(config: Pick<AgentConfig, "tagsFile" | "protocol">, files: Pick<Files, "replace">) {
    this.#path = config.tagsFile;
    this.#protocol = config.protocol;
    this.#files = files;
  }

  /**
   * Writes tags; does nothing if there is no file. ERR_LIMIT if they are too long to be sent to
   * others; then nothing is written. Serf notices that only when it has written a file that it
   * cannot start with.
   */
  async store(tags: ReadonlyMap<string, string>): Promise<void> {
    if (this.#path === "") return;
    encodeTags(Object.fromEntries(tags), this.#protocol);
    const written = this.#writing.then(() => this.#write(tags));
    this.#writing = written.catch(() => undefined);
    await written;
  }

  async #write(tags: ReadonlyMap<string, string>): Promise<void> {
    try {
      await this.#files.replace(this.#path, new TextEncoder().encode(encodeJson(tags)), 0o600);
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      const text = `Failed to write tags file: open ${this.#path}: ${systemText(error)}`;
      throw new SerfError("ERR_OPTION", text, { cause: error });
    }
  }
}

/** Throws if the file could never be written; Serf notices that at the first change of a tag. */
async function checkDirectory(path: string, files: Pick<Files, "status">): Promise<void> {
  const directory = /^(.*)[\\/]/s.exec(path)?.[1];
  if (directory === undefined || directory === "") return;
  try {
    await files.status(directory);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    const text = `Invalid tags_file '${path}': stat ${directory}: ${systemText(error)}`;
    throw new SerfError("ERR_OPTION", text, { cause: error });
  }
}

async function read(path: string, files: Pick<Files, "read">): Promise<Uint8Array | undefined> {
  try {
    return await files.read(path);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    if (error.code === "ENOENT") return undefined;
    const operation = error.code === "EISDIR" ? "read" : "open";
    const text = `Failed to read tags file: ${operation} ${path}: ${systemText(error)}`;
    throw new SerfError("ERR_OPTION", text, { cause: error });
  }
}

function parse(bytes: Uint8Array): ReadonlyMap<string, string> {
  const fault = (why: string): SerfError => new SerfError("ERR_OPTION", `Failed to decode tags file: ${why}`);
  let tree: JsonTree;
  try {
    tree = readJson(bytes);
  } catch (error) {
    throw error instanceof JsonError ? fault(error.message) : error;
  }
  if (tree === null) return new Map();
  if (!(tree instanceof Map))
    throw fault(`json: cannot unmarshal ${jsonKind(tree)} into Go value of type map[string]string`);
  return new Map(
    [...(tree as ReadonlyMap<string, JsonTree>)].map(([key, value]) => {
      if (value === null) return [key, ""];
      if (typeof value === "string") return [key, value];
      throw fault(`json: cannot unmarshal ${jsonKind(value)} into Go value of type string`);
    }),
  );
}
