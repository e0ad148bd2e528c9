/** Plays recorded conversations: the agent behind a session does what the recorded one did. */

import type { LogLevel } from "../../src/core/effects.ts";
import { SerfError } from "../../src/errors.ts";
import type { Encodable, Encoded } from "../../src/rpc/codec.ts";
import { ObjectReader, RpcCodec } from "../../src/rpc/codec.ts";
import type { RpcCommand } from "../../src/rpc/protocol.ts";
import { bodilessErrors, responseLimits, rpcErrors } from "../../src/rpc/protocol.ts";
import type { StreamedEvent } from "../../src/rpc/records.ts";
import { EventRecord, memberRecord, readMember } from "../../src/rpc/records.ts";
import {
  coordinateRecord,
  keyRecord,
  readCoordinate,
  readKeyReport,
  readReply,
} from "../../src/rpc/results.ts";
import type { AskedQuery } from "../../src/rpc/server/client_queries.ts";
import type { AgentRequest, Session } from "../../src/rpc/server/session.ts";
import { LineRecord } from "../../src/rpc/server/subscriptions.ts";
import type { RecordedConnection } from "./golden.ts";

const codec = new RpcCodec();

/** Takes everything a session wants to write, object by object. */
export function written(machine: Session): Map<unknown, unknown>[] {
  const reader = new ObjectReader(codec);
  for (let bytes = machine.take(); bytes !== undefined; bytes = machine.take()) reader.append(bytes);
  const objects: Map<unknown, unknown>[] = [];
  for (let object = reader.next(responseLimits); object !== undefined; object = reader.next(responseLimits)) {
    objects.push(object as Map<unknown, unknown>);
  }
  return objects;
}

/** Decodes the body of a response and encodes it again the way the server does. */
function rebuilt(command: RpcCommand, body: Map<string, unknown>): Encodable | Encoded {
  const members = body.get("Members");
  if (Array.isArray(members)) return { Members: members.map(readMember).map(memberRecord) };
  if (command === "get-coordinate") return coordinateRecord(readCoordinate(body));
  if (command.endsWith("-key") || command === "list-keys")
    return keyRecord(readKeyReport(body), command === "list-keys");
  return body as Map<string, Encodable>;
}

/**
 * An event as a stream's record has it. Queries can be answered for a while, with the outcomes in
 * `outcome`.
 */
function eventOf(body: Map<string, unknown>, now: number, outcome: () => string): StreamedEvent {
  const type = body.get("Event") as StreamedEvent["type"];
  const common = {
    name: body.get("Name") as string,
    lamportTime: BigInt((body.get("LTime") as number | undefined) ?? 0),
    payload: (body.get("Payload") as Uint8Array | null) ?? new Uint8Array(0),
  };
  if (type === "user") return { type, ...common, coalesce: body.get("Coalesce") as boolean };
  if (type !== "query") return { type, members: (body.get("Members") as unknown[]).map(readMember) };
  const respond = (): void => {
    if (outcome() !== "") throw new SerfError("ERR_STATE", outcome());
  };
  return { type, ...common, source: "node-b", deadline: now + 100, respond };
}

/** Plays the recorded agent behind a session. */
export class Player {
  readonly machine: Session;
  readonly expected: Map<string, unknown>[];
  readonly actual: Map<unknown, unknown>[] = [];
  readonly #queries = new Map<unknown, AskedQuery>();
  #now = 0;

  constructor(machine: Session, recorded: RecordedConnection) {
    this.machine = machine;
    this.expected = recorded.received.map((bytes) => codec.decode(bytes) as Map<string, unknown>);
  }

  /** Sends the session what the client sent, and then does what the agent did. */
  play(piece: Uint8Array): void {
    this.machine.receive(piece);
    this.#collect();
    for (let effects = this.machine.drain(); effects.length > 0; effects = this.machine.drain()) {
      for (const effect of effects) if (effect.kind === "perform") this.#perform(effect.request);
      this.#collect();
    }
    while (this.#record()) this.#collect();
  }

  get #next(): Map<string, unknown> | undefined {
    return this.expected[this.actual.length];
  }

  get #body(): Map<string, unknown> | undefined {
    const next = this.expected[this.actual.length + 1];
    return next?.has("Seq") === false ? next : undefined;
  }

  #collect(): void {
    this.actual.push(...written(this.machine));
  }

  #perform(request: AgentRequest): void {
    // A leave takes a while, and its own event arrives meanwhile.
    if (request.command === "leave") while (this.#record()) this.#collect();
    const header = this.#next;
    if (header === undefined) {
      this.machine.refuse("as recorded");
      return;
    }
    const error = header.get("Error") as string;
    if (request.command === "query" && error === "") {
      this.#queries.set(header.get("Seq"), this.machine.settleQuery());
    } else if (request.command === "respond") {
      // A query that is over looks like one that never existed: both are beyond their deadline.
      if (error === rpcErrors.noPendingQuery) this.#now += 1000;
      this.machine.settleResponse(this.#now, request.id, request.payload);
    } else {
      const body = bodilessErrors.has(error) ? undefined : this.#body;
      this.machine.settle(error, body === undefined ? undefined : rebuilt(request.command, body));
    }
  }

  /** Plays the next record if it is one. */
  #record(): boolean {
    const [header, body] = [this.#next, this.#body];
    if (header === undefined || body === undefined) return false;
    const query = this.#queries.get(header.get("Seq"));
    if (body.has("Event")) {
      const outcome = (): string => this.#next?.get("Error") as string;
      this.machine.event(this.#now, new EventRecord(eventOf(body, this.#now, outcome), codec));
      return true;
    }
    if (body.has("Log")) {
      const text = body.get("Log") as string;
      const level = /\[(\w+)\]/.exec(text)![1] as LogLevel;
      this.machine.line(this.#now, new LineRecord({ level, text }));
      return true;
    }
    if (query === undefined || !body.has("Type")) return false;
    const reply = readReply(body);
    if (reply?.type === "end") this.machine.queryDone(query, reply.missing);
    else if (reply !== undefined) this.machine.reply(query, reply);
    return true;
  }
}
