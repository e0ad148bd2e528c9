/** One transcript that is played again: what each command leaves behind is compared with what was recorded. */

import { hostname } from "node:os";
import { until } from "../interop/agents.ts";
import { compare, type Difference, same } from "./compare.ts";
import { type Chance, type Expectations, type IntendedDifference, intendedAt, left } from "./intended.ts";
import { normal, normalFile } from "./normal.ts";
import { inLanes, type Place, type Program } from "./place.ts";
import type { FileBlock, Observed, Step, Transcript } from "./transcript.ts";

/** How long an agent has to print what Serf printed. */
const outputMs = 8_000;

/** A recorded command that runs again. */
export interface Playing {
  readonly step: Step;
  readonly program: Program;
}

/** A transcript and its results so far. */
export class Stage {
  readonly transcript: Transcript;
  readonly place: Place;
  readonly #intended: readonly IntendedDifference[];
  readonly #chances: readonly Chance[];
  readonly #differences = new Map<string, Difference>();
  readonly #played = new Set<number>();

  constructor(transcript: Transcript, place: Place, { differences, chances }: Expectations) {
    this.transcript = transcript;
    this.place = place;
    this.#intended = differences.filter(
      ({ scenario, only }) => scenario === transcript.name && (only === undefined || only === place.kind),
    );
    this.#chances = chances.filter(({ scenario }) => scenario === transcript.name);
  }

  /** Differences that are not listed, or are listed and did not occur; by command or file. */
  get unexpected(): Record<string, Difference> {
    return Object.fromEntries([...this.#differences].filter(([, difference]) => !same(difference)));
  }

  /** Commands and files that were not played. */
  get unplayed(): number[] {
    return [...this.transcript.items.keys()].filter(
      (index) => this.transcript.items[index]!.kind !== "remark" && !this.#played.has(index),
    );
  }

  /** Runs a recorded command to its end. */
  async play(index: number): Promise<void> {
    await this.finish(this.start(index));
  }

  /** Runs recorded commands one after the other, the last included. */
  async playAll(first: number, last: number): Promise<void> {
    for (let index = first; index <= last; index += 1) await this.play(index);
  }

  /** Runs recorded commands at the same time. */
  async playTogether(first: number, last: number): Promise<void> {
    const indexes = Array.from({ length: last - first + 1 }, (_, offset) => first + offset);
    await inLanes(indexes, 3, (index) => this.play(index));
  }

  /** Whether a command that was played had the recorded outcome. */
  matches(index: number): boolean {
    const difference = this.#differences.get(this.#title(index));
    return difference !== undefined && same(difference);
  }

  /**
   * Runs a recorded command until it has the expected output: the cluster needs time to converge.
   */
  async playUntilSame(index: number): Promise<void> {
    const attempt = async (): Promise<boolean> => {
      await this.play(index);
      return this.matches(index);
    };
    await until("it answers as recorded", attempt, 20_000).catch(() => undefined);
  }

  /** Starts a recorded command, with arguments of its own where the recording leaves them out. */
  start(index: number, args?: readonly string[], env: Readonly<Record<string, string>> = {}): Playing {
    const step = this.step(index);
    this.#played.add(index);
    const program = this.place.start(args ?? step.args, { ...step.env, ...env });
    if (step.args[0] !== "agent") program.closeInput();
    return { step, program };
  }

  /** Starts a recorded agent and waits for its banner, or its end. */
  async agent(index: number, env: Readonly<Record<string, string>> = {}): Promise<Playing> {
    const playing = this.start(index, undefined, env);
    await playing.program.prints("==> Log data will now stream in");
    return playing;
  }

  /** Waits for the end of a recorded command and compares. */
  async finish({ step, program }: Playing): Promise<void> {
    await program.over();
    const difference = this.#compare(step, {
      stdout: program.stdout,
      stderr: program.stderr,
      end: program.end!,
    });
    this.#differences.set(this.#title(step.index), difference);
  }

  /** Waits until a recorded agent has printed what it should have, ends it as was done then, and compares. */
  async end(playing: Playing, signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    if (signal === "SIGKILL") await this.settled(playing);
    playing.program.signal(signal);
    await this.finish(playing);
  }

  /** Waits until a recorded command has printed what it should have, for as long as is reasonable. */
  async settled({ step, program }: Playing, timeoutMs: number = outputMs): Promise<void> {
    const done = (): boolean => {
      const observed = { stdout: program.stdout, stderr: program.stderr, end: step.end };
      return program.end !== undefined || same(this.#compare(step, observed));
    };
    await until("all is printed", done, timeoutMs).catch(() => undefined);
  }

  /** Writes a file as it was recorded. */
  writeFile(index: number, path: string): void {
    this.#played.add(index);
    this.place.write(path, this.#file(index).content);
  }

  /** Compares a file with what was recorded, and its permissions when they were. */
  async compareFile(index: number, path: string, mode?: string): Promise<void> {
    this.#played.add(index);
    const recorded = this.#file(index).content;
    const found = (): Difference => {
      const actual = mode === undefined ? "" : this.place.mode(path);
      const ours = { stdout: normalFile(this.place.read(path) ?? "(no file)"), stderr: "", end: actual };
      const original = { stdout: normalFile(recorded), stderr: "", end: mode ?? "" };
      return left(compare(original, ours), intendedAt(this.#intended, index, "outputs"));
    };
    await until("the file is written", () => same(found()), 5_000).catch(() => undefined);
    this.#differences.set(this.#title(index), found());
  }

  /** Compares the recorder's notes beside a command, as lines. */
  compareNotes(index: number, original: readonly string[], ours: readonly string[], what = "notes"): void {
    const text = (lines: readonly string[]): Observed => ({ stdout: "", stderr: "", end: lines.join("\n") });
    const noted = (lines: readonly string[]): string[] =>
      lines.map((line) => line.replace(/^end: /, "note: "));
    const found = compare(text(original), text(ours));
    const difference = { original: noted(found.original), ours: noted(found.ours) };
    this.#differences.set(
      `${this.#title(index)}, ${what}`,
      left(difference, intendedAt(this.#intended, index, "notes")),
    );
  }

  #title(index: number): string {
    const item = this.transcript.items[index];
    const what = item?.kind === "command" ? item.line : item?.notes.join(" ");
    return `${this.transcript.name} ${index}: ${what?.slice(0, 200)}`;
  }

  /** A recorded command. */
  step(index: number): Step {
    const item = this.transcript.items[index];
    if (item?.kind !== "command") throw new Error(`${this.transcript.name} has no command ${index}`);
    return item;
  }

  #file(index: number): FileBlock {
    const item = this.transcript.items[index];
    if (item?.kind !== "file") throw new Error(`${this.transcript.name} has no file ${index}`);
    return item;
  }

  #compare(step: Step, observed: Observed): Difference {
    const chances = this.#chances.filter((chance) => chance.step === undefined || chance.step === step.index);
    const sides = [step, marked(step, observed)].map((side) => normal(step.args, side, chances));
    return left(compare(sides[0]!, sides[1]!), intendedAt(this.#intended, step.index, "outputs"));
  }
}

/** Our output with the marks that transcripts have in place of help and the machine's name. */
function marked(step: Step, { stdout, stderr, end }: Observed): Observed {
  const mark = (text: string): string =>
    text
      .replace(/^(?:==> )?Usage: serf(?: ([\w-]+))?[\s\S]*/m, (all, name: string | undefined) => {
        return `${all.startsWith("==> ") ? "==> " : ""}[help ${name ?? "serf"}]\n`;
      })
      .replace(/^Flags of a subcommand go behind its name[\s\S]*?\n(?=\n)/, "[flags before the command]\n");
  let named = step.args[0] === "agent" ? stdout.replaceAll(hostname(), "HOST") : stdout;
  // The recorder cut long lines of this transcript.
  if (step.stdout.includes(" characters cut here]... ")) {
    named = named.replace(
      /^(.{300})(.{600,})(.{100})$/gm,
      (_all, head: string, middle: string, tail: string) => {
        return `${head} ...[${middle.length} characters cut here]... ${tail}`;
      },
    );
  }
  return { stdout: mark(named), stderr: mark(stderr), end };
}
