/**
 * Vivaldi network coordinates (Dabek et al., SIGCOMM 2004) with height and adjustment, as Serf
 * computes them. All numbers are seconds; distances are rounded to whole nanoseconds, so that they
 * are the same on every JavaScript engine.
 */

/** A position in the space of round trip times (Serf `coordinate.Coordinate`). Immutable. */
export interface Coordinate {
  /** The Euclidean part: one number of seconds for each of 8 dimensions. */
  readonly vec: readonly number[];
  /** The uncertainty of the position, without a unit: 0 is perfect, 1.5 the worst. */
  readonly error: number;
  /** A correction that this node adds to estimates, in seconds; may be negative. */
  readonly adjustment: number;
  /** The height above the Euclidean space, in seconds: the delay of the node's access link. */
  readonly height: number;
}

/** A position that is moved in place. */
export type MovingCoordinate = {
  -readonly [Part in keyof Coordinate]: Part extends "vec" ? number[] : Coordinate[Part];
};

/** The constants of the algorithm, from Serf's `coordinate.DefaultConfig`. */
export const vivaldi = {
  dimensions: 8,
  errorMax: 1.5,
  ce: 0.25,
  cc: 0.25,
  adjustmentWindow: 20,
  heightMin: 10e-6,
  latencyFilterSize: 3,
  gravityRho: 150,
  zeroThreshold: 1e-6,
  roundTripMax: 10,
} as const;

/** Returns the position at which every node starts: the origin, with the largest error. */
export function freshCoordinate(dimensions: number = vivaldi.dimensions): Coordinate {
  return {
    vec: new Array<number>(dimensions).fill(0),
    error: vivaldi.errorMax,
    adjustment: 0,
    height: vivaldi.heightMin,
  };
}

/** Returns whether every component is a finite number. */
export function isFiniteCoordinate(coordinate: Coordinate): boolean {
  const { vec, error, adjustment, height } = coordinate;
  return (
    Number.isFinite(error) &&
    Number.isFinite(adjustment) &&
    Number.isFinite(height) &&
    vec.every(Number.isFinite)
  );
}

/** Returns |a.vec - b.vec| + a.height + b.height, in seconds. */
export function rawDistance(a: Coordinate, b: Coordinate): number {
  return gap(a.vec, b.vec) + a.height + b.height;
}

/**
 * Returns the estimated round trip time in whole nanoseconds, with adjustments unless they would
 * make it negative.
 */
export function distanceNs(a: Coordinate, b: Coordinate): number {
  const raw = rawDistance(a, b);
  const adjusted = raw + a.adjustment + b.adjustment;
  return Math.trunc((adjusted > 0 ? adjusted : raw) * 1e9);
}

/**
 * Returns {@link distanceNs} as seconds: whole seconds plus the rest, each converted on its own, as
 * in Go's `time.Duration.Seconds`.
 */
export function distanceSeconds(a: Coordinate, b: Coordinate): number {
  const ns = distanceNs(a, b);
  const whole = Math.trunc(ns / 1e9);
  return whole + (ns - whole * 1e9) / 1e9;
}

/**
 * Moves a position by `force` seconds away from `other`, or towards it if negative. `random` returns
 * numbers in [0, 1) and is called only if the two are at the same place.
 */
export function applyForce(
  moving: MovingCoordinate,
  force: number,
  other: Coordinate,
  random: () => number,
): void {
  const { vec } = moving;
  const length = gap(vec, other.vec);
  if (length <= vivaldi.zeroThreshold) {
    const direction = randomDirection(vec.length, random);
    for (let index = 0; index < vec.length; index++) vec[index]! += direction[index]! * force;
    return;
  }
  const factor = 1 / length;
  for (let index = 0; index < vec.length; index++) {
    vec[index]! += (vec[index]! - other.vec[index]!) * factor * force;
  }
  const height = ((moving.height + other.height) * force) / length + moving.height;
  moving.height = Math.max(height, vivaldi.heightMin);
}

/** The length of the difference of two vectors. */
function gap(a: readonly number[], b: readonly number[]): number {
  let sum = 0;
  for (let index = 0; index < a.length; index++) {
    const difference = a[index]! - b[index]!;
    sum += difference * difference;
  }
  return Math.sqrt(sum);
}

/** A random direction of length 1 for two vectors that are too close to have one. */
function randomDirection(dimensions: number, random: () => number): number[] {
  const origin = new Array<number>(dimensions).fill(0);
  const direction = origin.map(() => random() - 0.5);
  const size = gap(direction, origin);
  if (size > vivaldi.zeroThreshold) return direction.map((component) => component * (1 / size));
  return origin.map((_, index) => (index === 0 ? 1 : 0));
}
