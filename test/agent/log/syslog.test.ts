import { describe, expect, test } from "vitest";
import { restartMs, Syslog, syslogPaths, waitingMax } from "../../../src/agent/log/syslog.ts";
import { facilityCode, syslogLines } from "../../../src/agent/log/syslog_lines.ts";
import type { Host, ProcessEnd, Processes, SpawnOptions } from "../../../src/runtime.ts";
import type { LogLine } from "../../../src/shell/options/log.ts";
import { FakeClock, settle } from "../fakes.ts";

function line(text: string, level: LogLine["level"] = "INFO"): LogLine {
  return { time: 0, level, component: "agent", text };
}

/** A `logger` that was started. */
class FakeLogger {
  readonly args: readonly string[];
  text = "";
  closed = false;
  killed = false;
  /** If set, writing waits for it. */
  gate: Promise<void> = Promise.resolve();
  #settle: (end: ProcessEnd) => void = () => undefined;
  readonly ended: Promise<ProcessEnd> = new Promise((resolve) => {
    this.#settle = resolve;
  });

  constructor({ args, input }: SpawnOptions, listening: ReadonlySet<string>, missing: boolean) {
    this.args = args;
    const path = args[args.indexOf("--socket") + 1]!;
    if (missing) void this.end(127);
    else if (!listening.has(path)) void this.end(1);
    else if (input !== "open") void this.end(0);
  }

  async end(code: number): Promise<void> {
    this.#settle({ code, signal: null });
    await settle();
  }
}

/** A system with a syslog socket, or without one. */
class FakeSystem {
  readonly clock: FakeClock = new FakeClock();
  readonly loggers: FakeLogger[] = [];
  readonly warnings: string[] = [];
  listening: Set<string> = new Set(["/dev/log"]);
  missing = false;
  os = "linux";

  async open(facility = "LOCAL0"): Promise<Syslog> {
    const processes: Processes = {
      spawn: async (program, options) => {
        expect(program).toBe("/bin/sh");
        const logger = new FakeLogger(options, this.listening, this.missing);
        this.loggers.push(logger);
        const input = {
          write: async (bytes: Uint8Array): Promise<void> => {
            await logger.gate;
            logger.text += new TextDecoder().decode(bytes);
          },
          close: (): void => {
            logger.closed = true;
            void logger.end(0);
          },
        };
        const kill = (): void => {
          logger.killed = true;
        };
        return { pid: 1, ended: logger.ended, kill, ...(options.input === "open" ? { input } : {}) };
      },
    };
    const host = { os: this.os, pid: 4242 } as Host;
    const runtime = { clock: this.clock, host, processes };
    return await Syslog.open(facility, runtime, (text) => this.warnings.push(text));
  }

  get fed(): string {
    return this.loggers.map(({ text }) => text).join("");
  }
}

describe("lines for syslog", () => {
  test("have Serf's severities", () => {
    const levels = ["TRACE", "DEBUG", "INFO", "WARN", "ERR"] as const;
    const local3 = levels.map((level) => syslogLines(line("x", level), facilityCode("local3")!)[0]);
    expect(local3).toEqual([
      "<159>agent: x",
      "<158>agent: x",
      "<157>agent: x",
      "<156>agent: x",
      "<155>agent: x",
    ]);
  });

  test("are one for each line of the message, without empty ones", () => {
    const text = "error joining: 1 error occurred:\n\t* failed to join x\n\n";
    expect(syslogLines(line(text, "WARN"), 16)).toEqual([
      "<132>agent: error joining: 1 error occurred:",
      "<132>\t* failed to join x",
    ]);
    expect(syslogLines(line("a\r\n<1>forged\0"), 0)).toEqual(["<5>agent: a", "<5><1>forged"]);
  });

  test.each([
    ["KERN", 0],
    ["DAEMON", 3],
    ["AuthPriv", 10],
    ["FTP", 11],
    ["LOCAL0", 16],
    ["local7", 23],
    ["NOPE", undefined],
    ["", undefined],
    ["constructor", undefined],
  ])("go to the facility %s, which is %s", (name, code) => {
    expect(facilityCode(name)).toBe(code);
  });
});

