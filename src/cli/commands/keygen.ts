/**
 * `serf keygen`: a fresh encryption key.
 */

import { encodeBase64 } from "../../go/base64.ts";
import type { Command } from "../command.ts";

/** Bytes of a key: AES-256. */
const keySize = 32;

/** The command; arguments are ignored. */
export const keygen: Command = {
  help: `Usage: serf keygen

  Makes a random key and prints it in the form that the agent's -encrypt flag
  takes.`,
  async run(_args, { terminal, random }) {
    const key = new Uint8Array(keySize);
    random.fill(key);
    await terminal.write(`${encodeBase64(key)}\n`);
    return 0;
  },
};
