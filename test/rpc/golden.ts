/** Reads the recordings in `test/golden/rpc`. */

import { readdirSync, readFileSync } from "node:fs";
import { bytesOfHex } from "./hex.ts";

const folder = new URL("../golden/rpc/", import.meta.url);

/** One connection of a recording. */
export interface RecordedConnection {
  readonly sent: readonly Uint8Array[];
  readonly received: readonly Uint8Array[];
  readonly closedByAgent: boolean;
}

/** Names of all recordings. */
export function recordings(): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".hex"))
    .map((name) => name.slice(0, -4));
}

/** Connections of a recording, in order. */
export function readRecording(name: string): RecordedConnection[] {
  const connections: RecordedConnection[] = [];
  let sent: Uint8Array[] = [];
  let received: Uint8Array[] = [];
  const end = (closedByAgent: boolean): void => {
    if (sent.length > 0) connections.push({ sent, received, closedByAgent });
    sent = [];
    received = [];
  };
  for (const line of readFileSync(new URL(`${name}.hex`, folder), "utf8").split("\n")) {
    if (line.startsWith("C ")) sent.push(bytesOfHex(line.slice(2)));
    else if (line.startsWith("S ")) received.push(bytesOfHex(line.slice(2)));
    else if (line === "## agent closed the connection") end(true);
    else if (line === "## client closed the connection") end(false);
  }
  end(false);
  return connections;
}
