/**
 * The records that answer key operations, `get-coordinate` and queries, written and read. Field
 * names are those of the wire, in alphabetical order.
 */

import type { Coordinate } from "../core/coordinate/coordinate.ts";
import type { QueryReply, ReceivedQueryReply } from "../core/serf/api.ts";
import { SerfError } from "../errors.ts";
import { withPayload } from "../go/payload.ts";
import { concatenate } from "./bytes.ts";
import type { Encodable } from "./codec.ts";
import { arrayHead, Encoded, RpcCodec } from "./codec.ts";
import { bytes, flag, list, real, record, small, text, textList, textMap } from "./fields.ts";
import { sortedMap } from "./records.ts";

/** How the members replied to a key operation. */
export interface KeyReport {
  /** Members that were asked. */
  readonly nodes: number;
  /** Members that replied, and how many of them reported a failure. */
  readonly responses: number;
  /** How many members failed, or replied with an error. */
  readonly failures: number;
  /** Member to its message, mostly why it failed. */
  readonly messages: ReadonlyMap<string, string>;
  /** Base64 key to the number of members that have it; empty for changes. */
  readonly keys: ReadonlyMap<string, number>;
}

/** The report of an operation for which nobody was asked. */
export const emptyKeyReport: KeyReport = {
  nodes: 0,
  responses: 0,
  failures: 0,
  messages: new Map(),
  keys: new Map(),
};

/** The agent refused a key operation, or it failed at a member; `report` says where and why. */
export class RpcKeyError extends SerfError {
  /** What the members replied. */
  readonly report: KeyReport;

  /** `report` is what the members replied. */
  constructor(message: string, report: KeyReport) {
    super("ERR_RPC", message);
    this.name = "RpcKeyError";
    this.report = report;
  }
}

/** The answer to a key operation. Only a listing has keys. */
export function keyRecord(report: KeyReport, listing: boolean): Encodable {
  return {
    Keys: listing ? report.keys : null,
    Messages: sortedMap(report.messages),
    NumErr: report.failures,
    NumNodes: report.nodes,
    NumResp: report.responses,
  };
}

/** Reads the answer to a key operation. Throws RpcWireError. */
export function readKeyReport(value: unknown): KeyReport {
  const fields = record(value, ["Messages", "Keys", "NumNodes", "NumErr", "NumResp"]);
  const keys = fields.get("Keys");
  return {
    nodes: small(fields.get("NumNodes")),
    responses: small(fields.get("NumResp")),
    failures: small(fields.get("NumErr")),
    messages: textMap(fields.get("Messages")),
    keys: new Map([...record(keys ?? null, [])].map(([key, count]) => [key, small(count)])),
  };
}

const structure = new RpcCodec();

/** The answer to `get-coordinate`; undefined for a node that is not known. */
export function coordinateRecord(coordinate: Coordinate | undefined): Encoded {
  const { adjustment, error, height } = coordinate ?? { adjustment: 0, error: 0, height: 0 };
  const field = (name: string, value: number): Uint8Array[] => [structure.encode(name), float64(value)];
  return new Encoded(
    concatenate([
      Uint8Array.of(0x82),
      structure.encode("Coord"),
      Uint8Array.of(0x84),
      ...field("Adjustment", adjustment),
      ...field("Error", error),
      ...field("Height", height),
      structure.encode("Vec"),
      coordinate === undefined ? structure.encode(null) : vector(coordinate.vec),
      structure.encode("Ok"),
      structure.encode(coordinate !== undefined),
    ]),
  );
}

/** Reads the answer to `get-coordinate`. Throws RpcWireError. */
export function readCoordinate(value: unknown): Coordinate | undefined {
  const answer = record(value, ["Coord", "Ok"]);
  if (!flag(answer.get("Ok"))) return undefined;
  const fields = record(answer.get("Coord") ?? null, ["Vec", "Error", "Adjustment", "Height"]);
  return Object.freeze({
    vec: Object.freeze(list(fields.get("Vec")).map(real)),
    error: real(fields.get("Error")),
    adjustment: real(fields.get("Adjustment")),
    height: real(fields.get("Height")),
  });
}

export type { QueryReply } from "../core/serf/api.ts";

/** A reply as the wire has it. */
export function replyRecord({ type, from, payload }: QueryReply): Encodable {
  return { From: from, Payload: type === "ack" ? null : payload, Type: type };
}

/** The replies to a query, as they come. */
export interface QueryReplies extends AsyncIterableIterator<QueryReply> {
  /**
   * Members that were meant and still owed a reply when the query ended; `undefined` before the
   * end, and if nobody knows.
   */
  readonly missing?: readonly string[] | undefined;
}

/** The end of a query. */
export interface QueryEnd {
  readonly type: "end";
  /** Members that still owed a reply; `undefined` if the agent does not say, as Go's does not. */
  readonly missing: readonly string[] | undefined;
}

/**
 * The record behind the last reply. Go's agent never sends `Missing`, and Go's client ignores fields
 * that it does not know.
 */
export function doneRecord(missing: readonly string[] | undefined): Encodable {
  return { From: "", ...(missing === undefined ? {} : { Missing: missing }), Payload: null, Type: "done" };
}

/**
 * Reads a reply or the end of the query; `undefined` for a record of an unknown type. Throws
 * RpcWireError. At the deadline Go's agent may send any number of replies without a sender before
 * the record of the end: they count as the end.
 */
export function readReply(value: unknown): ReceivedQueryReply | QueryEnd | undefined {
  const fields = record(value, ["Type", "From", "Payload"]);
  const type = text(fields.get("Type"));
  const from = text(fields.get("From"));
  if (type !== "ack" && type !== "response" && type !== "done") return undefined;
  if (type === "done" || from === "") {
    const missing = fields.get("Missing");
    return { type: "end", missing: missing === undefined ? undefined : textList(missing) };
  }
  return withPayload({ type, from, payload: bytes(fields.get("Payload")) ?? new Uint8Array(0) });
}

/** The library writes whole numbers as integers, but these fields are reals whatever their value. */
function float64(value: number): Uint8Array {
  const encoded = new Uint8Array(9);
  encoded[0] = 0xcb;
  new DataView(encoded.buffer).setFloat64(1, value);
  return encoded;
}

function vector(components: readonly number[]): Uint8Array {
  return concatenate([arrayHead(components.length), ...components.map(float64)]);
}
