/** Parts of a runtime that are loaded with their first use: most commands use neither datagrams nor files. */
import type { Datagrams, Files, Processes } from "../../src/runtime.ts";

/** Returns datagrams whose adapter is loaded when the first socket is bound. */
export function laterDatagrams(load: () => Promise<Datagrams>): Datagrams {
  return { bind: async (address, handler) => await (await load()).bind(address, handler) };
}

/** Returns files whose adapter is loaded with the first access. */
export function laterFiles(load: () => Promise<Files>): Files {
  return {
    read: async (path) => await (await load()).read(path),
    replace: async (path, bytes, mode) => await (await load()).replace(path, bytes, mode),
    append: async (path, mode) => await (await load()).append(path, mode),
    status: async (path) => await (await load()).status(path),
    list: async (path) => await (await load()).list(path),
    remove: async (path) => await (await load()).remove(path),
  };
}

/** Returns processes whose adapter is loaded with the first program that is started. */
export function laterProcesses(load: () => Promise<Processes>): Processes {
  return { spawn: async (program, options) => await (await load()).spawn(program, options) };
}
