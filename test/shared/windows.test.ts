/** What the adapters do on Windows, where it can be tried without one. */
import { describe, expect, it } from "vitest";
import { renameOver } from "../../runtimes/shared/files.ts";
import { openOn } from "../../runtimes/shared/hosts.ts";
import { signalsOf } from "../../runtimes/shared/signals.ts";
import { World } from "../../runtimes/sim/mod.ts";
import { shell } from "../../src/agent/scripts/run.ts";
import { type AppendFile, type Files, type SignalName, SystemError } from "../../src/runtime.ts";
import { SnapshotFile } from "../../src/shell/snapshot_file.ts";

/** A system that has some signals. */
class Source {
  readonly listeners = new Set<() => void>();
  readonly names: string[] = [];
  readonly #known: readonly string[];

  constructor(...known: string[]) {
    this.#known = known;
  }

  readonly add = (name: string, listener: () => void): void => {
    if (!this.#known.includes(name)) throw new Error(`Unknown signal: ${name}`);
    this.names.push(name);
    this.listeners.add(listener);
  };

  readonly remove = (name: string, listener: () => void): void => {
    this.names.splice(this.names.indexOf(name), 1);
    this.listeners.delete(listener);
  };
}

describe("signals", () => {
  it.each<[string, SignalName, readonly string[]]>([
    ["windows", "SIGINT", ["SIGINT"]],
    ["windows", "SIGTERM", ["SIGBREAK", "SIGHUP"]],
    ["windows", "SIGHUP", []],
    ["windows", "SIGUSR1", []],
    ["linux", "SIGTERM", ["SIGTERM"]],
    ["linux", "SIGHUP", ["SIGHUP"]],
    ["darwin", "SIGUSR1", ["SIGUSR1"]],
  ])("on %s, %s listens to %j", (os, signal, names) => {
    const source =
      os === "windows"
        ? new Source("SIGINT", "SIGBREAK", "SIGHUP")
        : new Source("SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1");
    let caught = 0;
    const cancel = signalsOf(os, () => source).on(signal, () => {
      caught += 1;
    });
    expect(source.names).toEqual(names);
    for (const listener of source.listeners) listener();
    expect(caught).toBe(names.length > 0 ? 1 : 0);
    cancel();
    cancel();
    expect(source.names).toEqual([]);
  });
});

describe("a rename over a file that another program has open", () => {
  const busy = (code: string): Error => Object.assign(new Error("busy"), { code });

  it.each(["EPERM", "EACCES", "EBUSY"])("is tried again on Windows after %s", async (code) => {
    let failures = 3;
    await renameOver("windows", async () => {
      if (failures-- > 0) throw busy(code);
    });
    expect(failures).toBe(-1);
  });

  it("fails at once elsewhere, for other reasons, and if it stays open", async () => {
    let tries = 0;
    const failing = (code: string) => async (): Promise<void> => {
      tries += 1;
      throw busy(code);
    };
    await expect(renameOver("linux", failing("EPERM"))).rejects.toThrow("busy");
    await expect(renameOver("windows", failing("ENOENT"))).rejects.toThrow("busy");
    expect(tries).toBe(2);
    await expect(renameOver("windows", failing("EPERM"))).rejects.toThrow("busy");
    expect(tries).toBe(10);
  });

  it("is not needed for the snapshot, which is closed before it is replaced", async () => {
    const world = new World({ seed: 1 });
    const { files: disk, clock } = world.addHost("a", "10.0.0.1");
    let open = 0;
    const files: Files = {
      ...disk,
      append: async (path, mode): Promise<AppendFile> => {
        const file = await disk.append(path, mode);
        open += 1;
        let closed = false;
        const close = async (): Promise<void> => {
          if (!closed) open -= 1;
          closed = true;
          await file.close();
        };
        return { write: file.write.bind(file), sync: file.sync.bind(file), close };
      },
      replace: async (path, bytes, mode) => {
        if (open > 0) throw new SystemError("EACCES", "replace", `Cannot replace ${path}: it is open`);
        await disk.replace(path, bytes, mode);
      },
    };
    const log: string[] = [];
    const options = {
      path: "/s",
      files,
      clock,
      log: (level: string, text: string) => log.push(`${level} ${text}`),
    };
    const { file } = await world.settle(SnapshotFile.open(options, false));
    file.start(() => "alive: a 10.0.0.1:7946\n");
    file.append("clock: 1\n");
    await world.run(100);
    file.compact();
    await world.run(100);
    file.append("clock: 2\n");
    await world.run(100);
    await world.settle(file.close());
    expect(log).toEqual([]);
    expect(new TextDecoder().decode(await world.settle(disk.read("/s")))).toBe(
      "alive: a 10.0.0.1:7946\nclock: 2\n",
    );
    expect(open).toBe(0);
  });
});

describe("a wildcard, where a socket on :: is for IPv6 alone", () => {
  it.each([
    ["", "0.0.0.0"],
    ["0.0.0.0", "0.0.0.0"],
    ["::", "::"],
    ["10.0.0.1", "10.0.0.1"],
  ])("%j opens %s", async (host, opened) => {
    const tried: string[] = [];
    await openOn(host, (on) => tried.push(on), false);
    expect(tried).toEqual([opened]);
  });
});

describe("the shell of a script", () => {
  it("gets it word for word on Windows, between quotes that cmd takes off", () => {
    expect(shell('"C:\\Program Files\\on event.bat" "a b" & exit 3', "windows")).toEqual({
      program: "cmd",
      args: ["/d", "/s", "/c", '""C:\\Program Files\\on event.bat" "a b" & exit 3"'],
      verbatim: true,
    });
    expect(shell("cat", "linux").program).toBe("/bin/sh");
  });
});
