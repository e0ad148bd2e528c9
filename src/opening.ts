/**
 * What a node needs before it exists: checked options, keys, a snapshot, sockets, an address. When one of them fails, nothing stays open.
 */

import { Random } from "./core/random.ts";
import { Codec } from "./core/wire/codec.ts";
import { type LogLine, type ParsedOptions, parseOptions, type SerfOptions, withKeyring } from "./options.ts";
import type { Connection, DatagramHandler, Runtime } from "./runtime.ts";
import { openSnapshot } from "./snapshot_file.ts";
import { advertised, openSockets, type Sockets } from "./sockets.ts";

/** Everything that is open. */
export interface Opened {
  readonly runtime: Runtime;
  readonly parsed: ParsedOptions;
  readonly log: (line: LogLine) => void;
  readonly random: Random;
  readonly codec: Codec;
  readonly snapshot: Awaited<ReturnType<typeof openSnapshot>>;
  readonly sockets: Sockets;
  /** Where this node is reached, as it tells others. */
  readonly address: Uint8Array;
  readonly port: number;
}

/** Opens what a node needs. SerfError, as `Serf.start` says. */
export async function openNode(
  options: SerfOptions,
  runtime: Runtime,
  handler: DatagramHandler,
  accept: (connection: Connection) => void,
): Promise<Opened> {
  const parsed = await withKeyring(
    parseOptions(options, () => runtime.host.hostname()),
    runtime.files,
  );
  const random = new Random((bytes) => runtime.random.fill(bytes));
  const codec = new Codec({
    label: parsed.label,
    compression: parsed.compression,
    encryptionVersion: parsed.swim.protocol === 1 ? 0 : 1,
    random,
  });
  codec.setKeys(parsed.keys);
  const log = options.log ?? (() => undefined);
  const snapshot = await openSnapshot(runtime, parsed, log);
  const sockets = await openSockets(runtime, parsed.bind, handler, accept).catch(async (error) => {
    await snapshot?.file.close();
    throw error;
  });
  const common = { runtime, parsed, log, random, codec, snapshot, sockets };
  try {
    return { ...common, ...(await advertised(runtime, parsed.bind, sockets.port, parsed.advertise)) };
  } catch (error) {
    await closeNode(common);
    throw error;
  }
}

/** Closes what was opened. */
export async function closeNode({ sockets, snapshot }: Pick<Opened, "sockets" | "snapshot">): Promise<void> {
  await Promise.all([sockets.datagrams.close(), sockets.listener.close(), snapshot?.file.close()]);
}
