/**
 * Files over `node:fs`, which Bun implements too. Its promises are loaded when they are needed
 * first: an agent without files of its own would keep a megabyte of Node for nothing.
 */
import type { FileHandle } from "node:fs/promises";
import { type AppendFile, type Files, SystemError } from "../../src/runtime.ts";
import { absent, attempt, modeMask, OrderedFile, renameOver } from "../shared/files.ts";
import { systemName } from "../shared/names.ts";
import { builtin } from "./builtin.ts";

/** The files of the system, through `node:fs`. */
export const files: Files = {
  read: (path) => attempt("read", path, async () => plain(await (await promises()).readFile(path))),
  replace: (path, bytes, mode) => attempt("replace", path, () => replace(path, bytes, mode)),
  append: (path, mode) => attempt("open", path, () => append(path, mode)),
  status: (path) =>
    attempt("stat", path, async () => {
      const found = await (await promises()).stat(path);
      const kind = found.isFile() ? "file" : found.isDirectory() ? "directory" : "other";
      return { kind, size: found.size, mode: found.mode & modeMask };
    }),
  list: (path) => attempt("list", path, async () => await (await promises()).readdir(path)),
  remove: (path) => attempt("remove", path, async () => await (await promises()).unlink(path)),
};

function promises(): Promise<typeof import("node:fs/promises")> {
  return import("node:fs/promises");
}

async function replace(path: string, bytes: Uint8Array, mode: number): Promise<void> {
  const { open, realpath, rename, stat, unlink } = await promises();
  const existing = await stat(path).catch(absent);
  if (existing?.isDirectory()) {
    throw new SystemError("EISDIR", "replace", `Cannot replace ${path}: it is a directory`);
  }
  // Resolve a symbolic link, so that its target is replaced and the link stays.
  const target = existing ? await realpath(path) : path;
  const temporary = `${target}.${crypto.randomUUID()}.tmp`;
  const handle = await open(temporary, "wx", 0o600);
  try {
    try {
      // The new file gets the owner of the old one, if the system allows. This clears bits of the
      // mode, so it comes before `chmod`.
      if (existing) await handle.chown(existing.uid, existing.gid).catch(() => {});
      // Set the mode explicitly, because the umask removes bits from the mode of `open`.
      await handle.chmod(existing ? existing.mode & modeMask : mode);
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await renameOver(systemName(process.platform), () => rename(temporary, target));
  } catch (error) {
    await unlink(temporary).catch(absent);
    throw error;
  }
  await syncDirectory(builtin("path").dirname(target));
}

/** Makes the rename durable. On systems that cannot open a directory this does nothing. */
async function syncDirectory(path: string): Promise<void> {
  const { open } = await promises();
  const handle = await open(path, builtin("fs").constants.O_RDONLY).catch(() => undefined);
  await handle?.sync().catch(() => {});
  await handle?.close();
}

async function append(path: string, mode: number): Promise<AppendFile> {
  const { open } = await promises();
  try {
    const created = await open(path, "ax", mode);
    await created.chmod(mode);
    return ordered(created, path);
  } catch (error) {
    if ((error as { code?: unknown }).code !== "EEXIST") throw error;
    return ordered(await open(path, "a", mode), path);
  }
}

function ordered(handle: FileHandle, path: string): OrderedFile {
  return new OrderedFile(path, {
    write: (bytes) => handle.writeFile(bytes),
    sync: () => handle.sync(),
    close: () => handle.close(),
  });
}

/** Returns a plain array, because the `slice` of a Buffer does not copy. */
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}
