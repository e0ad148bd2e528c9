/**
 * Fills and sends packets: a primary message or none, then broadcasts of this layer, then those of
 * the layer above, up to the maximum packet size (memberlist `getBroadcasts`, `rawSendMsgPacket`).
 */

import { joinHostPort } from "../../net/address.ts";
import type { Address } from "../../runtime.ts";
import type { Row } from "../rows.ts";
import { Limits } from "../wire/limits.ts";
import type { PacketMessage } from "../wire/messages.ts";
import { labelSize } from "./config.ts";
import { log, type SwimContext } from "./context.ts";
import { versionIndex } from "./identity.ts";
import type { Addressee } from "./queue/broadcasts.ts";

const compoundHeaderSize = 2;
const partOverhead = 2;
const userOverhead = 3;
/** The first protocol version that supports the CRC envelope. */
const crcProtocol = 5;

/** Sends one message or a few small ones, with as many broadcasts as fit into the packet. */
export function sendWithGossip(
  context: SwimContext,
  to: Address,
  ...messages: readonly PacketMessage[]
): void {
  const encrypt = context.codec.encrypted && context.config.verifyOutgoing;
  const [only] = messages;
  // Most packets go out while nothing waits to be broadcast.
  if (only !== undefined && messages.length === 1 && context.tally.entries === 0) {
    sendPacket(context, to, () => context.codec.sealMessage(only, { crc: false, encrypt }));
    return;
  }
  const parts = messages.map((message) => context.codec.encode(message));
  const limit = parts.reduce((free, part) => free - part.length - partOverhead, budget(context, encrypt));
  parts.push(...broadcasts(context, limit, Limits.parts - parts.length));
  send(context, to, parts, false);
}

/** Sends exactly these messages to a node. */
export function sendToNode(context: SwimContext, node: Row, parts: readonly Uint8Array[]): void {
  const { endpoint, versions } = context.members.identity(node);
  send(context, endpoint, parts, (versions[versionIndex.protocolMax] ?? 0) >= crcProtocol);
}

/** Sends one user message to an address, without broadcasts. */
export function sendUser(context: SwimContext, to: Address, payload: Uint8Array): void {
  send(context, to, [userMessage(context, payload)], false);
}

/**
 * Returns the broadcasts for one gossip packet; empty if there are none. `to` restricts
 * them to what is meant for one receiver.
 */
export function fetchGossip(context: SwimContext, to: Addressee = {}): Uint8Array[] {
  return broadcasts(context, budget(context, context.codec.encrypted), Limits.parts, to);
}

/** Returns the size of the largest user message that fits a gossip packet. */
export function userRoom(context: SwimContext): number {
  return budget(context, context.codec.encrypted) - userOverhead;
}

function send(context: SwimContext, to: Address, parts: readonly Uint8Array[], crc: boolean): void {
  const encrypt = context.codec.encrypted && context.config.verifyOutgoing;
  sendPacket(context, to, () => context.codec.seal(parts, { crc, encrypt }));
}

/** Sends the packet that `seal` returns, or logs why it throws. */
function sendPacket(context: SwimContext, to: Address, seal: () => Uint8Array): void {
  try {
    const bytes = seal();
    context.outbox.push({ kind: "send", to, bytes });
    context.outbox.meter?.incr("memberlist.udp.sent", bytes.length - labelSize(context.config));
  } catch (error) {
    log(context, "ERR", `Failed to send to ${joinHostPort(to.host, to.port)}: ${(error as Error).message}`);
  }
}

function budget(context: SwimContext, encrypt: boolean): number {
  const { config } = context;
  const encryption = encrypt ? context.codec.encryptionOverhead : 0;
  return config.packetSizeMax - compoundHeaderSize - labelSize(config) - encryption;
}

/**
 * Fills a packet from the queues of both layers. If both have something, they take turns at being the
 * first, so that neither starves the other. In memberlist this layer is always the first, and members
 * that come and go delay user events.
 */
function broadcasts(context: SwimContext, limit: number, countMax: number, to: Addressee = {}): Uint8Array[] {
  const { turns } = context;
  const bothWait = context.broadcasts.entryCount > 0 && hasAbove(context);
  if (bothWait && context.config.rules.turns) turns.above = !turns.above;
  if (!bothWait || !turns.above) {
    const own = ownBroadcasts(context, limit, countMax, to);
    return [...own, ...userBroadcasts(context, limit - size(own), countMax - own.length, to)];
  }
  const above = userBroadcasts(context, limit, countMax, to);
  return [...ownBroadcasts(context, limit - size(above), countMax - above.length, to), ...above];
}

function ownBroadcasts(context: SwimContext, limit: number, countMax: number, to: Addressee): Uint8Array[] {
  if (limit <= partOverhead) return [];
  return context.broadcasts.fetch({ ...to, overhead: partOverhead, limit, countMax });
}

function userBroadcasts(context: SwimContext, limit: number, countMax: number, to: Addressee): Uint8Array[] {
  if (!hasAbove(context) || limit <= userOverhead || countMax < 1) return [];
  const payloads = context.application.broadcasts(userOverhead, limit, to);
  return payloads.slice(0, countMax).map((payload) => userMessage(context, payload));
}

/** Whether the layer above has anything to broadcast. */
function hasAbove({ tally, broadcasts }: SwimContext): boolean {
  return tally.entries > broadcasts.entryCount;
}

/** The bytes that parts take in a packet. */
function size(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.length + partOverhead, 0);
}

function userMessage({ codec }: SwimContext, payload: Uint8Array): Uint8Array {
  return codec.encode({ type: "user", payload });
}
