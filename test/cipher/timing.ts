/**
 * Whether the time of the cipher depends on what is secret: a test like dudect (Reparaz, Balasch and
 * Verbauwhede, "Dude, is my code constant time?", 2017). Each row compares two classes of inputs, in
 * random order, by Welch's t-test, over all times and over the shorter ones. It fails if a row is
 * above the limit twice in a row, or if the last row, which does leak, is not. Run it on a machine
 * that does nothing else: `npm run timing -- --seconds=60`. Runs unchanged on Deno, Bun and Node 24.
 */

import { randomFillSync } from "node:crypto";
import process from "node:process";
import { SealFlag } from "../../src/core/wire/abi.ts";
import { Engine } from "../../src/core/wire/engine.ts";
import { type Build, builds } from "../../src/core/wire/module.ts";

/** What is compared: returns the nanoseconds that an input of class 0 or 1 takes. */
type Row = (input: 0 | 1, index: number) => number;

/** Above it, a t-test cannot be chance; dudect has the same limit. */
const limit = 10;
const percentiles = [0.5, 0.75, 0.9, 0.99, 1];
const warmUp = 20_000;
/** How often the same input is worked on between two readings of the clock, which is coarse. */
const repetitions = 8;
const textSize = 256;
/** The size of an expanded key, `KEY_SIZE` in `wasm/assembly/memory.ts`. */
const keySize = 2_432;
/** How many inputs of each class there are, so that caches do not tell the classes apart. */
const inputs = 64;

const random = (size: number): Uint8Array => randomFillSync(new Uint8Array(size));
const zeros = (size: number): Uint8Array => new Uint8Array(size);
const many = (create: () => Uint8Array): readonly Uint8Array[] => Array.from({ length: inputs }, create);
const now = (): number => Number(process.hrtime.bigint() & 0xfffffffffffffn);

function engineOf(key: Uint8Array, build: Build): Engine {
  return new Engine({ label: zeros(0), keys: [key], inputSize: 4_096, outputSize: 0, outputLimit: 0, build });
}

/** Both classes go through this array, so that they do not differ in their address. */
const staging: Uint8Array = zeros(textSize + 64);

function stage(engine: Engine, input: Uint8Array): void {
  for (let index = 0; index < input.length; index++) staging[index] = input[index]!;
  engine.bytes.set(staging, engine.input);
}

/** Returns how long `run` takes, after one time that is not measured. */
function timeOf(run: () => unknown): number {
  run();
  const start = now();
  for (let repetition = 0; repetition < repetitions; repetition++) run();
  return now() - start;
}

function seal(engine: Engine, text: Uint8Array): number {
  stage(engine, text);
  engine.words[engine.recordsWord] = text.length;
  return timeOf(() => engine.run.seal(1, SealFlag.encrypt));
}

function rowsOf(build: Build): ReadonlyMap<string, Row> {
  const one = engineOf(random(32), build);
  const texts = [many(() => zeros(textSize)), many(() => random(textSize))] as const;
  const others = many(() => random(textSize));

  // Keys are expanded elsewhere and copied, because two instances differ in their addresses.
  const keysAt = 4 * one.recordsWord - keySize;
  const expanded = (key: Uint8Array): Uint8Array => engineOf(key, build).copy(keysAt, keySize);
  const keyed = engineOf(random(32), build);
  const keys = [
    Array.from({ length: 16 }, () => expanded(zeros(32))),
    Array.from({ length: 16 }, () => expanded(random(32))),
  ] as const;

  const packet = sealedBy(one, random(textSize));
  const wrongAt = (fromTagStart: number): Uint8Array => {
    const wrong = packet.slice();
    wrong[wrong.length - 16 + fromTagStart]! ^= 1;
    return wrong;
  };
  const pairs = Array.from({ length: inputs }, () => [wrongAt(0), wrongAt(15)] as const);
  const open = (input: Uint8Array): number => {
    stage(one, input);
    return timeOf(() => one.run.open(input.length, 1));
  };
  return new Map<string, Row>([
    [
      "nothing: random or random",
      (input, index) => seal(one, (input === 0 ? others : texts[1])[index % inputs]!),
    ],
    ["text: zeros or random", (input, index) => seal(one, texts[input][index % inputs]!)],
    [
      "key: zeros or random",
      (input, index) => {
        keyed.bytes.set(keys[input][index % 16]!, keysAt);
        return seal(keyed, texts[0][0]!);
      },
    ],
    ["tag: wrong in the first or last byte", (input, index) => open(pairs[index % inputs]![input])],
    [
      "control, which stops at the first difference",
      (input, index) => timeOf(() => differsAt(pairs[index % inputs]![input], packet)),
    ],
  ]);
}

function sealedBy(engine: Engine, text: Uint8Array): Uint8Array {
  engine.bytes.set(text, engine.input);
  engine.words[engine.recordsWord] = text.length;
  const length = engine.run.seal(1, SealFlag.encrypt);
  return engine.copy(engine.run.result(), length);
}

/**
 * Returns where two tags differ first, for which it takes the longer the later that is. It looks
 * eight times, because sixteen bytes are too few for the clock of some runtimes.
 */
function differsAt(input: Uint8Array, expected: Uint8Array): number {
  let at = input.length - 16;
  for (let times = 0; times < 8; times++) {
    at = input.length - 16;
    while (at < input.length && input[at] === expected[at]) at += 1;
  }
  return at;
}

/** Measures one row. Returns the t of each percentile. */
function measure(row: Row, seconds: number): readonly number[] {
  for (let index = 0; index < warmUp; index++) row((index & 1) as 0 | 1, index);
  const samples: [number[], number[]] = [[], []];
  const end = performance.now() + 1_000 * seconds;
  for (let index = 0; performance.now() < end; index++) {
    const input = Math.random() < 0.5 ? 0 : 1;
    samples[input].push(row(input, index));
  }
  const sorted = [...samples[0], ...samples[1]].sort((a, b) => a - b);
  return percentiles.map((part) => {
    const most = sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))]!;
    return welch(...(samples.map((list) => list.filter((time) => time <= most)) as [number[], number[]]));
  });
}

/** Welch's t of two samples. */
function welch(first: readonly number[], second: readonly number[]): number {
  const [a, b] = [momentsOf(first), momentsOf(second)];
  return (a.mean - b.mean) / Math.sqrt(a.variance / a.count + b.variance / b.count);
}

function momentsOf(list: readonly number[]): { mean: number; variance: number; count: number } {
  const mean = list.reduce((sum, value) => sum + value, 0) / list.length;
  const squares = list.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, variance: squares / (list.length - 1), count: list.length };
}

const secondsArgument = process.argv.find((argument) => argument.startsWith("--seconds="));
const seconds = Number(secondsArgument?.slice("--seconds=".length) ?? 6);
let failed = false;
for (const build of builds) {
  console.log(`${build} build, ${seconds} s a row; t of the fastest 50, 75, 90, 99 and 100 %`);
  for (const [name, row] of rowsOf(build)) {
    const mustLeak = name.startsWith("control");
    let leaks = false;
    for (let round = 0; round < 2; round++) {
      const ts = measure(row, seconds);
      leaks = ts.some((t) => Math.abs(t) > limit);
      console.log(
        `${name.padEnd(46)} ${ts.map((t) => t.toFixed(1).padStart(8)).join("")}${leaks ? "  LEAK" : ""}`,
      );
      if (leaks === mustLeak) break;
    }
    failed ||= leaks !== mustLeak;
  }
}
console.log(failed ? "failed" : "no leak was found");
process.exitCode = failed ? 1 : 0;
