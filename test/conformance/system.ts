/**
 * Clock and randomness on every runtime, and processes, signals, terminal and host on those with a
 * real system.
 */
import { describe, expect } from "vitest";
import { lacks, pathOf } from "../machine/here.ts";
import type { Command } from "../runtimes/binaries.ts";
import { checks, expectFailure, type OpenSubject, pattern, pause, type Subject, until } from "./suite.ts";

/** Declares the tests of time and randomness. */
export function clockAndRandom(openSubject: OpenSubject): void {
  const check = checks(openSubject);
  describe("clock and randomness", () => {
    check("time is milliseconds that never run backwards", async ({ runtime: { clock } }) => {
      let last = clock.now();
      for (let turn = 0; turn < 1_000; turn += 1) {
        const now = clock.now();
        expect(Number.isFinite(now)).toBe(true);
        expect(now).toBeGreaterThanOrEqual(last);
        last = now;
      }
      expect(clock.wallTime()).toBeGreaterThan(Date.UTC(2020));
    });

    check("a timer fires once, never early, and the earlier deadline first", async ({ runtime }) => {
      const { clock } = runtime;
      const fired: [number, number][] = [];
      for (const delay of [30, 10, 20.5, 0, -5]) {
        const due = clock.now() + delay;
        clock.after(delay, () => fired.push([delay, clock.now() - due]));
      }
      expect(fired).toEqual([]);
      await until(runtime, "all timers", () => fired.length === 5);
      await pause(runtime, 50);
      expect(fired.map(([delay]) => delay).slice(2)).toEqual([10, 20.5, 30]);
      for (const [, late] of fired) expect(late).toBeGreaterThanOrEqual(0);
    });

    check("a cancelled timer never fires", async ({ runtime }) => {
      const fired: string[] = [];
      const cancel = runtime.clock.after(5, () => fired.push("cancelled"));
      cancel();
      cancel();
      const late = runtime.clock.after(1, () => fired.push("fired"));
      await pause(runtime, 30);
      late();
      expect(fired).toEqual(["fired"]);
    });

    check("delays above 2^31 milliseconds do not fire at once", async ({ runtime }) => {
      const fired: number[] = [];
      const cancels = [2 ** 31, 2 ** 40, Number.MAX_SAFE_INTEGER, Number.POSITIVE_INFINITY].map((delay) =>
        runtime.clock.after(delay, () => fired.push(delay)),
      );
      await pause(runtime, 30);
      for (const cancel of cancels) cancel();
      expect(fired).toEqual([]);
    });

    check("random bytes fill any length and do not repeat", async ({ runtime: { random } }) => {
      for (const size of [0, 1, 12, 64, 65, 4_096, 65_536, 200_000]) {
        const bytes = new Uint8Array(size + 2);
        random.fill(bytes.subarray(1, size + 1));
        expect([bytes[0], bytes[size + 1]]).toEqual([0, 0]);
        // A byte is zero with a probability of 1/256; a gap that was not filled would have far more
        // zeros.
        const zeros = bytes.subarray(1, size + 1).filter((byte) => byte === 0).length;
        expect(zeros).toBeLessThanOrEqual(Math.max(12, size / 64));
      }
      const nonces = Array.from({ length: 2_000 }, () => {
        const nonce = new Uint8Array(12);
        random.fill(nonce);
        return nonce.join();
      });
      expect(new Set(nonces).size).toBe(2_000);
    });
  });
}

