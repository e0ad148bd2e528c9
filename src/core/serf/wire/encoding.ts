/**
 * Encodes the messages of events and queries, which `messages.ts` decodes. Keys are in ascending
 * byte order, as Go writes them, and integers in their shortest unsigned form, which every version
 * accepts.
 */

import { MsgpackWriter } from "../../wire/msgpack.ts";
import {
  type QueryMessage,
  type QueryResponseMessage,
  type RelayMessage,
  SerfMessageType,
  type UserEventMessage,
} from "./messages.ts";

/** Encodes a user event. */
export function encodeUserEvent(event: UserEventMessage): Uint8Array {
  const writer = new MsgpackWriter(SerfMessageType.userEvent).map(4);
  writer.string("CC").bool(event.coalesce).string("LTime").uint(event.lamportTime);
  writer.string("Name").string(event.name).string("Payload").bytes(event.payload);
  return writer.finish();
}

/** Encodes a query, whose timeout must not be negative. */
export function encodeQuery(query: QueryMessage): Uint8Array {
  const writer = new MsgpackWriter(SerfMessageType.query).map(11);
  writer.string("Addr").bytes(query.address).string("Filters");
  if (query.filters.length === 0) writer.nil();
  else {
    writer.array(query.filters.length);
    for (const filter of query.filters) writer.bytes(filter);
  }
  writer.string("Flags").uint(query.flags).string("ID").uint(query.id);
  writer.string("LTime").uint(query.lamportTime).string("Name").string(query.name);
  writer.string("Payload").bytes(query.payload).string("Port").uint(query.port);
  writer.string("RelayFactor").uint(query.relayFactor).string("SourceNode").string(query.sourceNode);
  return writer.string("Timeout").uint(query.timeout).finish();
}

/** Encodes an answer or an acknowledgement. */
export function encodeQueryResponse(response: QueryResponseMessage): Uint8Array {
  const writer = new MsgpackWriter(SerfMessageType.queryResponse).map(5);
  writer.string("Flags").uint(response.flags).string("From").string(response.from);
  writer.string("ID").uint(response.id).string("LTime").uint(response.lamportTime);
  return writer.string("Payload").bytes(response.payload).finish();
}

/** Encodes a message that another member relays. */
export function encodeRelay(relay: RelayMessage): Uint8Array {
  const writer = new MsgpackWriter(SerfMessageType.relay).map(2).string("DestAddr").map(3);
  writer.string("IP").bytes(relay.address).string("Port").uint(relay.port).string("Zone").string("");
  const header = writer.string("DestName").string(relay.node).finish();
  const message = new Uint8Array(header.length + relay.inner.length);
  message.set(header);
  message.set(relay.inner, header.length);
  return message;
}
