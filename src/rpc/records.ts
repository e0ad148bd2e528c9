/**
 * The records that carry members and events, read and written. Field names are those of the wire, in alphabetical order.
 */

import type { Member, MemberEvent, MemberStatus, QueryEvent, UserEvent } from "../core/serf/api.ts";
import { compareBytes } from "../go/json.ts";
import { formatAddress, parseAddress } from "../net/address.ts";
import { concatenate } from "./bytes.ts";
import type { Encodable, RpcCodec } from "./codec.ts";
import { integer } from "./codec.ts";
import { bytes, record, small, text, textMap } from "./fields.ts";

/** A map of texts with sorted keys. */
export function sortedMap(entries: Iterable<readonly [string, string]>): Map<string, string> {
  return new Map([...entries].sort(([left], [right]) => compareBytes(left, right)));
}

/** A member as the wire has it. */
export function memberRecord(member: Member): Encodable {
  return {
    Addr: parseAddress(member.address) ?? null,
    DelegateCur: member.protocol.current,
    DelegateMax: member.protocol.max,
    DelegateMin: member.protocol.min,
    Name: member.name,
    Port: member.port,
    ProtocolCur: member.memberlist.current,
    ProtocolMax: member.memberlist.max,
    ProtocolMin: member.memberlist.min,
    Status: member.status,
    Tags: sortedMap(Object.entries(member.tags)),
  };
}

const memberOrder = [
  "Name", "Addr", "Port", "Tags", "Status", "ProtocolMin", "ProtocolMax", "ProtocolCur", "DelegateMin", "DelegateMax",
  "DelegateCur",
] as const; // biome-ignore format: one declared order

/** Reads a member. Throws RpcWireError. */
export function readMember(value: unknown): Member {
  const fields = record(value, memberOrder);
  const range = (name: string): Member["protocol"] => ({
    min: small(fields.get(`${name}Min`)),
    max: small(fields.get(`${name}Max`)),
    current: small(fields.get(`${name}Cur`)),
  });
  return Object.freeze({
    name: text(fields.get("Name")),
    address: addressText(bytes(fields.get("Addr")) ?? new Uint8Array(0)),
    port: small(fields.get("Port")),
    tags: Object.freeze(Object.fromEntries(textMap(fields.get("Tags")))),
    status: text(fields.get("Status")) as MemberStatus,
    protocol: range("Delegate"),
    memberlist: range("Protocol"),
  });
}

/** An event that a stream can deliver. */
export type StreamedEvent = MemberEvent | UserEvent | QueryEvent;

/** An event's record for streams, encoded when the first stream wants it and then shared by all. */
export class EventRecord {
  readonly event: StreamedEvent;
  readonly #codec: RpcCodec;
  #shared: Uint8Array | undefined;

  constructor(event: StreamedEvent, codec: RpcCodec) {
    this.event = event;
    this.#codec = codec;
  }

  /** The record's body in pieces. A query has a number of its own on every stream; the rest is shared. */
  encode(id: number): readonly Uint8Array[] {
    const { event } = this;
    if (event.type !== "query") {
      this.#shared ??= this.#codec.encode(eventRecord(event));
      return [this.#shared];
    }
    this.#shared ??= this.#codec.encode(...queryRest(event));
    const start = this.#codec.encode("Event", "query", "ID", id);
    return [concatenate([queryRecordHead, start]), this.#shared];
  }
}

function eventRecord(event: MemberEvent | UserEvent): Encodable {
  if (event.type !== "user") return { Event: event.type, Members: event.members.map(memberRecord) };
  return {
    Coalesce: event.coalesce,
    Event: "user",
    LTime: integer(event.lamportTime),
    Name: event.name,
    Payload: payloadOf(event),
  };
}

/** A map of five fields: Event, ID and those of {@link queryRest}. */
const queryRecordHead: Uint8Array = Uint8Array.of(0x85);

/** The fields of a query's record behind its number. */
function queryRest(event: QueryEvent): Encodable[] {
  return ["LTime", integer(event.lamportTime), "Name", event.name, "Payload", payloadOf(event)];
}

/** An empty payload is sent as nil, as Serf 0.9 does. */
function payloadOf({ payload }: UserEvent | QueryEvent): Uint8Array | null {
  return payload.length === 0 ? null : payload;
}

/** Addresses of other lengths show as Go shows them. */
function addressText(address: Uint8Array): string {
  if (address.length === 4 || address.length === 16) return formatAddress(address);
  const hex = Array.from(address, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex === "" ? "" : `?${hex}`;
}
