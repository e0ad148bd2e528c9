/**
 * Key commands of a client.
 */

import type { KeyReport } from "../results.ts";
import { emptyKeyReport, RpcKeyError, readKeyReport } from "../results.ts";
import type { RpcConnection } from "./connection.ts";
import { decoded } from "./streams.ts";

/** Manages the encryption keys of the cluster. Every method rejects with {@link RpcKeyError} unless all members did as asked. */
export class RpcKeys {
  readonly #connection: RpcConnection;

  /** @internal */
  constructor(connection: RpcConnection) {
    this.#connection = connection;
  }

  /** Gives every member a key (base64) to open messages with. */
  install(key: string): Promise<KeyReport> {
    return this.#ask("install-key", { Key: key });
  }

  /** Makes a known key the one that messages are sealed with. */
  use(key: string): Promise<KeyReport> {
    return this.#ask("use-key", { Key: key });
  }

  /** Removes a key that is not in use. */
  remove(key: string): Promise<KeyReport> {
    return this.#ask("remove-key", { Key: key });
  }

  /** Asks every member for its keys. */
  list(): Promise<KeyReport> {
    return this.#ask("list-keys", undefined);
  }

  async #ask(command: string, body: { readonly Key: string } | undefined): Promise<KeyReport> {
    const { error, body: answer } = await this.#connection.exchange(command, body);
    if (error === "") return decoded(() => readKeyReport(answer));
    const report = answer === undefined ? emptyKeyReport : decoded(() => readKeyReport(answer));
    throw new RpcKeyError(error, report);
  }
}
