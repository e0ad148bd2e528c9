/**
 * Name conflicts: when another node has our name, the cluster votes, and the one that fewer members know stops
 * (serf `resolveNodeConflict`, `handleConflict`). Nobody's vote is a lost vote.
 */

import { SerfError } from "../../../errors.ts";
import { formatAddress, parseAddress } from "../../../net/address.ts";
import type { Outbox } from "../../effects.ts";
import { addressFault } from "../../swim/validity.ts";
import { WireError } from "../../wire/error.ts";
import { MsgpackReader, MsgpackWriter } from "../../wire/msgpack.ts";
import type { Member, SerfEvent } from "../api.ts";
import type { SerfConfig } from "../config.ts";
import { type SerfMembers, statusNumber } from "../members/members.ts";
import { SerfMessageType } from "../wire/messages.ts";
import type { Questions } from "./asker.ts";
import type { QueryReply } from "./collector.ts";
import type { ReceivedQuery } from "./received.ts";
import type { Answers } from "./responder.ts";

/** Where a voter believes a name to be. */
export interface ConflictVote {
  readonly name: string;
  /** Empty when the voter does not know the name. */
  readonly address: Uint8Array;
  readonly port: number;
}

/** What {@link Conflicts} works on. */
export interface ConflictsParts {
  readonly config: SerfConfig;
  readonly outbox: Outbox<SerfEvent>;
  readonly members: SerfMembers;
  readonly answers: Answers;
  readonly questions: () => Questions;
  /** Where this node is reached, as it tells others. */
  readonly self: { readonly address: Uint8Array; readonly port: number };
}

/** Votes about names. */
export class Conflicts {
  readonly #parts: ConflictsParts;
  #voting = false;

  constructor(parts: ConflictsParts) {
    this.#parts = parts;
  }

  /** Another node claims a name. */
  claimed(now: number, name: string, mine: string, theirs: string): void {
    const { config, outbox } = this.#parts;
    if (name !== config.name) {
      const text = `Name conflict for '${name}' both ${mine} and ${theirs} are claiming`;
      outbox.log("WARN", "serf", text);
      return;
    }
    const enabled = config.enableNameConflictResolution;
    const text = `Node name conflicts with another node at ${theirs}. Names must be unique! (Resolution enabled: ${enabled})`;
    outbox.log("ERR", "serf", text);
    // One vote at a time: the other node repeats its claim with every push/pull.
    if (enabled && !this.#voting) this.#vote(now);
  }

  /** Answers where we believe a name to be; about our own name we say nothing. */
  answer(now: number, query: ReceivedQuery): void {
    const { config, outbox, members, answers } = this.#parts;
    const name = new TextDecoder().decode(query.message.payload ?? new Uint8Array());
    if (name === config.name) return;
    outbox.log("DEBUG", "serf", `Got conflict resolution query for '${name}'`);
    try {
      answers.respond(now, query, encodeConflictResponse(members.find(name)));
    } catch (error) {
      if (!(error instanceof SerfError)) throw error;
      outbox.log("ERR", "serf", `Failed to respond to conflict query: ${error.message}`);
    }
  }

  #vote(now: number): void {
    const { config, outbox, questions } = this.#parts;
    let votes = 0;
    let matching = 0;
    this.#voting = true;
    const listener = {
      reply: (_now: number, reply: QueryReply): void => {
        const vote = this.#read(reply);
        if (vote === null) return;
        votes += 1;
        if (this.#meansUs(vote)) matching += 1;
      },
      ended: (): void => {
        this.#voting = false;
        this.#decide(matching, votes);
      },
    };
    try {
      questions().ask(
        now,
        {
          name: "_serf_conflict",
          payload: new TextEncoder().encode(config.name),
          nodes: [],
          tags: new Map(),
          ack: false,
          relayFactor: 0,
          timeoutMs: 0,
          waitForDeadline: true,
        },
        listener,
      );
    } catch (error) {
      if (!(error instanceof SerfError)) throw error;
      this.#voting = false;
      outbox.log("ERR", "serf", `Failed to start name resolution query: ${error.message}`);
    }
  }

  #read({ payload }: QueryReply): ConflictVote | null {
    const { outbox } = this.#parts;
    if (payload[0] !== SerfMessageType.conflictResponse) {
      outbox.log("ERR", "serf", `Invalid conflict query response type: [${payload.join(" ")}]`);
      return null;
    }
    try {
      return decodeConflictResponse(payload);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      outbox.log("ERR", "serf", `Failed to decode conflict query response: ${error.message}`);
      return null;
    }
  }

  #meansUs({ address, port }: ConflictVote): boolean {
    const { self } = this.#parts;
    if (port !== self.port || addressFault(address) !== null) return false;
    return formatAddress(address) === formatAddress(self.address);
  }

  #decide(matching: number, votes: number): void {
    const { outbox } = this.#parts;
    const majority = Math.floor(votes / 2) + 1;
    if (matching >= majority) {
      const text = `majority in name conflict resolution [${matching} / ${votes}]`;
      outbox.log("INFO", "serf", text);
      return;
    }
    const text = `minority in name conflict resolution, quiting [${matching} / ${votes}]`;
    outbox.log("WARN", "serf", text);
    outbox.push({ kind: "halt", reason: "name conflict" });
  }
}

/** Encodes a vote: the member's record, or nil when it is unknown. */
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

/** Decodes a vote; nil is a record of zero values. Throws WireError. */
export function decodeConflictResponse(payload: Uint8Array): ConflictVote {
  let name = "";
  let address = new Uint8Array();
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
