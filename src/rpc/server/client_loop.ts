/**
 * One connection of a client: a loop that reads requests and carries them out, and a loop that
 * writes what the session has queued. A client that does not read its answers is not read from
 * either.
 */

import type { Background } from "../../async/background.ts";
import type { LogLevel } from "../../core/effects.ts";
import { systemText } from "../../go/system_errors.ts";
import type { Cancel, Clock, Connection } from "../../runtime.ts";
import { SystemError } from "../../runtime.ts";
import { endText } from "../endpoint.ts";
import type { ServerLog } from "./log.ts";
import type { MemberLists } from "./member_lists.ts";
import { Performer } from "./perform.ts";
import type { AgentService } from "./service.ts";
import type { SessionOptions } from "./session.ts";
import { Session } from "./session.ts";
import type { RecordWord } from "./write_queue.ts";

/** Time to shake hands and authenticate. */
export const greetingTimeoutMs = 5_000;

/** What the loops of all clients share. */
export interface ClientSetup {
  readonly clock: Clock;
  readonly service: AgentService;
  readonly lists: MemberLists;
  readonly log: ServerLog;
  readonly background: Background;
  readonly session: Omit<SessionOptions, "client">;
  /** Closes the connection, sooner or later, of a client that is refused before it has authenticated. */
  readonly dismiss: (connection: Connection) => void;
  /** Called once when a client has shaken hands and authenticated. */
  readonly trusted: (client: ClientLoop) => void;
  /** Called once when a client is served no longer. */
  readonly ended: (client: ClientLoop) => void;
  /** Called when more may wait for a client than before. */
  readonly queued: () => void;
}

/** What a client has asked for, and who carries it out. */
interface Conversation {
  readonly session: Session;
  readonly performer: Performer;
}

/** Why a client is closed for which too much waits. */
const fallenBehind = "that does not keep up";

/** Serves one client. */
export class ClientLoop {
  /** `IP:PORT` of the client, for log lines. */
  readonly name: string;
  readonly #connection: Connection;
  readonly #setup: ClientSetup;
  /** Begins with the first bytes: strangers open many connections on which they say nothing. */
  #conversation: Conversation | undefined;
  /** The last run of the writing loop, and whether it still runs. */
  #writing: Promise<void> | undefined;
  #active = false;
  /** Whether what is queued is written soon. */
  #flushing = false;
  #closed = false;
  #broken = false;
  /** Ends the time to authenticate; `undefined` once the client has. */
  #endGreeting: Cancel | undefined;
  /** Continues what waits in {@link answersTaken}. */
  #answered: (() => void) | undefined;

