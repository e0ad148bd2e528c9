/** Files: what {@link Files} promises. */
import { describe, expect } from "vitest";
import { checks, expectFailure, type OpenSubject, pattern } from "./suite.ts";

/** Declares the tests. */
export function files(openSubject: OpenSubject): void {
  const check = checks(openSubject);
  describe("files", () => {
    check("are replaced whole and read back", async ({ runtime: { files }, directory }) => {
      const path = `${directory}/keyring`;
      await files.replace(path, pattern(100_000), 0o600);
      await files.replace(path, pattern(10), 0o600);
      const bytes = await files.read(path);
      expect(bytes).toEqual(pattern(10));
      expect(Object.getPrototypeOf(bytes)).toBe(Uint8Array.prototype);
      expect(await files.list(directory)).toEqual(["keyring"]);
    });

    check("may be empty", async ({ runtime: { files }, directory }) => {
      await files.replace(`${directory}/empty`, new Uint8Array(0), 0o644);
      expect(await files.read(`${directory}/empty`)).toEqual(new Uint8Array(0));
      expect(await files.status(`${directory}/empty`)).toMatchObject({ kind: "file", size: 0 });
    });

    check("are created with exactly the requested mode, and keep the mode they have", async (subject) => {
      const { files } = subject.runtime;
      const path = `${subject.directory}/shared`;
      await files.replace(path, pattern(3), 0o666);
      expect(await files.status(path)).toEqual({ kind: "file", size: 3, mode: 0o666 });
      await files.replace(path, pattern(4), 0o600);
      expect(await files.status(path)).toEqual({ kind: "file", size: 4, mode: 0o666 });
      const log = await files.append(`${subject.directory}/log`, 0o666);
      await log.close();
      expect((await files.status(`${subject.directory}/log`)).mode).toBe(0o666);
    });

    check(
      "replaced at the same time end up as one of the versions",
      async ({ runtime: { files }, directory }) => {
        const path = `${directory}/contended`;
        await Promise.all([1, 2, 3, 4, 5].map((seed) => files.replace(path, pattern(5_000, seed), 0o600)));
        const bytes = await files.read(path);
        expect([1, 2, 3, 4, 5].some((seed) => Buffer.compare(bytes, pattern(5_000, seed)) === 0)).toBe(true);
        expect(await files.list(directory)).toEqual(["contended"]);
      },
    );

    check("are appended to in the order of writes", async ({ runtime: { files }, directory }) => {
      const path = `${directory}/snapshot`;
      const first = await files.append(path, 0o644);
      const writes = [0, 1, 2, 3].map((seed) => first.write(pattern(20_000, seed)));
      await Promise.all(writes);
      await first.sync();
      await first.close();
      await first.close();
      const second = await files.append(path, 0o644);
      await second.write(Uint8Array.of(42));
      await second.close();
      const bytes = await files.read(path);
      expect(bytes.length).toBe(80_001);
      for (const seed of [0, 1, 2, 3]) {
        const part = bytes.subarray(seed * 20_000, (seed + 1) * 20_000);
        expect(Buffer.compare(part, pattern(20_000, seed))).toBe(0);
      }
      expect(bytes[80_000]).toBe(42);
    });

    check("are listed, described and removed", async ({ runtime: { files }, directory }) => {
      await files.replace(`${directory}/b`, pattern(2), 0o644);
      await files.replace(`${directory}/a`, pattern(1), 0o644);
      expect((await files.list(directory)).sort()).toEqual(["a", "b"]);
      expect((await files.status(directory)).kind).toBe("directory");
      await files.remove(`${directory}/a`);
      expect(await files.list(directory)).toEqual(["b"]);
    });

    check("that do not exist are ENOENT", async ({ runtime: { files }, directory }) => {
      const path = `${directory}/absent`;
      expect((await expectFailure(files.read(path), "ENOENT")).message).toContain(path);
      await expectFailure(files.status(path), "ENOENT");
      await expectFailure(files.remove(path), "ENOENT");
      await expectFailure(files.list(path), "ENOENT");
      await expectFailure(files.replace(`${path}/file`, pattern(1), 0o600), "ENOENT");
      await expectFailure(files.append(`${path}/file`, 0o600), "ENOENT");
    });

    check("and directories are not confused", async ({ runtime: { files }, directory }) => {
      const path = `${directory}/file`;
      await files.replace(path, pattern(1), 0o600);
      await expectFailure(files.read(directory), "EISDIR");
      await expectFailure(files.replace(directory, pattern(1), 0o600), "EISDIR");
      await expectFailure(files.append(directory, 0o600), "EISDIR");
      await expectFailure(files.remove(directory), "EISDIR", "EPERM");
      await expectFailure(files.list(path), "ENOTDIR");
      await expectFailure(files.read(`${path}/below`), "ENOTDIR");
      expect(await files.list(directory)).toEqual(["file"]);
    });
  });
}
