/**
 * Effects and messages as one line of text. `b#2` is member b at incarnation 2, `@3` is Lamport time 3.
 */

import { finish } from "../../../src/core/jobs.ts";
import type { SerfEvent } from "../../../src/core/serf/api.ts";
import { decodeFilters } from "../../../src/core/serf/queries/filters.ts";
import { queryFlag } from "../../../src/core/serf/queries/received.ts";
import { decodeConflictResponse } from "../../../src/core/serf/wire/conflict_messages.ts";
import { decodeKeyRequest, decodeKeyResponse } from "../../../src/core/serf/wire/key_messages.ts";
import {
  decodeMessage,
  type QueryMessage,
  type QueryResponseMessage,
  SerfMessageType,
} from "../../../src/core/serf/wire/messages.ts";
import { decodePushPull } from "../../../src/core/serf/wire/push_pull.ts";
import { decodeTags } from "../../../src/core/serf/wire/tags.ts";
import { Codec } from "../../../src/core/wire/codec.ts";
import { FrameReader } from "../../../src/core/wire/frame.ts";
import type { NodeState, PacketMessage, StreamMessage } from "../../../src/core/wire/messages.ts";
import { seeded } from "../swim/machine.ts";
import type { NodeEffect } from "./node.ts";

/** The keys of scenarios, by name. */
export const keys: ReadonlyMap<string, Uint8Array> = new Map(
  ["k1", "k2", "k3"].map((name, index) => [name, new Uint8Array(16).fill(index + 1)]),
);

/** The content of a packet or frame. */
export interface Described {
  /** The types of its messages, such as `ping` or `join`. */
  readonly kinds: readonly string[];
  readonly text: string;
}

/** Opens what nodes send. Codecs are kept, because each has its own memory. */
export class Describer {
  readonly #codecs = new Map<string, Codec>();

  /** Describes a sealed packet. `ring` are the sender's keys. */
  packet(bytes: Uint8Array, ring: readonly Uint8Array[]): Described {
    const { codec, suffix } = this.#codecFor(ring);
    const messages = codec.open(bytes, { verifyIncoming: true }).messages;
    const text = messages.map(describeMessage).join(" + ");
    return { kinds: messages.map(kindOf), text: text + suffix };
  }

  /** Describes a sealed stream frame. `accepted` says whether the side that writes it accepted the stream. */
  frame(bytes: Uint8Array, ring: readonly Uint8Array[], accepted: boolean): Described {
    const { codec, suffix } = this.#codecFor(ring);
    const message = new FrameReader(codec, { accepting: !accepted, verifyIncoming: true }).push(bytes);
    if (message === undefined) throw new Error("a write is less than a frame");
    return { kinds: [kindOf(message)], text: describeMessage(message) + suffix };
  }

  /** Returns a codec that opens what a node with this ring seals with its first key. */
  #codecFor([primary]: readonly Uint8Array[]): { readonly codec: Codec; readonly suffix: string } {
    const name = primary === undefined ? "" : withKeyNames(btoa(String.fromCharCode(...primary)));
    let codec = this.#codecs.get(name);
    if (codec === undefined) {
      codec = new Codec({ label: "", compression: false, encryptionVersion: 1, random: seeded(1) });
      codec.setKeys(primary === undefined ? [] : [primary]);
      this.#codecs.set(name, codec);
    }
    return { codec, suffix: name === "" ? "" : ` (sealed with ${name})` };
  }
}

/** Describes an effect that is not about the network. */
export function describeEffect(effect: NodeEffect): string {
  switch (effect.kind) {
    case "emit":
      return `emits ${describeEvent(effect.event)}`;
    case "settle":
      return `settles ${effect.command}: ${effect.error ?? "done"}`;
    case "reply":
      return `gets ${effect.type} for ${effect.query} from ${effect.from}${content(effect.payload)}`;
    case "queryEnd": {
      const { query, missing } = effect;
      const rest = missing === undefined ? "nobody knows who is missing" : `missing [${missing.join(" ")}]`;
      return `ends query ${query}, ${rest}`;
    }
    case "record":
      return `records ${effect.text.trimEnd().split("\n").join(" | ")}`;
    case "compact":
      return "compacts its snapshot";
    case "storeKeys":
      return `stores keys [${effect.keys.map(withKeyNames).join(" ")}]`;
    case "log":
      return `logs ${effect.level} ${effect.component}: ${withKeyNames(effect.text)}`;
    case "halt":
      return `halts: ${effect.reason}`;
    default:
      throw new Error(`${effect.kind} is an effect of the network`);
  }
}

/** Replaces every key, which is base64, by its name. */
function withKeyNames(text: string): string {
  let named = text;
  for (const [name, key] of keys) named = named.replaceAll(btoa(String.fromCharCode(...key)), name);
  return named;
}

function kindOf(message: PacketMessage | StreamMessage): string {
  if (message.type !== "user") return message.type;
  return decodeMessage(message.payload)?.type ?? "unknown";
}

