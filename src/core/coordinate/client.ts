/**
 * A node's own coordinate and how each measured round trip moves it: latency filter, Vivaldi step,
 * adjustment (Ledlie et al., NSDI 2007) and gravity, in the order of Serf's `coordinate.Client`.
 */

import {
  applyForce,
  type Coordinate,
  distanceSeconds,
  freshCoordinate,
  isFiniteCoordinate,
  type MovingCoordinate,
  rawDistance,
  vivaldi,
} from "./coordinate.ts";

/** Settings of a {@link CoordinateClient}. */
export interface CoordinateClientOptions {
  /** The number of dimensions; all nodes of a cluster use 8, the default. */
  readonly dimensions?: number;
  /** Returns uniform numbers in [0, 1). */
  readonly random: () => number;
}

/** Why a coordinate or a round trip was refused; the texts are those of Serf's log lines. */
export type Refusal =
  | "dimensions aren't compatible"
  | "coordinate is invalid"
  | "round trip time not in valid range";

/** Keeps a node's coordinate (Serf `coordinate.Client`). */
export class CoordinateClient {
  readonly #random: () => number;
  readonly #origin: Coordinate;
  /** The position, which every round trip moves in place. */
  #moving: MovingCoordinate;
  /** A copy of the position that nobody changes; `undefined` until somebody asks for it. */
  #coordinate: Coordinate | undefined;
  readonly #latencies = new Map<string, number[]>();
  readonly #samples: number[] = new Array<number>(vivaldi.adjustmentWindow).fill(0);
  #sampleIndex = 0;
  #resets = 0;

  constructor(options: CoordinateClientOptions) {
    this.#random = options.random;
    this.#origin = freshCoordinate(options.dimensions);
    this.#moving = copy(this.#origin);
  }

  /** The current position. */
  get coordinate(): Coordinate {
    this.#coordinate ??= copy(this.#moving);
    return this.#coordinate;
  }

  /** How often the position became invalid and was reset to the origin. */
  get resets(): number {
    return this.#resets;
  }

  /** Replaces the position. Returns a reason if it is refused; then nothing changed. */
  set(coordinate: Coordinate): Refusal | undefined {
    const refusal = this.#refusal(coordinate);
    if (refusal === undefined) this.#place(coordinate);
    return refusal;
  }

  /**
   * Moves the position by one round trip of `seconds` to `node`, whose coordinate is `other`.
   * Returns a reason if it is refused; then nothing changed.
   */
  update(node: string, other: Coordinate, seconds: number): Refusal | undefined {
    const refusal = this.#refusal(other);
    if (refusal !== undefined) return refusal;
    if (!(seconds >= 0 && seconds <= vivaldi.roundTripMax)) return "round trip time not in valid range";
    const latency = this.#filter(node, seconds);
    this.#coordinate = undefined;
    this.#step(other, latency);
    this.#adjust(other, latency);
    this.#gravitate();
    if (!isFiniteCoordinate(this.#moving)) {
      this.#resets += 1;
      this.#place(this.#origin);
    }
    return undefined;
  }

  /** Drops the recent round trips of a node. */
  forget(node: string): void {
    this.#latencies.delete(node);
  }

  #place(coordinate: Coordinate): void {
    this.#moving = copy(coordinate);
    this.#coordinate = undefined;
  }

  #refusal(other: Coordinate): Refusal | undefined {
    if (other.vec.length !== this.#origin.vec.length) return "dimensions aren't compatible";
    return isFiniteCoordinate(other) ? undefined : "coordinate is invalid";
  }

  /** Returns the upper median of the node's last three round trips. */
  #filter(node: string, seconds: number): number {
    let recent = this.#latencies.get(node);
    if (recent === undefined) {
      recent = [];
      this.#latencies.set(node, recent);
    }
    recent.push(seconds);
    if (recent.length > vivaldi.latencyFilterSize) recent.shift();
    return upperMedian(recent);
  }

  /**
   * Moves by one sample: w = e_i / (e_i + e_j); e_i moves by c_e * w towards the sample's error;
   * x_i moves by c_c * w * (rtt - distance).
   */
  #step(other: Coordinate, latency: number): void {
    const self = this.#moving;
    const distance = distanceSeconds(self, other);
    const rtt = Math.max(latency, vivaldi.zeroThreshold);
    const wrongness = Math.abs(distance - rtt) / rtt;
    const weight = self.error / Math.max(self.error + other.error, vivaldi.zeroThreshold);
    const blended = vivaldi.ce * weight * wrongness + self.error * (1 - vivaldi.ce * weight);
    self.error = Math.min(blended, vivaldi.errorMax);
    applyForce(self, vivaldi.cc * weight * (rtt - distance), other, this.#random);
  }

  /**
   * Updates adjustment = sum of the last 20 (rtt - raw distance) / (2 * 20); samples not taken yet
   * count as 0.
   */
  #adjust(other: Coordinate, latency: number): void {
    this.#samples[this.#sampleIndex] = latency - rawDistance(this.#moving, other);
    this.#sampleIndex = (this.#sampleIndex + 1) % vivaldi.adjustmentWindow;
    let sum = 0;
    for (const sample of this.#samples) sum += sample;
    this.#moving.adjustment = sum / (2 * vivaldi.adjustmentWindow);
  }

  /**
   * Moves towards the origin by (distance / rho)^2, so that the cluster as a whole does not drift.
   */
  #gravitate(): void {
    const pull = distanceSeconds(this.#origin, this.#moving) / vivaldi.gravityRho;
    applyForce(this.#moving, -1 * pull * pull, this.#origin, this.#random);
  }
}

function copy({ vec, error, adjustment, height }: Coordinate): MovingCoordinate {
  return { vec: [...vec], error, adjustment, height };
}

/** Returns the upper median of one, two or three numbers. */
function upperMedian([a, b, c]: readonly number[]): number {
  if (b === undefined) return a!;
  const low = Math.min(a!, b);
  const high = Math.max(a!, b);
  return c === undefined ? high : Math.max(low, Math.min(high, c));
}