describe("syslog", () => {
  test("is written through one logger process that keeps running", async () => {
    const system = new FakeSystem();
    const syslog = await system.open("LOCAL3");
    syslog.line(line("one"));
    await settle();
    syslog.line(line("two", "ERR"));
    syslog.line(line("three"));
    await settle();
    expect(system.fed).toBe("<157>agent: one\n<155>agent: two\n<157>agent: three\n");
    expect(system.loggers).toHaveLength(2);
    expect(system.loggers[1]?.args).toEqual([
      ...["-c", 'trap "" HUP INT TERM; exec logger "$@"', "sh"],
      ...["--socket", "/dev/log", "--socket-errors=on", "--tag", "serf", "--id=4242"],
      ...["--prio-prefix", "--size", "65536"],
    ]);
    await syslog.close();
    expect(system.loggers[1]?.closed).toBe(true);
  });

  test("is found at the socket of each system", async () => {
    for (const path of syslogPaths) {
      const system = new FakeSystem();
      system.listening = new Set([path]);
      const syslog = await system.open();
      syslog.line(line("x"));
      await settle();
      expect(system.loggers.at(-1)?.args).toContain(path);
      await syslog.close();
    }
  });

  test("without a socket stops the agent from starting, with Serf's message", async () => {
    const system = new FakeSystem();
    system.listening = new Set();
    await expect(system.open()).rejects.toThrow("Syslog setup failed: Unix syslog delivery error");
    await expect(system.open("NOPE")).rejects.toThrow("Syslog setup failed: invalid syslog facility: NOPE");
  });

  test("needs Linux and the program logger", async () => {
    const system = new FakeSystem();
    system.os = "windows";
    await expect(system.open()).rejects.toThrow("Syslog setup failed: Platform does not support syslog");
    system.os = "linux";
    system.missing = true;
    await expect(system.open()).rejects.toThrow('Syslog setup failed: cannot find the program "logger"');
  });

  test("may restart: lines are kept until then, and one warning is logged", async () => {
    const system = new FakeSystem();
    const syslog = await system.open();
    syslog.line(line("before"));
    await settle();
    system.listening = new Set();
    await system.loggers.at(-1)?.end(1);
    syslog.line(line("meanwhile"));
    await system.clock.advance(restartMs - 1);
    expect(system.loggers).toHaveLength(2);
    await system.clock.advance(1 + 5 * restartMs);
    expect(system.warnings).toEqual(["Lines do not get to syslog, trying again: logger ended with code 1"]);
    system.listening = new Set(["/dev/log"]);
    syslog.line(line("after"));
    await system.clock.advance(2 * restartMs);
    expect(system.fed).toBe("<133>agent: before\n<133>agent: meanwhile\n<133>agent: after\n");
    expect(system.warnings).toHaveLength(1);
    await syslog.close();
  });

  test("that is slow blocks nothing: the oldest lines are dropped, and a warning says so", async () => {
    const system = new FakeSystem();
    const syslog = await system.open();
    syslog.line(line("first"));
    await settle();
    let release = (): void => undefined;
    system.loggers.at(-1)!.gate = new Promise((resolve) => {
      release = resolve;
    });
    syslog.line(line("slow"));
    await settle();
    for (let index = 0; index < waitingMax + 5; index++) syslog.line(line(String(index)));
    release();
    await settle();
    expect(system.fed).toMatch(/^<133>agent: first\n<133>agent: slow\n<133>agent: 5\n<133>agent: 6\n/);
    expect(system.warnings).toEqual(["Dropped 5 lines on their way to syslog"]);
    await syslog.close();
  });

  test("that takes no more input does not keep the agent from ending", async () => {
    const system = new FakeSystem();
    const syslog = await system.open();
    syslog.line(line("first"));
    await settle();
    const logger = system.loggers.at(-1)!;
    logger.gate = new Promise(() => undefined);
    syslog.line(line("stuck"));
    await settle();
    const closed = syslog.close();
    await system.clock.advance(1_000);
    await closed;
    expect(logger.killed).toBe(true);
    syslog.line(line("late"));
    await settle();
    expect(system.fed).toBe("<133>agent: first\n");
  });

  test("gets the last lines even if logger was just killed", async () => {
    const system = new FakeSystem();
    const syslog = await system.open();
    syslog.line(line("first"));
    await settle();
    await system.loggers.at(-1)?.end(1);
    syslog.line(line("last"));
    await syslog.close();
    expect(system.fed).toBe("<133>agent: first\n<133>agent: last\n");
  });
});
