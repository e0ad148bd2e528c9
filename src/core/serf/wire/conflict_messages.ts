/**
 * The answers to conflict queries on the wire: the member that the voter knows under the name (serf
 * `messageConflictResponseType`).
 */

import { parseAddress } from "../../../net/address.ts";
import { noBytes } from "../../bytes.ts";
import { MsgpackReader, MsgpackWriter } from "../../wire/msgpack.ts";
import { type Member, statusNumber } from "../api.ts";
import { SerfMessageType } from "./messages.ts";

/** The address at which a voter knows a name. */
export interface ConflictVote {
  readonly name: string;
  /** Empty if the voter does not know the name. */
  readonly address: Uint8Array;
  readonly port: number;
}

/** Encodes a vote: the member, or nil if the name is unknown. */
export function encodeConflictResponse(member: Member | undefined): Uint8Array {
  const writer = new MsgpackWriter(SerfMessageType.conflictResponse);
  if (member === undefined) return writer.nil().finish();
  const { protocol, memberlist, tags } = member;
  writer
    .map(11)
    .string("Addr")
    .bytes(parseAddress(member.address) ?? null);
  writer.string("DelegateCur").uint(protocol.current).string("DelegateMax").uint(protocol.max);
  writer.string("DelegateMin").uint(protocol.min).string("Name").string(member.name);
  writer.string("Port").uint(member.port).string("ProtocolCur").uint(memberlist.current);
  writer.string("ProtocolMax").uint(memberlist.max).string("ProtocolMin").uint(memberlist.min);
  writer.string("Status").uint(statusNumber[member.status]).string("Tags");
  const names = Object.keys(tags);
  writer.map(names.length);
  for (const name of names) writer.string(name).string(tags[name]!);
  return writer.finish();
}

/** Decodes a vote. Nil has zero values. Throws WireError. */
export function decodeConflictResponse(payload: Uint8Array): ConflictVote {
  let name = "";
  let address = noBytes;
  let port = 0;
  const skip = (reader: MsgpackReader): void => reader.skip();
  const fields = {
    Name: (reader: MsgpackReader) => (name = reader.string()),
    Addr: (reader: MsgpackReader) => (address = new Uint8Array(reader.bytes() ?? [])),
    Port: (reader: MsgpackReader) => (port = reader.uint(0xffff)),
    Tags: skip,
  };
  new MsgpackReader(payload, 1).struct(fields, ["Name", "Addr", "Port", "Tags"]);
  return { name, address, port };
}