  constructor(connection: Connection, setup: ClientSetup) {
    this.name = endText(connection.remote);
    this.#connection = connection;
    this.#setup = setup;
    this.#endGreeting = setup.clock.after(greetingTimeoutMs, () =>
      this.refuse(`that did not authenticate within ${greetingTimeoutMs / 1000}s`),
    );
  }

  /** Whether the client has sent nothing yet. */
  get silent(): boolean {
    return this.#conversation === undefined;
  }

  /** Serves until the connection ends. Never rejects. */
  async run(): Promise<void> {
    try {
      while (!this.#closed && this.#conversation?.session.closing !== true) {
        const bytes = await this.#connection.read();
        if (bytes === null || this.#closed) break;
        this.#conversation ??= this.#begin();
        this.#conversation.session.receive(bytes);
        this.#noteTrust(this.#conversation.session);
        await this.#turn(this.#conversation);
      }
      await this.#writing;
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      if (!this.#closed)
        this.#setup.log.write("connection", "ERR", `failed to decode request header: ${systemText(error)}`);
    } finally {
      this.close();
    }
  }

  /** Gives the session something to deliver, if the client has subscribed to anything. */
  deliver(give: (session: Session) => void): void {
    if (this.#conversation?.session.subscribed !== true) return;
    const { session, performer } = this.#conversation;
    give(session);
    performer.collect();
    this.#flushSoon(session);
    if (session.overfull) this.refuse(fallenBehind);
  }

  /** Whether the client wants log lines of a level. */
  monitors(level: LogLevel): boolean {
    return this.#conversation?.session.monitors(level) === true;
  }

  /** Bytes that wait to be written. */
  get queuedBytes(): number {
    return this.#conversation?.session.queuedBytes ?? 0;
  }

  /** Closes, as too much waits for the client. */
  giveUp(): void {
    this.refuse(fallenBehind);
  }

  /** Closes and logs why: `why` goes between "Closing ipc.client" and the client's name. */
  refuse(why: string): void {
    if (this.#closed) return;
    const isStranger = this.#endGreeting !== undefined;
    this.#end();
    if (isStranger) this.#setup.dismiss(this.#connection);
    else this.#connection.close();
    this.#setup.log.write("closed", "WARN", `Closing ipc.client ${why}: ${this.name}`);
  }

  /** Writes what is queued; resolves when no answer waits any more, or the connection has ended. */
  async answersTaken(): Promise<void> {
    const session = this.#conversation?.session;
    if (session === undefined) return;
    this.#flush(session);
    while (session.answering && !this.#closed && !this.#broken) {
      await new Promise<void>((resolve) => {
        this.#answered = resolve;
      });
      this.#answered = undefined;
    }
  }

  /** Closes after what is already with the socket. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#end();
    this.#connection.close();
  }

  #begin(): Conversation {
    const { clock, service, lists, log, background, session: options } = this.#setup;
    const session = new Session({ ...options, client: this.name });
    const performer = new Performer({ session, service, lists, clock, log, background, path: this });
    return { session, performer };
  }

  #end(): void {
    this.#closed = true;
    this.#setup.ended(this);
    this.#endGreeting?.();
    this.#conversation?.performer.close();
    if (this.#flushing) this.#flush(this.#conversation!.session);
    this.#conversation?.session.end();
    this.#answered?.();
  }

  /**
   * Carries out requests until the session waits for bytes again and its answers are written. The
   * answers to a few requests that came together are written together.
   */
  async #turn({ session, performer }: Conversation): Promise<void> {
    for (;;) {
      performer.collect();
      if (!performer.waiting || session.batched) await this.answersTaken();
      if (this.#closed || !performer.waiting) return;
      const work = performer.performNext();
      if (work === undefined) continue;
      this.#flush(session);
      await work;
    }
  }

  #noteTrust(session: Session): void {
    if (this.#endGreeting === undefined || !session.trusted) return;
    this.#endGreeting();
    this.#endGreeting = undefined;
    this.#setup.trusted(this);
  }

  /** Writes what is queued once what comes at the same time is queued, too. */
  #flushSoon(session: Session): void {
    const { clock, queued } = this.#setup;
    if (clock.soon === undefined || session.batched) {
      this.#flush(session);
      return;
    }
    queued();
    if (this.#flushing) return;
    this.#flushing = true;
    clock.soon(() => {
      this.#flushing = false;
      this.#flush(session);
    });
  }

  #flush(session: Session): void {
    this.#setup.queued();
    if (this.#active || this.#broken) return;
    const writing = this.#write(session);
    this.#writing = writing;
    this.#setup.background.run("writing to an RPC client", () => writing);
  }

  async #write(session: Session): Promise<void> {
    this.#active = true;
    try {
      for (let bytes = session.take(); bytes !== undefined; bytes = session.take()) {
        if (!session.answering) this.#answered?.();
        await this.#connection.write(bytes);
      }
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      this.#broken = true;
      const { streaming } = session;
      if (!this.#closed && streaming !== undefined)
        this.#setup.log.write("write failed", "ERR", this.#writeFault(streaming, error));
      this.close();
    } finally {
      this.#active = false;
    }
  }

  #writeFault(streaming: RecordWord, error: SystemError): string {
    const { local } = this.#connection;
    const network = local.port === 0 ? "unix" : "tcp";
    const path = `${endText(local)}->${this.name}`;
    return `Failed to stream ${streaming} to ipc.client: ${this.name}: write ${network} ${path}: write: ${systemText(error)}`;
  }
}
