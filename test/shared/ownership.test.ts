/** Who owns a file that is replaced. */
import { chown, mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { currentRuntime } from "../../runtimes/any/mod.ts";

it("a file that is replaced keeps its owner and its mode", async () => {
  const directory = await mkdtemp(join(tmpdir(), "tserf-owner-"));
  try {
    const { files } = await currentRuntime();
    const path = join(directory, "snapshot");
    await files.replace(path, Uint8Array.of(1), 0o640);
    // Only root can give a file to another user; others still have to keep what they have.
    const root = process.getuid?.() === 0;
    if (root) await chown(path, 65_534, 65_534);
    const before = await stat(path);
    await files.replace(path, Uint8Array.of(2), 0o600);
    const after = await stat(path);
    expect([after.uid, after.gid, after.mode & 0o777]).toEqual([before.uid, before.gid, 0o640]);
    if (root) expect(after.uid).toBe(65_534);
  } finally {
    await rm(directory, { recursive: true });
  }
});
