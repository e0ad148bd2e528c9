/**
 * Filling packets: a primary message or none, then our own broadcasts, then those of the layer above, within the packet budget
 * (memberlist `getBroadcasts`, `rawSendMsgPacket`).
 */

import { joinHostPort } from "../../net/address.ts";
import type { Address } from "../../runtime.ts";
import { MessageType } from "../wire/abi.ts";
import type { PacketMessage } from "../wire/messages.ts";
import { labelSize, SwimLimits } from "./config.ts";
import { log, type SwimContext } from "./context.ts";
import { type Node, protocolMaxIndex } from "./members.ts";

const compoundHeaderSize = 2;
const partOverhead = 2;
const userOverhead = 3;
/** Version byte, nonce and tag; version 0 pads by up to 16 more. */
const encryptionOverhead = { 0: 45, 1: 29 } as const;
/** Protocol version from which a peer understands the CRC envelope. */
const crcProtocol = 5;

/** Sends one message, with as many broadcasts as fit beside it. */
export function sendWithNews(context: SwimContext, to: Address, message: PacketMessage): void {
  const primary = context.codec.encode(message);
  const encrypt = context.codec.encrypted && context.config.verifyOutgoing;
  const limit = budget(context, encrypt) - primary.length - partOverhead;
  const parts = [primary, ...news(context, limit, SwimLimits.compoundParts - 1)];
  send(context, to, parts, false);
}

/** Sends exactly these messages to a node. */
export function sendToNode(context: SwimContext, node: Node, parts: readonly Uint8Array[]): void {
  send(context, node.endpoint, parts, (node.versions[protocolMaxIndex] ?? 0) >= crcProtocol);
}

/** Sends one user message to an address; nothing rides along. */
export function sendUser(context: SwimContext, to: Address, payload: Uint8Array): void {
  send(context, to, [userMessage(payload)], false);
}

/** Takes the broadcasts for one gossip packet; empty if there are none. */
export function gossipNews(context: SwimContext): Uint8Array[] {
  return news(context, budget(context, context.codec.encrypted), SwimLimits.compoundParts);
}

/** The largest user message that fits into a gossip packet. */
export function userRoom(context: SwimContext): number {
  return budget(context, context.codec.encrypted) - userOverhead;
}

function send(context: SwimContext, to: Address, parts: readonly Uint8Array[], crc: boolean): void {
  const encrypt = context.codec.encrypted && context.config.verifyOutgoing;
  try {
    const bytes = context.codec.seal(parts, { crc, encrypt });
    context.outbox.push({ kind: "send", to, bytes });
    context.outbox.meter?.incr("memberlist.udp.sent", bytes.length - labelSize(context.config));
  } catch (error) {
    log(context, "ERR", `Failed to send to ${joinHostPort(to.host, to.port)}: ${(error as Error).message}`);
  }
}

function budget(context: SwimContext, encrypt: boolean): number {
  const { config } = context;
  const encryption = encrypt ? encryptionOverhead[config.protocol === 1 ? 0 : 1] : 0;
  return config.packetSizeMax - compoundHeaderSize - labelSize(config) - encryption;
}

function news(context: SwimContext, limit: number, countMax: number): Uint8Array[] {
  const parts = context.broadcasts.fetch(partOverhead, limit, countMax);
  const used = parts.reduce((sum, part) => sum + part.length + partOverhead, 0);
  const free = limit - used;
  if (free > userOverhead && parts.length < countMax) {
    for (const payload of context.application.broadcasts(userOverhead, free)) {
      if (parts.length === countMax) break;
      parts.push(userMessage(payload));
    }
  }
  return parts;
}

function userMessage(payload: Uint8Array): Uint8Array {
  const message = new Uint8Array(1 + payload.length);
  message[0] = MessageType.user;
  message.set(payload, 1);
  return message;
}
