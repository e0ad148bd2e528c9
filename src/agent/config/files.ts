/**
 * Reads configuration files: one JSON object each, of which all keys are known. A directory stands for its `.json` files in order of
 * their names' bytes.
 */

import { compareBytes } from "../../go/json.ts";
import { JsonError, readFirstJson } from "../../go/json_reader.ts";
import { systemText } from "../../go/system_errors.ts";
import { type Files, SystemError } from "../../runtime.ts";
import { StartFailure } from "../start_failure.ts";
import { ConfigError, decodeConfig } from "./decode.ts";
import { type ConfigLayer, settings } from "./settings.ts";

/** What is used of the runtime's files. */
export type ConfigFiles = Pick<Files, "read" | "status" | "list">;

/**
 * Reads files and directories in the given order; the later ones are meant to win. Rejects with
 * {@link StartFailure}.
 */
export async function readConfigPaths(paths: readonly string[], files: ConfigFiles): Promise<ConfigLayer[]> {
  const layers: ConfigLayer[] = [];
  for (const path of paths) {
    if (!(await isDirectory(path, files))) layers.push(await readConfigFile(path, files));
    else for (const child of await configsIn(path, files)) layers.push(await readConfigFile(child, files));
  }
  return layers;
}

async function configsIn(path: string, files: ConfigFiles): Promise<string[]> {
  const names = await reading(path, files.list(path));
  const found: string[] = [];
  for (const name of names.sort(compareBytes)) {
    const child = joinPath(path, name);
    if (name.endsWith(".json") && !(await isDirectory(child, files))) found.push(child);
  }
  return found;
}

async function readConfigFile(path: string, files: ConfigFiles): Promise<ConfigLayer> {
  const bytes = await reading(path, files.read(path));
  try {
    return decodeConfig(readFirstJson(bytes), settings);
  } catch (error) {
    if (!(error instanceof ConfigError || error instanceof JsonError)) throw error;
    throw new StartFailure(`Error decoding '${path}': ${error.message}`, { cause: error });
  }
}

async function isDirectory(path: string, files: ConfigFiles): Promise<boolean> {
  // An empty path is the current directory for some systems, and no file for Serf.
  if (path === "") throw new StartFailure("Error reading '': open : no such file or directory");
  return (await reading(path, files.status(path))).kind === "directory";
}

async function reading<Result>(path: string, work: Promise<Result>): Promise<Result> {
  return await work.catch((error: unknown) => {
    if (!(error instanceof SystemError)) throw error;
    throw new StartFailure(`Error reading '${path}': open ${path}: ${systemText(error)}`, { cause: error });
  });
}

/** `./d/` and `a.json` are `d/a.json`. */
function joinPath(directory: string, name: string): string {
  const parts: string[] = [];
  for (const part of directory.split("/")) {
    if (part === "" || part === ".") continue;
    if (part === ".." && parts.length > 0 && parts.at(-1) !== "..") parts.pop();
    else parts.push(part);
  }
  return `${directory.startsWith("/") ? "/" : ""}${[...parts, name].join("/")}`;
}
