/**
 * Name votes: if another node has our name, the cluster votes, and the node that fewer members know
 * stops. If nobody votes, this node loses and stops (serf `resolveNodeConflict`). But a member that
 * restarts at another address, while others still believe it at the old one, has no rival. So the loser
 * stops only if the other node replies, and otherwise waits until the old address is known to be dead.
 */

import { SerfError } from "../../../errors.ts";
import { joinHostPort } from "../../../net/address.ts";
import type { Address } from "../../../runtime.ts";
import { encodeUtf8 } from "../../bytes.ts";
import type { Swim } from "../../swim/swim.ts";
import { WireError } from "../../wire/error.ts";
import type { QueryReply } from "../api.ts";
import { log, type SerfContext } from "../context.ts";
import { type ConflictVote, decodeConflictResponse } from "../wire/conflict_messages.ts";
import { SerfMessageType } from "../wire/messages.ts";
import type { Asker } from "./asker.ts";

/** The result of a vote. */
interface Result {
  /** How many of the votes are for this node. */
  readonly matching: number;
  readonly votes: number;
}

/** Holds votes about this node's own name. */
export class NameVote {
  readonly #context: SerfContext;
  readonly #asker: Asker;
  readonly #swim: Swim;
  /** Whether a vote runs, or its loser waits for a reply of the other node. */
  #voting = false;

  constructor(context: SerfContext, asker: Asker, swim: Swim) {
    this.#context = context;
    this.#asker = asker;
    this.#swim = swim;
  }

  /** Handles that another node claims `name`. `mine` is `host:port`. */
  claimed(now: number, name: string, mine: string, { host, port }: Address): void {
    const { config } = this.#context;
    const theirs = joinHostPort(host, port);
    if (name !== config.name) {
      log(
        this.#context,
        "WARN",
        `Name conflict for '${name}' both ${mine} and ${theirs} are claiming`,
        "conflict",
      );
      return;
    }
    const enabled = config.enableNameConflictResolution;
    const text = `Node name conflicts with another node at ${theirs}. Names must be unique! (Resolution enabled: ${enabled})`;
    log(this.#context, "ERR", text, "conflict");
    // One vote at a time: the other node repeats its claim with every push/pull.
    if (enabled && !this.#voting) this.#vote(now, { host, port });
  }

  #vote(now: number, rival: Address): void {
    const { config, local } = this.#context;
    let votes = 0;
    let matching = 0;
    this.#voting = true;
    const listener = {
      reply: (_now: number, reply: QueryReply): void => {
        const vote = this.#read(reply);
        if (vote === undefined) return;
        votes += 1;
        if (local.isAt(vote.address, vote.port)) matching += 1;
      },
      ended: (at: number): void => {
        this.#decide(at, rival, { matching, votes });
      },
    };
    const question = {
      name: "_serf_conflict",
      payload: encodeUtf8(config.name),
      nodes: [],
      tags: new Map(),
      ack: false,
      relayFactor: 0,
      timeoutMs: 0,
      waitForDeadline: true,
    };
    try {
      this.#asker.ask(now, question, listener);
    } catch (error) {
      if (!(error instanceof SerfError)) throw error;
      this.#voting = false;
      log(this.#context, "ERR", `Failed to start name resolution query: ${error.message}`);
    }
  }

  #read({ payload }: QueryReply): ConflictVote | undefined {
    if (payload[0] !== SerfMessageType.conflictResponse) {
      log(this.#context, "ERR", `Invalid conflict query response type: [${payload.join(" ")}]`, "reply");
      return undefined;
    }
    try {
      return decodeConflictResponse(payload);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      log(this.#context, "ERR", `Failed to decode conflict query response: ${error.message}`, "reply");
      return undefined;
    }
  }

  #decide(now: number, rival: Address, { matching, votes }: Result): void {
    const majority = Math.floor(votes / 2) + 1;
    if (matching >= majority) {
      this.#voting = false;
      log(this.#context, "INFO", `majority in name conflict resolution [${matching} / ${votes}]`);
      return;
    }
    if (!this.#swim.config.rules.rivalsReply) {
      this.#stop({ matching, votes });
      return;
    }
    this.#swim.seek(now, rival, this.#context.config.name, (_now, error) => {
      if (error === undefined) this.#stop({ matching, votes });
      else this.#stay(`[${matching} / ${votes}]`, rival, error);
    });
  }

  #stay(result: string, { host, port }: Address, error: string): void {
    this.#voting = false;
    const text = `nobody of this name replies at ${joinHostPort(host, port)}: staying (${error})`;
    log(this.#context, "WARN", `minority in name conflict resolution ${result}, but ${text}`);
  }

  #stop({ matching, votes }: Result): void {
    this.#voting = false;
    log(this.#context, "WARN", `minority in name conflict resolution, quiting [${matching} / ${votes}]`);
    this.#context.outbox.push({ kind: "halt", reason: "name conflict" });
  }
}