/** Declares the tests of processes, which use `/bin/sh`. */
export function processes(openSubject: OpenSubject): void {
  const check = checks(openSubject);
  const decoder = new TextDecoder();

  /** Runs a shell script to its end. */
  async function run({ runtime }: Subject, script: string, input?: Uint8Array): Promise<Ran> {
    const output = { stdout: "", stderr: "" };
    const child = await runtime.processes.spawn("/bin/sh", {
      args: ["-c", script],
      env: { GREETING: "hello" },
      ...(input && { input }),
      output: (stream, bytes) => {
        output[stream] += decoder.decode(bytes);
      },
    });
    expect(child.pid).toBeGreaterThan(1);
    const end = await child.ended;
    return { ...output, ...end };
  }

  describe("processes", () => {
    check("take input, environment and arguments and return output and exit code", async (subject) => {
      const script = 'echo "$GREETING"; cat; echo oops >&2; exit 3';
      const ran = await run(subject, script, new TextEncoder().encode("payload"));
      expect(ran).toEqual({ stdout: "hello\npayload", stderr: "oops\n", code: 3, signal: null });
    });

    check("inherit the environment", async (subject) => {
      expect((await run(subject, 'test -n "$PATH"')).code).toBe(0);
    });

    check("have an empty input if none is given", async (subject) => {
      expect(await run(subject, "cat")).toEqual({ stdout: "", stderr: "", code: 0, signal: null });
    });

    check("may open their standard streams again, as pipes", async (subject) => {
      const words = "cat /dev/stdin /dev/fd/0; echo b > /dev/stdout; echo c > /dev/fd/2; echo d > /dev/fd/1";
      const ran = await run(subject, words, new TextEncoder().encode("a\n"));
      expect(ran).toEqual({ stdout: "a\nb\nd\n", stderr: "c\n", code: 0, signal: null });
      expect((await run(subject, "test -p /dev/stdin && test -p /dev/stdout", pattern(1))).code).toBe(0);
    });

    check("go on to be heard when a child of theirs outlives them", async (subject) => {
      expect(await run(subject, "(sleep 0.3; echo late) & exit 3")).toEqual({
        stdout: "late\n",
        stderr: "",
        code: 3,
        signal: null,
      });
    });

    check("end with their children when their group is killed", async ({ runtime }) => {
      let stdout = "";
      const child = await runtime.processes.spawn("/bin/sh", {
        args: ["-c", "sleep 30 & echo $!; wait"],
        group: true,
        output: (_stream, bytes) => {
          stdout += decoder.decode(bytes);
        },
      });
      await until(runtime, "its child", () => stdout.endsWith("\n"));
      child.kill("SIGKILL");
      // Its output ends only when the child has ended too.
      expect(await child.ended).toEqual({ code: null, signal: "SIGKILL" });
      child.kill("SIGKILL");
    });

    check("may leave a large input unread", async (subject) => {
      expect(await run(subject, "exec <&-; exit 0", pattern(1_000_000))).toMatchObject({
        code: 0,
        signal: null,
      });
    });

    check("can receive input while they run", async ({ runtime }) => {
      let stdout = "";
      const child = await runtime.processes.spawn("/bin/sh", {
        args: ["-c", "while read line; do echo got $line; done; echo end; exit 4"],
        input: "open",
        output: (_stream, bytes) => {
          stdout += decoder.decode(bytes);
        },
      });
      const encoder = new TextEncoder();
      for (const word of ["one", "two"]) {
        await child.input?.write(encoder.encode(`${word}\n`));
        await until(runtime, word, () => stdout.endsWith(`got ${word}\n`));
      }
      child.input?.close();
      child.input?.close();
      expect(await child.ended).toEqual({ code: 4, signal: null });
      expect(stdout).toBe("got one\ngot two\nend\n");
      await expectFailure(child.input!.write(encoder.encode("late\n")), "EPIPE");
    });

    check("that do not read their input block the writer", async ({ runtime }) => {
      const child = await runtime.processes.spawn("/bin/sh", {
        args: ["-c", "exec sleep 30"],
        input: "open",
      });
      let written = false;
      const writing = child.input!.write(pattern(1_000_000)).then(() => {
        written = true;
      });
      await pause(runtime, 100);
      expect(written).toBe(false);
      child.kill("SIGKILL");
      await expectFailure(writing, "EPIPE");
      expect(await child.ended).toEqual({ code: null, signal: "SIGKILL" });
    });

    check("have no open input unless they ask for one", async ({ runtime }) => {
      const child = await runtime.processes.spawn("/bin/sh", { args: ["-c", "cat"], input: pattern(10) });
      expect(child.input).toBeUndefined();
      expect((await child.ended).code).toBe(0);
    });

    check("can write much output", async (subject) => {
      const { stdout } = await run(subject, "cat", new Uint8Array(1_000_000).fill(65));
      expect(stdout.length).toBe(1_000_000);
    });

    check("can run without their output being read", async ({ runtime }) => {
      const child = await runtime.processes.spawn("/bin/sh", { args: ["-c", "echo unseen"] });
      expect(await child.ended).toEqual({ code: 0, signal: null });
    });

    check("can be killed", async ({ runtime }) => {
      for (const signal of ["SIGTERM", "SIGKILL"] as const) {
        const child = await runtime.processes.spawn("/bin/sh", {
          args: ["-c", "exec sleep 30"],
          output: () => {},
        });
        child.kill(signal);
        expect(await child.ended).toEqual({ code: null, signal });
        child.kill(signal);
      }
    });

    check("that do not exist or are no programs cannot be started", async ({ runtime, directory }) => {
      await expectFailure(runtime.processes.spawn(`${directory}/absent`, { args: [] }), "ENOENT");
      await expectFailure(runtime.processes.spawn("tserf-no-such-program", { args: [] }), "ENOENT");
      await runtime.files.replace(`${directory}/text`, new Uint8Array(0), 0o644);
      const error = await expectFailure(runtime.processes.spawn(`${directory}/text`, { args: [] }), "EACCES");
      expect(error.operation).toBe("spawn");
    });
  });
}

interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
  readonly signal: string | null;
}

/** How many bytes the terminal tests' program writes when it writes much. */
const floodSize = 2_000_000;

