/** Measures functions that take microseconds, in turns, so that noise affects all of them. */

/** One way to do what is measured. */
export interface Contender {
  readonly name: string;
  readonly run: () => unknown;
}

const warmUpMs = 300;
const sampleMs = 4;
const sampleCount = 31;

/** Returns the median microseconds of one run of each contender. */
export function measure(contenders: readonly Contender[]): number[] {
  const counts = contenders.map(({ run }) => {
    const end = performance.now() + warmUpMs;
    let runs = 0;
    while (performance.now() < end) {
      for (let index = 0; index < 100; index++) run();
      runs += 100;
    }
    return Math.max(1, Math.round((runs * sampleMs) / warmUpMs));
  });
  const samples: number[][] = contenders.map(() => []);
  for (let sample = 0; sample < sampleCount; sample++) {
    for (const [index, { run }] of contenders.entries()) {
      samples[index]!.push((repeat(run, counts[index]!) * 1000) / counts[index]!);
    }
  }
  return samples.map((list) => list.sort((a, b) => a - b)[sampleCount >> 1]!);
}

function repeat(run: () => unknown, count: number): number {
  const start = performance.now();
  for (let index = 0; index < count; index++) run();
  return performance.now() - start;
}
