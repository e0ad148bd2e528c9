/**
 * One connection of a client: a loop that reads requests and carries them out, and a loop that
 * writes what the session has queued. A client that does not read its answers is not read from
 * either.
 */

import { systemText } from "../../go/system_errors.ts";
import type { Clock, Connection } from "../../runtime.ts";
import { SystemError } from "../../runtime.ts";
import { endText } from "../endpoint.ts";
import { Performer } from "./perform.ts";
import type { AgentService } from "./service.ts";
import type { SessionOptions } from "./session.ts";
import { Session } from "./session.ts";
import type { RecordWord } from "./write_queue.ts";

/** Serves one client. */
export class ClientLoop {
  /** `IP:PORT` of the client, for log lines. */
  readonly name: string;
  readonly #connection: Connection;
  readonly #service: AgentService;
  readonly #session: Session;
  readonly #performer: Performer;
  /** The last run of the writing loop, and whether it still runs. */
  #writing: Promise<void> = Promise.resolve();
  #active = false;
  #closed = false;
  #broken = false;
  /** Continues what waits in {@link answersTaken}. */
  #answered: (() => void) | undefined;

  constructor(
    connection: Connection,
    clock: Clock,
    service: AgentService,
    options: Omit<SessionOptions, "client">,
  ) {
    this.name = endText(connection.remote);
    this.#connection = connection;
    this.#service = service;
    this.#session = new Session({ ...options, client: this.name });
    this.#performer = new Performer(this.#session, service, clock, this);
  }

  /** Whether the client has shaken hands and authenticated. */
  get trusted(): boolean {
    return this.#session.trusted;
  }

  /** Serves until the connection ends. Never rejects. */
  async run(): Promise<void> {
    try {
      while (!this.#closed && !this.#session.closing) {
        const bytes = await this.#connection.read();
        if (bytes === null) break;
        this.#session.receive(bytes);
        await this.#turn();
      }
      await this.#writing;
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      if (!this.#closed) this.#service.log("ERR", `failed to decode request header: ${systemText(error)}`);
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
    if (!this.#session.overfull || this.#closed) return;
    this.close();
    this.#service.log("WARN", `Closing ipc.client that does not keep up: ${this.name}`);
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
    this.#closed = true;
    this.#performer.close();
    this.#answered?.();
    this.#connection.close();
  }

  /** Carries out requests until the session waits for bytes again and its answers are written. */
  async #turn(): Promise<void> {
    do {
      this.#performer.collect();
      await this.answersTaken();
    } while (!this.#closed && (await this.#performer.performNext()));
  }

  #flush(): void {
    if (!this.#active && !this.#broken) this.#writing = this.#write();
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
        this.#service.log("ERR", this.#writeFault(streaming, error));
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
