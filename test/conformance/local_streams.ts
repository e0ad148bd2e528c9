/**
 * Unix domain sockets: what `Streams` of `src/runtime.ts` promises for connections within a
 * machine.
 */
import { describe, expect } from "vitest";
import type { Connection, Listener, Runtime } from "../../src/runtime.ts";
import { checks, expectFailure, type OpenSubject, pattern, until } from "./suite.ts";

const nobody = (): void => {};

async function pairAt(runtime: Runtime, path: string): Promise<[Listener, Connection, Connection]> {
  const accepted: Connection[] = [];
  const listener = await runtime.streams.listenLocal(path, 0o600, (connection) => accepted.push(connection));
  const near = await runtime.streams.connectLocal(path);
  await until(runtime, "the accepted connection", () => accepted.length === 1);
  return [listener, near, accepted[0]!];
}

/** Declares the tests. */
export function localStreams(openSubject: OpenSubject): void {
  const check = checks(openSubject);
  describe("local streams", () => {
    check(
      "carry bytes both ways, and both ends have the path as their address",
      async ({ runtime, directory }) => {
        const path = `${directory}/s`;
        const [listener, near, far] = await pairAt(runtime, path);
        const ends = [listener.local, near.local, near.remote, far.local, far.remote];
        for (const end of ends) expect(end).toEqual({ host: path, port: 0 });
        const bytes = pattern(100_000);
        const written = near.write(bytes).then(() => near.close());
        let count = 0;
        for (let part = await far.read(); part !== null; part = await far.read()) {
          expect(part).toEqual(bytes.subarray(count, count + part.length));
          count += part.length;
        }
        expect(count).toBe(bytes.length);
        await written;
        await far.write(Uint8Array.of(7)).catch(() => {});
        far.close();
        await listener.close();
      },
    );

    check("have a file of exactly the requested mode", async ({ runtime, directory }) => {
      for (const mode of [0o600, 0o660, 0o666]) {
        const listener = await runtime.streams.listenLocal(`${directory}/s`, mode, nobody);
        expect(await runtime.files.status(`${directory}/s`)).toMatchObject({ kind: "other", mode });
        await listener.close();
      }
    });

    check("free their path when the listener closes, and stay connected", async ({ runtime, directory }) => {
      const path = `${directory}/s`;
      const [listener, near, far] = await pairAt(runtime, path);
      await listener.close();
      await listener.close();
      expect(await runtime.files.list(directory)).toEqual([]);
      await expectFailure(runtime.streams.connectLocal(path), "ENOENT");
      await near.write(Uint8Array.of(5));
      expect(await far.read()).toEqual(Uint8Array.of(5));
      near.close();
      far.close();
      const again = await runtime.streams.listenLocal(path, 0o600, nobody);
      await again.close();
    });

    check(
      "are refused if another file is at the path, with or without a listener",
      async ({ runtime, directory }) => {
        const { files, streams } = runtime;
        const listener = await streams.listenLocal(`${directory}/s`, 0o600, nobody);
        const error = await expectFailure(streams.listenLocal(`${directory}/s`, 0o600, nobody), "EADDRINUSE");
        expect(error.operation).toBe("listen");
        await listener.close();
        await files.replace(`${directory}/file`, Uint8Array.of(1), 0o600);
        await expectFailure(streams.listenLocal(`${directory}/file`, 0o600, nobody), "EADDRINUSE");
        await expectFailure(streams.connectLocal(`${directory}/file`), "ECONNREFUSED");
        expect(await files.read(`${directory}/file`)).toEqual(Uint8Array.of(1));
      },
    );

    check("fail with the reason for a bad path", async ({ runtime: { streams }, directory }) => {
      await expectFailure(streams.listenLocal(`${directory}/none/s`, 0o600, nobody), "ENOENT");
      await expectFailure(streams.connectLocal(`${directory}/none`), "ENOENT");
      const long = `${directory}/${"x".repeat(104)}`;
      const error = await expectFailure(streams.listenLocal(long, 0o600, nobody), "EINVAL");
      expect(error.message).toMatch(/the path has \d+ bytes, more than 103/);
      await expectFailure(streams.connectLocal(long), "EINVAL");
      await expectFailure(streams.listenLocal("", 0o600, nobody), "EINVAL");
    });

    check("fail if the caller has aborted", async ({ runtime: { streams }, directory }) => {
      const listener = await streams.listenLocal(`${directory}/s`, 0o600, (connection) => connection.close());
      const signal = AbortSignal.abort();
      await expectFailure(streams.connectLocal(`${directory}/s`, { signal }), "ECANCELED");
      await listener.close();
    });
  });
}
