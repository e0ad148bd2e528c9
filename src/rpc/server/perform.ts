/**
 * Carries out what a session asks for: log lines and replays at once, requests one after the other.
 * Every request ends with a call of the session that settles it.
 */

import type { Background } from "../../async/background.ts";
import { unreachable } from "../../core/assert.ts";
import { messageOf } from "../../errors.ts";
import type { Clock } from "../../runtime.ts";
import { passesAll, type QueryRequest } from "../protocol.ts";
import { sortedMap } from "../records.ts";
import {
  coordinateRecord,
  emptyKeyReport,
  type KeyReport,
  keyRecord,
  type QueryReplies,
  RpcKeyError,
} from "../results.ts";
import type { ServerLog } from "./log.ts";
import type { MemberLists } from "./member_lists.ts";
import type { AgentService, KeyOperation } from "./service.ts";
import type { AgentRequest, Session } from "./session.ts";
import { LineRecord } from "./subscriptions.ts";

/**
 * Shortest time between the last reply of a query and its end. Go's command line takes replies from
 * two queues and notices the end when they are closed, so an end right behind a reply makes it lose
 * that reply.
 */
const doneGapMs = 50;

/** The way back to the client. */
export interface AnswerPath {
  /** Gives the session something to deliver. */
  deliver(give: (session: Session) => void): void;
  /** Resolves when no answer waits to be written any more. */
  answersTaken(): Promise<void>;
}

/** What carries out the requests of a session, and where results go. */
export interface PerformerSetup {
  readonly session: Session;
  readonly service: AgentService;
  readonly lists: MemberLists;
  readonly clock: Clock;
  readonly log: ServerLog;
  readonly background: Background;
  readonly path: AnswerPath;
}

/** Carries out the requests of one client. */
export class Performer {
  readonly #session: Session;
  readonly #service: AgentService;
  readonly #lists: MemberLists;
  readonly #clock: Clock;
  readonly #log: ServerLog;
  readonly #background: Background;
  readonly #path: AnswerPath;
  /** At most one: a session asks for nothing further until its request is settled. */
  readonly #requests: AgentRequest[] = [];
  /** Running queries, which end with the connection. */
  readonly #queries = new Set<QueryReplies>();

  constructor({ session, service, lists, clock, log, background, path }: PerformerSetup) {
    this.#session = session;
    this.#service = service;
    this.#lists = lists;
    this.#clock = clock;
    this.#log = log;
    this.#background = background;
    this.#path = path;
  }

  /**
   * Takes the session's effects: does at once what needs no waiting, and keeps requests for
   * {@link performNext}.
   */
  collect(): void {
    for (const effect of this.#session.drain()) {
      if (effect.kind === "log") this.#log.write(effect.topic, effect.level, effect.text);
      else if (effect.kind === "replay") this.#replay();
      else this.#requests.push(effect.request);
    }
  }

  /** Whether a request waits for {@link performNext}. */
  get waiting(): boolean {
    return this.#requests.length > 0;
  }

  /** Carries out the request that waits. Returns a promise if that takes time. */
  performNext(): Promise<void> | undefined {
    const request = this.#requests.shift();
    return request && this.#perform(request);
  }

  /** Ends the queries of the client. */
  close(): void {
    for (const query of this.#queries) this.#background.run("the end of a query", () => query.return?.());
  }

  #replay(): void {
    const now = this.#clock.now();
    for (const line of this.#service.recentLines()) this.#session.line(now, new LineRecord(line));
  }

  #perform(request: AgentRequest): Promise<void> | undefined {
    const service = this.#service;
    const session = this.#session;
    switch (request.command) {
      case "members":
        session.settle("", this.#lists.all(service.members()));
        return;
      case "members-filtered":
        if (passesAll(request)) {
          session.settle("", this.#lists.all(service.members()));
          return;
        }
        return service.membersFiltered(request).then(
          (members) => session.settle("", this.#lists.some(members)),
          (error: unknown) => session.refuse(messageOf(error)),
        );
      case "stats": {
        const sections = [...service.stats()].map(([name, values]) => [name, sortedMap(values)] as const);
        session.settle("", new Map(sections));
        return;
      }
      case "join":
        return service.join(request.addresses, request.replay).then(
          (count) => session.settle("", { Num: count }),
          (error: unknown) => session.settle(messageOf(error), { Num: 0 }),
        );
      case "tags":
        return this.#settleWith(service.updateTags(request.set, request.remove));
      case "force-leave":
        return this.#settleWith(service.forceLeave(request.node, request.prune));
      case "leave":
        return this.#leave();
      case "event": {
        const { name, payload, coalesce } = request;
        const send = (): void => service.cluster.event(name, payload ?? new Uint8Array(0), coalesce);
        session.settle(refusalOf(send));
        return;
      }
      case "query":
        this.#ask(request);
        return;
      case "respond":
        session.settleResponse(this.#clock.now(), request.id, request.payload);
        return;
      case "install-key":
        return this.#keys("install", request.key);
      case "use-key":
        return this.#keys("use", request.key);
      case "remove-key":
        return this.#keys("remove", request.key);
      case "list-keys":
        return this.#keys("list", "");
      case "get-coordinate":
        session.settle("", coordinateRecord(service.cluster.coordinate(request.node)));
        return;
      default:
        unreachable(request);
    }
  }

  async #settleWith(work: Promise<void>): Promise<void> {
    this.#session.settle(await failure(work));
  }

  async #keys(operation: KeyOperation, key: string): Promise<void> {
    const settle = (error: string, report: KeyReport): void =>
      this.#session.settle(error, keyRecord(report, operation === "list"));
    await this.#service.cluster.keys(operation, key).then(
      (report) => settle("", report),
      (error: unknown) =>
        settle(messageOf(error), error instanceof RpcKeyError ? error.report : emptyKeyReport),
    );
  }

  #ask(request: QueryRequest): void {
    let replies: QueryReplies;
    try {
      replies = this.#service.cluster.query(request);
    } catch (error) {
      this.#session.settle(messageOf(error));
      return;
    }
    this.#queries.add(replies);
    const follow = (): Promise<void> => this.#follow(replies).finally(() => this.#queries.delete(replies));
    this.#background.run("a query", follow);
  }

  /** Delivers the replies of a query until its end. The client may send further requests meanwhile. */
  async #follow(replies: QueryReplies): Promise<void> {
    const query = this.#session.settleQuery();
    let last = Number.NEGATIVE_INFINITY;
    for await (const reply of replies) {
      last = this.#clock.now();
      this.#path.deliver((session) => session.reply(query, reply));
    }
    const pause = last + doneGapMs - this.#clock.now();
    if (pause > 0) await new Promise<void>((resolve) => this.#clock.after(pause, resolve));
    this.#path.deliver((session) => session.queryDone(query, replies.missing));
  }

  /** The agent stops even if it could not leave, but only when the client has its answer. */
  async #leave(): Promise<void> {
    this.#service.log("INFO", "Graceful leave triggered");
    const error = await failure(this.#service.leave());
    if (error !== "") this.#service.log("ERR", `leave failed: ${error}`);
    this.#session.settle(error);
    await this.#path.answersTaken();
    this.#background.run("the shutdown", () => this.#service.shutdown());
  }
}

async function failure(work: Promise<void>): Promise<string> {
  return await work.then(() => "", messageOf);
}

/** Why something could not be done at once; empty if it was done. */
function refusalOf(work: () => void): string {
  try {
    work();
    return "";
  } catch (error) {
    return messageOf(error);
  }
}