/** Declares the tests of signals and standard streams, by a program that runs on the runtime under test, if that is installed. */
export function terminal(openSubject: OpenSubject, program: Command | undefined): void {
  const check = checks(openSubject);

  async function run({ runtime }: Subject, ...args: string[]): Promise<Ran> {
    const ran = { stdout: "", stderr: "" };
    const decoder = new TextDecoder();
    const child = await runtime.processes.spawn(program!.program, {
      args: [...program!.args, ...args],
      env: { TSERF_TEST: "set", NO_COLOR: "1" },
      output: (stream, bytes) => {
        const text = decoder.decode(bytes);
        ran[stream] += text;
        if (stream === "stdout" && text.includes("ready")) child.kill("SIGTERM");
      },
    });
    const end = await child.ended;
    return { ...ran, ...end };
  }

  /** The program with an argument, for a shell. */
  const words = (argument: string): string =>
    [program!.program, ...program!.args, argument].map((word) => `'${word}'`).join(" ");

  async function shell({ runtime }: Subject, script: string): Promise<Pick<Ran, "stdout" | "stderr">> {
    const ran = { stdout: "", stderr: "" };
    const child = await runtime.processes.spawn("/bin/sh", {
      args: ["-c", script],
      env: { NO_COLOR: "1" },
      output: (stream, bytes) => {
        ran[stream] += new TextDecoder().decode(bytes);
      },
    });
    await child.ended;
    return ran;
  }

  describe.skipIf(program === undefined)("terminal and signals", () => {
    check(
      "arguments, environment, ordered output and exit code pass between program and system",
      async (subject) => {
        const ran = await run(subject, "echo", "one", "--two");
        expect(ran.stdout).toBe('["echo","one","--two"] set undefined null\nbytes\n');
        expect(ran.stderr).toBe("to the error stream\n");
        expect(ran.code).toBe(7);
      },
    );

    describe.each(["flood", "print"])("%s", (action) => {
      check("much output is written whole before the program ends", async (subject) => {
        const ran = await run(subject, action);
        expect(ran.stdout.length).toBe(floodSize);
        expect(ran.code).toBe(0);
      });

      check("a closed pipe is not an error and is noticed", async (subject) => {
        const ran = await shell(subject, `{ ${words(action)}; echo "ended with $?" >&2; } | head -c 10`);
        expect(ran).toEqual({ stdout: "x".repeat(10), stderr: "ended with 3\n" });
      });

      check("a pipe that is full and does not wait loses nothing", async (subject) => {
        // As long as Node writes to a pipe, it does not wait for anybody who has it.
        const node = `'${pathOf("node")}' -e 'process.stdout.write("y"); setTimeout(() => {}, 2_500)'`;
        const ran = await shell(
          subject,
          `{ ${node} & sleep 0.5; ${words(action)}; echo "ended with $?" >&2; wait; } | { sleep 1.5; wc -c; }`,
        );
        expect(ran).toEqual({ stdout: `${floodSize + 1}\n`, stderr: "ended with 0\n" });
      });
    });

    check("a program that keeps its heap small pays little for a burst of garbage", async (subject) => {
      const ran = await run(subject, "garbage");
      expect(ran.code).toBe(0);
      if (subject.runtime.host.keepHeapSmall === undefined) return;
      expect(Number(ran.stdout)).toBeLessThan(16_000_000);
    });

    check("a signal is reported instead of ending the program, until cancelled", async (subject) => {
      const ran = await run(subject, "signal");
      expect(ran.stdout).toBe("ready\ngot SIGTERM\n");
      expect(ran.code).toBe(5);
    });
  });
}

/** Declares the tests of what the runtime knows of its host. */
export function host(openSubject: OpenSubject): void {
  const check = checks(openSubject);
  describe("host", () => {
    check("has a name, a process and Go's names for system and machine", async ({ runtime: { host } }) => {
      expect(host.hostname()).not.toBe("");
      expect(["linux", "darwin", "windows", "freebsd"]).toContain(host.os);
      expect(["amd64", "arm64"]).toContain(host.arch);
      expect(host.version).toMatch(/^\d+\.\d+\.\d+/);
      expect(host.cores).toBeGreaterThan(0);
      const { used, resident } = host.memory();
      expect(used).toBeGreaterThan(0);
      expect(resident).toBeGreaterThan(1_000_000);
      expect(host.pid).toBe(process.pid);
    });

    check("has interfaces, among them the loopback with its prefix", async ({ runtime: { host } }) => {
      const found = host.interfaces();
      const loopback = found.find(({ address }) => address === "127.0.0.1");
      expect(loopback).toMatchObject({ prefixLength: 8, internal: true });
      expect(loopback!.interface).not.toBe("");
      if (lacks("ipv6")) return;
      expect(found.find(({ address }) => address === "::1")).toMatchObject({
        prefixLength: 128,
        internal: true,
      });
    });

    check("resolves names to numeric addresses", async ({ runtime: { host } }) => {
      const found = await host.resolve("localhost");
      expect(found.length).toBeGreaterThan(0);
      expect(new Set(found).size).toBe(found.length);
      for (const address of found) expect(["127.0.0.1", "::1"]).toContain(address);
      expect(await host.resolve("127.0.0.1")).toEqual(["127.0.0.1"]);
      expect(await host.resolve("0:0::1")).toEqual(["::1"]);
    });

    check("does not resolve an empty name", async ({ runtime: { host } }) => {
      await expectFailure(host.resolve(""), "ENOTFOUND");
    });

    check("does not resolve a name that cannot exist", async ({ runtime: { host } }) => {
      const error = await expectFailure(host.resolve("no-such-host.invalid"), "ENOTFOUND");
      expect(error.operation).toBe("lookup");
    });
  });
}
