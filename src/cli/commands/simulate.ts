/**
 * `serf simulate`: a simulated cluster in virtual time, and a report of how it behaved. Only ours:
 * Serf has no such command.
 */

import type { Course } from "../../../runtimes/sim/report/course.ts";
import { reportHtml } from "../../../runtimes/sim/report/html/page.ts";
import type { Report } from "../../../runtimes/sim/report/report.ts";
import type { Scenario } from "../../../runtimes/sim/report/scenario.ts";
import { type Progress, simulateCourse as play } from "../../../runtimes/sim/report/simulation.ts";
import { reportText } from "../../../runtimes/sim/report/text.ts";
import {
  DurationError,
  formatDuration,
  fromMilliseconds,
  parseDuration,
  toMilliseconds,
} from "../../go/duration.ts";
import { encodeJson, type JsonValue } from "../../go/json.ts";
import type { Clock, Runtime, Terminal } from "../../runtime.ts";
import { FlagError, parseArguments } from "../arguments.ts";
import { type Command, conclude, UsageFailure } from "../command.ts";

const help = `Usage: serf simulate [options]

  Simulates a cluster in virtual time and reports how fast it joins, detects
  crashes and spreads events, and what it sends. The same options always give
  the same report.

Options:

  -crash=0                  How many nodes crash.
  -duration=60s             How long events are sent, from the time when all
                            nodes have joined.
  -format                   Form of the output: 'text' (default), 'json', or
                            'html' for a page with plots.
  -latency=1ms-5ms          Delay of a packet: a time, or the least and the
                            greatest.
  -loss=0                   Share of the packets that are lost, below 1.
  -nodes=100                Number of nodes, 2 to 5000.
  -partition=0s             How long half of the cluster is cut off.
  -profile=lan              Timing profile: 'lan', 'wan' or 'local'.
  -seed=1                   Seed of all chance.`;

const nodesMax = 5_000;
const seedMax = 0xffff_ffff;
const durationMaxMs = 24 * 60 * 60_000;
const latencyMaxMs = 60_000;
/** For so long the event loop may wait. */
const turnMs = 50;

const specs = {
  crash: { kind: "integer", initial: 0 },
  duration: { kind: "duration", initial: 60_000_000_000n },
  format: { kind: "text", initial: "text" },
  latency: { kind: "text", initial: "1ms-5ms" },
  loss: { kind: "text", initial: "0" },
  nodes: { kind: "integer", initial: 100 },
  partition: { kind: "duration", initial: 0n },
  profile: { kind: "text", initial: "lan" },
  seed: { kind: "integer", initial: 1 },
} as const;

type Format = "text" | "json" | "html";

/** The command. */
export const simulate: Command = {
  help,
  run: (args, runtime) =>
    conclude(runtime, help, async () => {
      const { scenario, format } = readScenario(args);
      const { report, course } = await playInTurns(scenario, runtime);
      await runtime.terminal.write(`${printed(format, report, course)}\n`);
      return 0;
    }),
};

/** Reads the flags. Throws {@link FlagError} or {@link UsageFailure}. */
export function readScenario(args: readonly string[]): {
  readonly scenario: Scenario;
  readonly format: Format;
} {
  const { flags, rest } = parseArguments(specs, args);
  if (rest.length > 0) throw new UsageFailure(`Unexpected argument: ${rest[0]}`, help);
  const { format, profile } = flags;
  if (format !== "text" && format !== "json" && format !== "html")
    throw fault("format", format, "expected text, json or html");
  if (profile !== "lan" && profile !== "wan" && profile !== "local")
    throw fault("profile", profile, "expected lan, wan or local");
  const nodes = within("nodes", flags.nodes, 2, nodesMax);
  const durationMs = time("duration", flags.duration, 1_000, durationMaxMs);
  const scenario: Scenario = {
    nodes,
    seed: within("seed", flags.seed, 0, seedMax),
    profile,
    loss: share("loss", flags.loss),
    latencyMs: latency("latency", flags.latency),
    crashes: within("crash", flags.crash, 0, nodes - 1),
    partitionMs: time("partition", flags.partition, 0, durationMs),
    durationMs,
  };
  return { scenario, format };
}

function printed(format: Format, report: Report, course: Course): string {
  switch (format) {
    case "text":
      return reportText(report);
    case "json":
      return encodeJson(report as unknown as JsonValue);
    case "html":
      return reportHtml(report, course);
  }
}

function within(name: string, value: number, least: number, most: number): number {
  if (value >= least && value <= most) return value;
  throw fault(name, String(value), `expected a number from ${least} to ${most}`);
}

function time(name: string, value: bigint, leastMs: number, mostMs: number): number {
  const ms = toMilliseconds(value);
  if (Number.isInteger(ms) && ms >= leastMs && ms <= mostMs) return ms;
  const [least, most] = [leastMs, mostMs].map((bound) => formatDuration(fromMilliseconds(bound)));
  throw fault(name, formatDuration(value), `expected whole milliseconds from ${least} to ${most}`);
}

function share(name: string, text: string): number {
  const value = /^(\d+(\.\d*)?|\.\d+)$/.test(text) ? Number(text) : Number.NaN;
  if (value >= 0 && value < 1) return value;
  throw fault(name, text, "expected a share from 0 to below 1, such as 0.05");
}

function latency(name: string, text: string): readonly [number, number] {
  const bounds = text.split("-").map((bound) => {
    try {
      return toMilliseconds(parseDuration(bound));
    } catch (error) {
      if (!(error instanceof DurationError)) throw error;
      return Number.NaN;
    }
  });
  const [least, most = least] = bounds;
  const isSound = bounds.length <= 2 && bounds.every((ms) => Number.isInteger(ms) && ms <= latencyMaxMs);
  if (isSound && least !== undefined && most !== undefined && least <= most) return [least, most];
  throw fault(name, text, `expected whole milliseconds such as 5ms or 1ms-5ms, at most ${latencyMaxMs}ms`);
}

function fault(name: string, value: string, expected: string): FlagError {
  return new FlagError(`invalid value "${value}" for flag -${name}: ${expected}`);
}

/** Plays a scenario and lets the event loop run now and then, so that signals arrive. */
async function playInTurns(
  scenario: Scenario,
  { clock, terminal }: Runtime,
): Promise<{ readonly report: Report; readonly course: Course }> {
  const run = play(scenario);
  const line = new ProgressLine(terminal);
  let restedAt = clock.now();
  for (;;) {
    const { done, value } = run.next();
    if (done) {
      await line.clear();
      return value;
    }
    if (clock.now() - restedAt < turnMs) continue;
    await line.show(value);
    await rest(clock);
    restedAt = clock.now();
  }
}

function rest(clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    clock.after(0, resolve);
  });
}

/** The line on standard error, if that is a terminal, that shows how far the simulation is. */
class ProgressLine {
  readonly #terminal: Terminal;
  #shown = false;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  async show({ phase, ms }: Progress): Promise<void> {
    if (this.#terminal.errorIsTerminal !== true) return;
    this.#shown = true;
    await this.#terminal.writeError(`\r${phase}: ${(ms / 1000).toFixed(1)} s\u001b[K`);
  }

  async clear(): Promise<void> {
    if (this.#shown) await this.#terminal.writeError("\r\u001b[K");
  }
}
