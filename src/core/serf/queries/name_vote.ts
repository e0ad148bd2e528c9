/**
 * Name votes: if another node has our name, the cluster votes, and the node that fewer members know
 * stops. If nobody votes, this node loses and stops (serf `resolveNodeConflict`).
 */

import { SerfError } from "../../../errors.ts";
import { encodeUtf8 } from "../../bytes.ts";
import { WireError } from "../../wire/error.ts";
import type { QueryReply } from "../api.ts";
import { log, type SerfContext } from "../context.ts";
import { type ConflictVote, decodeConflictResponse } from "../wire/conflict_messages.ts";
import { SerfMessageType } from "../wire/messages.ts";
import type { Asker } from "./asker.ts";

/** Holds votes about this node's own name. */
export class NameVote {
  readonly #context: SerfContext;
  readonly #asker: Asker;
  #voting = false;

  constructor(context: SerfContext, asker: Asker) {
    this.#context = context;
    this.#asker = asker;
  }

  /** Handles that another node claims `name`. `mine` and `theirs` are `host:port`. */
  claimed(now: number, name: string, mine: string, theirs: string): void {
    const { config } = this.#context;
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
    if (enabled && !this.#voting) this.#vote(now);
  }

  #vote(now: number): void {
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
      ended: (): void => {
        this.#voting = false;
        this.#decide(matching, votes);
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

  #decide(matching: number, votes: number): void {
    const majority = Math.floor(votes / 2) + 1;
    if (matching >= majority) {
      log(this.#context, "INFO", `majority in name conflict resolution [${matching} / ${votes}]`);
      return;
    }
    log(this.#context, "WARN", `minority in name conflict resolution, quiting [${matching} / ${votes}]`);
    this.#context.outbox.push({ kind: "halt", reason: "name conflict" });
  }
}
