/**
 * The payload of an ack: a version byte and the sender's coordinate as a map. Every node of a
 * cluster sends the same 151 bytes except for the eleven numbers in them, so these bytes are a form
 * that is filled in and read at fixed places. What does not look like it is read as any map.
 */

import type { Coordinate } from "../../coordinate/coordinate.ts";
import { vivaldi } from "../../coordinate/coordinate.ts";
import { WireError } from "../../wire/error.ts";
import { MsgpackReader, MsgpackWriter } from "../../wire/msgpack.ts";

/** The first byte of a payload. */
const pingVersion = 1;

const dimensionsMax = 64;
/** What `float` writes before the eight bytes of a number. */
const floatMark = 0xcb;

const form = write({
  vec: new Array<number>(vivaldi.dimensions).fill(0),
  error: 0,
  adjustment: 0,
  height: 0,
});
/** Where the numbers are: adjustment, error, height, then the vector. */
const places = [...form.keys()].filter((index) => form[index] === floatMark).map((index) => index + 1);
const [adjustmentPlace, errorPlace, heightPlace] = places as [number, number, number];
const vectorPlaces: readonly number[] = places.slice(3);
/** The other places, whose bytes are always the same. */
const fixedPlaces = [...form.keys()].filter(
  (index) => !places.some((place) => index >= place && index < place + 8),
);

/** Encodes the payload of an ack. */
export function encodeCoordinate(coordinate: Coordinate): Uint8Array {
  if (coordinate.vec.length !== vivaldi.dimensions) return write(coordinate);
  const bytes = form.slice();
  const view = new DataView(bytes.buffer);
  view.setFloat64(adjustmentPlace, coordinate.adjustment);
  view.setFloat64(errorPlace, coordinate.error);
  view.setFloat64(heightPlace, coordinate.height);
  for (let index = 0; index < vivaldi.dimensions; index++) {
    view.setFloat64(vectorPlaces[index]!, coordinate.vec[index]!);
  }
  return bytes;
}

/** Decodes the payload of an ack. Returns `undefined` if it has another version. Throws WireError. */
export function decodeCoordinate(payload: Uint8Array): Coordinate | undefined {
  if (payload[0] !== pingVersion) return undefined;
  if (!hasForm(payload)) return read(payload);
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  const vec = new Array<number>(vivaldi.dimensions);
  for (let index = 0; index < vivaldi.dimensions; index++) vec[index] = view.getFloat64(vectorPlaces[index]!);
  return {
    vec,
    error: view.getFloat64(errorPlace),
    adjustment: view.getFloat64(adjustmentPlace),
    height: view.getFloat64(heightPlace),
  };
}

function hasForm(payload: Uint8Array): boolean {
  if (payload.length !== form.length) return false;
  for (let index = 0; index < fixedPlaces.length; index++) {
    const place = fixedPlaces[index]!;
    if (payload[place] !== form[place]) return false;
  }
  return true;
}

function write(coordinate: Coordinate): Uint8Array {
  const writer = new MsgpackWriter(pingVersion).map(4);
  writer.string("Adjustment").float(coordinate.adjustment).string("Error").float(coordinate.error);
  writer.string("Height").float(coordinate.height).string("Vec").array(coordinate.vec.length);
  for (const component of coordinate.vec) writer.float(component);
  return writer.finish();
}

function read(payload: Uint8Array): Coordinate {
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