function describeMessage(message: PacketMessage | StreamMessage): string {
  switch (message.type) {
    case "ping":
      return `ping ${message.sequence} ${message.node}`;
    case "indirectPing":
      return `indirect ping ${message.sequence} ${message.node}${message.nack ? ", nack wanted" : ""}`;
    case "ack":
    case "nack":
      return `${message.type} ${message.sequence}`;
    case "suspect":
    case "dead":
      return `${message.type} ${message.node}#${message.incarnation} by ${message.from}`;
    case "alive":
      return `alive ${message.node}#${message.incarnation} ${describeSelf(message)}`;
    case "user":
      return describeUser(message.payload);
    case "error":
      return `error ${message.text}`;
    case "pushPull": {
      const nodes = message.nodes.map(describeState).join(", ");
      const state = message.userState.length === 0 ? "" : ` ${describeSerfState(message.userState)}`;
      return `push/pull${message.join ? " to join" : ""} [${nodes}]${state}`;
    }
  }
}

function describeSelf({ address, meta }: Pick<NodeState, "address" | "meta">): string {
  const tags = Object.entries(decodeTags(meta)).map(([name, value]) => `${name}=${value}`);
  return [address.join("."), ...tags].join(" ");
}

function describeState(node: NodeState): string {
  const status = ["alive", "suspect", "dead", "left"][node.state] ?? `state ${node.state}`;
  return `${status} ${node.node}#${node.incarnation} ${describeSelf(node)}`;
}

function describeSerfState(bytes: Uint8Array): string {
  const state = finish(decodePushPull(bytes));
  const members = [...state.statusTimes].map(([name, time]) => `${name}@${time}`);
  const events = state.events.map(
    ({ lamportTime, events }) => `${events.map(({ name }) => name).join("+")}@${lamportTime}`,
  );
  return [
    `members @${state.lamportTime} [${members.join(" ")}]`,
    `left [${state.leftMembers.join(" ")}]`,
    `events @${state.eventTime} [${events.join(" ")}]`,
    `queries @${state.queryTime}`,
  ].join(" ");
}

function describeUser(payload: Uint8Array): string {
  const message = decodeMessage(payload);
  switch (message?.type) {
    case undefined:
      return `user message of type ${payload[0]}`;
    case "join":
      return `join ${message.node}@${message.lamportTime}`;
    case "leave":
      return `leave ${message.node}@${message.lamportTime}${message.prune ? ", prune" : ""}`;
    case "userEvent": {
      const { name, lamportTime, coalesce } = message;
      return `event ${name}@${lamportTime}${content(message.payload)}${coalesce ? ", coalesce" : ""}`;
    }
    case "query":
      return describeQuery(message);
    case "queryResponse":
      return describeResponse(message);
    case "relay":
      return `relay to ${message.node} {${describeUser(message.inner)}}`;
  }
}

function describeQuery(query: QueryMessage): string {
  const { name, lamportTime, sourceNode, flags, relayFactor } = query;
  const options = [
    ...(flags & queryFlag.ack ? ["ack"] : []),
    ...(flags & queryFlag.noBroadcast ? ["no broadcast"] : []),
    ...(relayFactor > 0 ? [`relay ${relayFactor}`] : []),
    ...decodeFilters(query.filters).map((filter) => {
      if (filter.kind === "nodes") return `nodes [${[...filter.names].join(" ")}]`;
      return filter.kind === "tag" ? `tag ${filter.tag}=${filter.expression}` : `bad filter: ${filter.why}`;
    }),
    `${query.timeout / 1_000_000n} ms`,
  ];
  return `query ${name}@${lamportTime} from ${sourceNode}${content(query.payload)} (${options.join(", ")})`;
}

function describeResponse(response: QueryResponseMessage): string {
  const what = response.flags & queryFlag.ack ? "ack" : "response";
  return `${what} to @${response.lamportTime} from ${response.from}${content(response.payload)}`;
}

function describeEvent(event: SerfEvent): string {
  switch (event.type) {
    case "user":
      return `user event ${event.name}@${event.lamportTime}${content(event.payload)}`;
    case "query":
      return `query ${event.name}@${event.lamportTime} from ${event.source}${content(event.payload)}`;
    default:
      return `${event.type} ${event.members.map(({ name }) => name).join(" ")}`;
  }
}

/** A payload, decoded if it is one of Serf's own. */
function content(payload: Uint8Array | null): string {
  if (payload === null || payload.length === 0) return "";
  switch (payload[0]) {
    case SerfMessageType.keyRequest: {
      const key = decodeKeyRequest(payload);
      return key.length === 0 ? "" : ` {key ${withKeyNames(btoa(String.fromCharCode(...key)))}}`;
    }
    case SerfMessageType.keyResponse: {
      const { result, message, keys: ring, primaryKey } = decodeKeyResponse(payload);
      const parts = [result ? "done" : "refused", withKeyNames(message)];
      if (ring !== null)
        parts.push(`keys ${ring.map(withKeyNames).join(" ")}, primary ${withKeyNames(primaryKey)}`);
      return ` {${parts.filter((part) => part !== "").join(", ")}}`;
    }
    case SerfMessageType.conflictResponse: {
      const vote = decodeConflictResponse(payload);
      return ` {${vote.name} is at ${vote.address.join(".")}}`;
    }
    default:
      return ` "${new TextDecoder().decode(payload)}"`;
  }
}
