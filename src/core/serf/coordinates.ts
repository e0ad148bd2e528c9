/**
 * Coordinates on pings: every ack contains the sender's position, and every ack of a probe moves
 * ours (serf `ping_delegate.go`).
 */

import { CoordinateClient } from "../coordinate/client.ts";
import { type Coordinate, distanceSeconds, freshCoordinate } from "../coordinate/coordinate.ts";
import { WireError } from "../wire/error.ts";
import { MsgpackReader, MsgpackWriter } from "../wire/msgpack.ts";
import { log, type SerfContext } from "./context.ts";

const pingVersion = 1;
const dimensionsMax = 64;

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
    return encodeCoordinate(this.#client.coordinate);
  }

  /** Moves our position by an acknowledged probe. `payload` is that of the ack. */
  observe(node: string, roundTripMs: number, payload: Uint8Array): void {
    if (payload.length === 0) return;
    if (payload[0] !== pingVersion) {
      log(this.#context, "ERR", `Unsupported ping version: ${payload[0]}`, "coordinate");
      return;
    }
    let coordinate: Coordinate;
    try {
      coordinate = decodeCoordinate(payload);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      log(this.#context, "ERR", `Failed to decode coordinate from ping: ${error.message}`, "coordinate");
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

/** Encodes the payload of an ack: a version byte and a coordinate. */
export function encodeCoordinate(coordinate: Coordinate): Uint8Array {
  const writer = new MsgpackWriter(pingVersion).map(4);
  writer.string("Adjustment").float(coordinate.adjustment).string("Error").float(coordinate.error);
  writer.string("Height").float(coordinate.height).string("Vec").array(coordinate.vec.length);
  for (const component of coordinate.vec) writer.float(component);
  return writer.finish();
}

/** Decodes the payload of an ack. Throws WireError. */
export function decodeCoordinate(payload: Uint8Array): Coordinate {
  let vec: number[] = [];
  let error = 0;
  let adjustment = 0;
  let height = 0;
  const fields = {
    Vec: (reader: MsgpackReader) => {
      const count = reader.arrayHeader();
      if (count > dimensionsMax) throw new WireError(`coordinate has ${count} dimensions`);
      vec = Array.from({ length: count }, () => reader.float());
    },
    Error: (reader: MsgpackReader) => (error = reader.float()),
    Adjustment: (reader: MsgpackReader) => (adjustment = reader.float()),
    Height: (reader: MsgpackReader) => (height = reader.float()),
  };
  new MsgpackReader(payload, 1).struct(fields, ["Vec", "Error", "Adjustment", "Height"]);
  return { vec, error, adjustment, height };
}
