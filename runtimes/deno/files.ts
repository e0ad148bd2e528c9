/** Files over Deno's own functions. */
import { type AppendFile, type Files, SystemError } from "../../src/runtime.ts";
import { absent, attempt, modeMask, OrderedFile, renameOver } from "../shared/files.ts";
import { type DenoFile, type DenoFileInfo, denoApi } from "./api.ts";

/** The files of the system, through Deno. */
export const files: Files = {
  read: (path) => attempt("read", path, () => denoApi().readFile(path)),
  replace: (path, bytes, mode) => attempt("replace", path, () => replace(path, bytes, mode)),
  append: (path, mode) => attempt("open", path, () => append(path, mode)),
  status: (path) =>
    attempt("stat", path, async () => {
      const found = await denoApi().stat(path);
      const kind = found.isFile ? "file" : found.isDirectory ? "directory" : "other";
      return { kind, size: found.size, mode: permissions(found) };
    }),
  list: (path) =>
    attempt("list", path, async () => {
      const names: string[] = [];
      for await (const { name } of denoApi().readDir(path)) names.push(name);
      return names;
    }),
  remove: (path) =>
    attempt("remove", path, async () => {
      // Deno would remove an empty directory.
      if ((await denoApi().lstat(path)).isDirectory) throw directory("remove", path);
      await denoApi().remove(path);
    }),
};

async function replace(path: string, bytes: Uint8Array, mode: number): Promise<void> {
  const existing = await denoApi().stat(path).catch(absent);
  if (existing?.isDirectory) throw directory("replace", path);
  // Resolve a symbolic link, so that its target is replaced and the link stays.
  const target = existing ? await denoApi().realPath(path) : path;
  const temporary = `${target}.${crypto.randomUUID()}.tmp`;
  const file = await denoApi().open(temporary, { write: true, createNew: true, mode: 0o600 });
  try {
    try {
      await writeAll(file, bytes);
      // The new file gets the owner of the old one, if the system allows. This clears bits of the
      // mode, so it comes before `chmod`.
      if (existing?.uid != null)
        await denoApi()
          .chown(temporary, existing.uid, existing.gid)
          .catch(() => {});
      // Set the mode explicitly, because the umask removes bits from the mode of `open`.
      await changeMode(temporary, existing ? permissions(existing) : mode);
      await file.sync();
    } finally {
      file.close();
    }
    await renameOver(denoApi().build.os, () => denoApi().rename(temporary, target));
  } catch (error) {
    await denoApi().remove(temporary).catch(absent);
    throw error;
  }
  await syncDirectory(target.replace(/[^/\\]*$/, "") || ".");
}

/** Makes the rename durable. On systems that cannot open a directory this does nothing. */
async function syncDirectory(path: string): Promise<void> {
  const opened = await denoApi()
    .open(path, { read: true })
    .catch(() => undefined);
  await opened?.sync().catch(() => {});
  opened?.close();
}

async function append(path: string, mode: number): Promise<AppendFile> {
  try {
    const created = await denoApi().open(path, { append: true, createNew: true, mode });
    await changeMode(path, mode);
    return ordered(created, path);
  } catch (error) {
    if ((error as { code?: unknown }).code !== "EEXIST") throw error;
    return ordered(await denoApi().open(path, { append: true, create: true, mode }), path);
  }
}

function ordered(file: DenoFile, path: string): OrderedFile {
  return new OrderedFile(path, {
    write: (bytes) => writeAll(file, bytes),
    sync: () => file.sync(),
    close: async () => file.close(),
  });
}

async function writeAll(file: DenoFile, bytes: Uint8Array): Promise<void> {
  for (let offset = 0; offset < bytes.length; ) offset += await file.write(bytes.subarray(offset));
}

/** Changes the mode of a file, except on Windows, which has no permission bits. */
async function changeMode(path: string, mode: number): Promise<void> {
  if (denoApi().build.os !== "windows") await denoApi().chmod(path, mode);
}

function permissions(found: DenoFileInfo): number {
  return (found.mode ?? 0) & modeMask;
}

function directory(operation: string, path: string): SystemError {
  return new SystemError("EISDIR", operation, `Cannot ${operation} ${path}: it is a directory`);
}
