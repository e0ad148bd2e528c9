/**
 * Coordinates on pings: every ack contains the sender's position, and every ack of a probe moves
 * ours (serf `ping_delegate.go`).
 */

import { CoordinateClient } from "../coordinate/client.ts";
import { type Coordinate, distanceSeconds, freshCoordinate } from "../coordinate/coordinate.ts";
import { WireError } from "../wire/error.ts";
import { log, type SerfContext } from "./context.ts";

/** The coordinate of this node and the last known ones of others. */
export class PingCoordinates {
  readonly #context: SerfContext;
  readonly #client: CoordinateClient;
  readonly #known = new Map<string, Coordinate>();

  constructor(context: SerfContext) {
    this.#context = context;
    this.#client = new CoordinateClient({ random: () => context.random.unit() });
    this.#known.set(context.config.name, freshCoordinate());
  }

  /** How often our own position was reset. */
  get resets(): number {
    return this.#client.resets;
  }

  /** Returns the last known coordinate of a node, also of our own. */
  find(node: string): Coordinate | undefined {
    return this.#known.get(node);
  }

  /** Returns the payload of our acks. */
  payload(): Uint8Array {
    return this.#context.serfCodec.encodeCoordinate(this.#client.coordinate);
  }

  /** Moves our position by an acknowledged probe. `payload` is that of the ack. */
  observe(node: string, roundTripMs: number, payload: Uint8Array): void {
    if (payload.length === 0) return;
    let coordinate: Coordinate | undefined;
    try {
      coordinate = this.#context.serfCodec.decodeCoordinate(payload);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      log(this.#context, "ERR", `Failed to decode coordinate from ping: ${error.message}`, "coordinate");
      return;
    }
    if (coordinate === undefined) {
      log(this.#context, "ERR", `Unsupported ping version: ${payload[0]}`, "coordinate");
      return;
    }
    const { meter } = this.#context.outbox;
    const before = this.#client.coordinate;
    const refusal = this.#client.update(node, coordinate, Math.max(0, roundTripMs) / 1000);
    if (refusal !== undefined) {
      meter?.incr("serf.coordinate.rejected", 1);
      log(this.#context, "TRACE", `Rejected coordinate from ${node}: ${refusal}`);
      return;
    }
    if (roundTripMs <= 0) meter?.incr("serf.coordinate.zero-rtt", 1);
    meter?.sample("serf.coordinate.adjustment-ms", 1000 * distanceSeconds(before, this.#client.coordinate));
    this.#known.set(node, coordinate);
    this.#known.set(this.#context.config.name, this.#client.coordinate);
  }

  /** Drops the coordinate of a node. */
  forget(node: string): void {
    this.#client.forget(node);
    this.#known.delete(node);
  }
}
