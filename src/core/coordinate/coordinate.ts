/**
 * Vivaldi network coordinates (Dabek et al., SIGCOMM 2004) with height and adjustment, as Serf computes them. All numbers are
 * seconds; distances are rounded to whole nanoseconds, which makes them the same on every engine.
 */

/** A position in the space of round trip times. Immutable. */
export interface Coordinate {
  /** Euclidean part, seconds per dimension. */
  readonly vec: readonly number[];
  /** Confidence: 0 is perfect, 1.5 the worst. */
  readonly error: number;
  /** Local correction of estimates, seconds. */
  readonly adjustment: number;
  /** Distance from the Euclidean space, the access link, seconds. */
  readonly height: number;
}

/** Constants of the algorithm in Serf's default configuration. */
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

/** The position of a node that knows nothing yet. */
export function freshCoordinate(dimensions: number = vivaldi.dimensions): Coordinate {
  return {
    vec: new Array<number>(dimensions).fill(0),
    error: vivaldi.errorMax,
    adjustment: 0,
    height: vivaldi.heightMin,
  };
}

/** Whether every component is a finite number. */
export function isFiniteCoordinate(coordinate: Coordinate): boolean {
  const { vec, error, adjustment, height } = coordinate;
  return [...vec, error, adjustment, height].every(Number.isFinite);
}

/** |a.vec - b.vec| + a.height + b.height, in seconds. */
export function rawDistance(a: Coordinate, b: Coordinate): number {
  return magnitude(subtract(a.vec, b.vec)) + a.height + b.height;
}

/** Estimated round trip time in whole nanoseconds, adjustments included unless they would make it negative. */
export function distanceNs(a: Coordinate, b: Coordinate): number {
  const raw = rawDistance(a, b);
  const adjusted = raw + a.adjustment + b.adjustment;
  return Math.trunc((adjusted > 0 ? adjusted : raw) * 1e9);
}

/** {@link distanceNs} as seconds: whole seconds plus the rest, each converted on its own. */
export function distanceSeconds(a: Coordinate, b: Coordinate): number {
  const ns = distanceNs(a, b);
  const whole = Math.trunc(ns / 1e9);
  return whole + (ns - whole * 1e9) / 1e9;
}

/**
 * Moves `from` by `force` seconds away from `other` (towards it when negative). `random` yields numbers in [0, 1) and is only drawn
 * when the two are at the same place.
 */
export function applyForce(
  from: Coordinate,
  force: number,
  other: Coordinate,
  random: () => number,
): Coordinate {
  const { unit, length } = unitVector(from.vec, other.vec, random);
  const vec = from.vec.map((component, index) => component + unit[index]! * force);
  if (length <= vivaldi.zeroThreshold) return { ...from, vec };
  const height = ((from.height + other.height) * force) / length + from.height;
  return { ...from, vec, height: Math.max(height, vivaldi.heightMin) };
}

function subtract(a: readonly number[], b: readonly number[]): number[] {
  return a.map((component, index) => component - b[index]!);
}

function magnitude(vec: readonly number[]): number {
  let sum = 0;
  for (const component of vec) sum += component * component;
  return Math.sqrt(sum);
}

function unitVector(
  to: readonly number[],
  from: readonly number[],
  random: () => number,
): { unit: number[]; length: number } {
  const difference = subtract(to, from);
  const length = magnitude(difference);
  if (length > vivaldi.zeroThreshold) return { unit: scaled(difference, 1 / length), length };
  const direction = difference.map(() => random() - 0.5);
  const size = magnitude(direction);
  if (size > vivaldi.zeroThreshold) return { unit: scaled(direction, 1 / size), length: 0 };
  return { unit: difference.map((_, index) => (index === 0 ? 1 : 0)), length: 0 };
}

function scaled(vec: readonly number[], factor: number): number[] {
  return vec.map((component) => component * factor);
}
