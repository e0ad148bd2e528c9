/**
 * One connection of a client: a loop that reads requests and carries them out, and a loop that
 * writes what the session has queued. A client that does not read its answers is not read from
 * either.
 */

import type { Background } from "../../async/background.ts";
import { systemText } from "../../go/system_errors.ts";
import type { Cancel, Clock, Connection } from "../../runtime.ts";
import { SystemError } from "../../runtime.ts";
import { endText } from "../endpoint.ts";
import type { ServerLog } from "./log.ts";
import { Performer } from "./perform.ts";
import type { AgentService } from "./service.ts";
import type { SessionOptions } from "./session.ts";
import { Session } from "./session.ts";
import type { RecordWord } from "./write_queue.ts";

/** Time to shake hands and authenticate. */
export const greetingTimeoutMs = 5_000;

/** What a client's loop needs besides its connection. */
export interface ClientSetup {
  readonly clock: Clock;
  readonly service: AgentService;
  readonly log: ServerLog;
  readonly background: Background;
  readonly session: Omit<SessionOptions, "client">;
  /** Closes the connection, sooner or later, if the client is refused before it has authenticated. */
  readonly dismiss: () => void;
  /** Called once when the client has shaken hands and authenticated. */
  readonly trusted: () => void;
  /** Called when more may wait for the client than before. */
  readonly queued: () => void;
}

/** Why a client is closed for which too much waits. */
const fallenBehind = "that does not keep up";

/** Serves one client. */
export class ClientLoop {
  /** `IP:PORT` of the client, for log lines. */
  readonly name: string;
  readonly #connection: Connection;
  readonly #log: ServerLog;
  readonly #background: Background;
  readonly #session: Session;
  readonly #performer: Performer;
  /** The last run of the writing loop, and whether it still runs. */
  #writing: Promise<void> = Promise.resolve();
  #active = false;
  #closed = false;
  #broken = false;
  #silent = true;
  readonly #dismiss: () => void;
  readonly #trusted: () => void;
  readonly #queued: () => void;
  /** Ends the time to authenticate; `undefined` once the client has. */
  #endGreeting: Cancel | undefined;
  /** Continues what waits in {@link answersTaken}. */
  #answered: (() => void) | undefined;

  constructor(connection: Connection, setup: ClientSetup) {
    const { clock, service, log, background, session, dismiss, trusted, queued } = setup;
    this.name = endText(connection.remote);
    this.#connection = connection;
    this.#log = log;
    this.#background = background;
    this.#dismiss = dismiss;
    this.#trusted = trusted;
    this.#queued = queued;
    this.#session = new Session({ ...session, client: this.name });
    this.#performer = new Performer({
      session: this.#session,
      service,
      clock,
      log,
      background,
      path: this,
    });
    this.#endGreeting = clock.after(greetingTimeoutMs, () =>
      this.refuse(`that did not authenticate within ${greetingTimeoutMs / 1000}s`),
    );
  }

  /** Whether the client has sent nothing yet. */
  get silent(): boolean {
    return this.#silent;
  }

  /** Serves until the connection ends. Never rejects. */
  async run(): Promise<void> {
    try {
      while (!this.#closed && !this.#session.closing) {
        const bytes = await this.#connection.read();
        if (bytes === null || this.#closed) break;
        this.#silent = false;
        this.#session.receive(bytes);
        this.#noteTrust();
        await this.#turn();
      }
      await this.#writing;
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      if (!this.#closed)
        this.#log.write("connection", "ERR", `failed to decode request header: ${systemText(error)}`);
    } finally {
      this.close();
    }
  }

  /** Gives the session something to deliver, if the client has subscribed to anything. */
  deliver(give: (session: Session) => void): void {
    if (!this.#session.subscribed) return;
    give(this.#session);
    this.#performer.collect();
    this.#flush();
    if (this.#session.overfull) this.refuse(fallenBehind);
  }

  /** Bytes that wait to be written. */
  get queuedBytes(): number {
    return this.#session.queuedBytes;
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
    if (isStranger) this.#dismiss();
    else this.#connection.close();
    this.#log.write("closed", "WARN", `Closing ipc.client ${why}: ${this.name}`);
  }

  /** Writes what is queued; resolves when no answer waits any more, or the connection has ended. */
  async answersTaken(): Promise<void> {
    this.#flush();
    while (this.#session.answering && !this.#closed && !this.#broken) {
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

  #end(): void {
    this.#closed = true;
    this.#endGreeting?.();
    this.#performer.close();
    this.#session.end();
    this.#answered?.();
  }

  /** Carries out requests until the session waits for bytes again and its answers are written. */
  async #turn(): Promise<void> {
    do {
      this.#performer.collect();
      await this.answersTaken();
    } while (!this.#closed && (await this.#performer.performNext()));
  }

  #noteTrust(): void {
    if (this.#endGreeting === undefined || !this.#session.trusted) return;
    this.#endGreeting();
    this.#endGreeting = undefined;
    this.#trusted();
  }

  #flush(): void {
    this.#queued();
    if (this.#active || this.#broken) return;
    this.#writing = this.#write();
    this.#background.run("writing to an RPC client", () => this.#writing);
  }

  async #write(): Promise<void> {
    this.#active = true;
    try {
      for (let bytes = this.#session.take(); bytes !== undefined; bytes = this.#session.take()) {
        if (!this.#session.answering) this.#answered?.();
        await this.#connection.write(bytes);
      }
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      this.#broken = true;
      const { streaming } = this.#session;
      if (!this.#closed && streaming !== undefined)
        this.#log.write("write failed", "ERR", this.#writeFault(streaming, error));
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
