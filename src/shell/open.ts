/**
 * Opens what a node needs before it can be created: checks the options, reads the files, binds the
 * sockets, and chooses the address that is announced to others.
 */

import { untilAborted } from "../async/until_aborted.ts";
import type { Meter } from "../core/metrics.ts";
import { Random } from "../core/random.ts";
import { SerfCore, type SerfCoreOptions } from "../core/serf/serf_core.ts";
import { addressFault } from "../core/swim/validity.ts";
import { Codec } from "../core/wire/codec.ts";
import { SerfError } from "../errors.ts";
import { canonicalHost, formatAddress, joinHostPort } from "../net/address.ts";
import { addressBytes } from "../net/cidr.ts";
import type { Address, Connection, DatagramHandler, Runtime } from "../runtime.ts";
import { meterOf } from "./metrics_sink.ts";
import { isPrivateAddress } from "./network/advertise.ts";
import { advertised, openSockets, type Sockets } from "./network/sockets.ts";
import { kinds } from "./options/arguments.ts";
import { printTo } from "./options/log.ts";
import { type ParsedOptions, parseOptions, type SerfOptions, withKeyring } from "./options/options.ts";
import { type OpenedSnapshot, openSnapshot } from "./snapshot_file.ts";

/** Receives what arrives at the sockets of a node. */
export interface Arrivals extends DatagramHandler {
  /** Receives a connection of a peer. */
  accept(connection: Connection): void;
}

/** What {@link openNode} opened. */
export interface Opened {
  readonly runtime: Runtime;
  readonly options: ParsedOptions;
  readonly random: Random;
  readonly codec: Codec;
  readonly sockets: Sockets;
  /** The address that is announced to others, 4 or 16 bytes. */
  readonly address: Uint8Array;
  readonly port: number;
  readonly snapshot: OpenedSnapshot | undefined;
  readonly meter: Meter | undefined;
  /**
   * Passes what arrives from now on to `arrivals`. Before this call datagrams are dropped and
   * connections closed.
   */
  attach(arrivals: Arrivals): void;
  /** Closes everything. */
  close(): Promise<void>;
}

/**
 * Opens everything for a node. Rejects with SerfError (ERR_OPTION, ERR_NAME, ERR_KEY, ERR_LIMIT,
 * ERR_ADDRESS, ERR_BIND); then nothing stays open.
 */
export async function openNode(options: SerfOptions, runtime: Runtime): Promise<Opened> {
  const parsed = await withKeyring(
    parseOptions(options, () => runtime.host.hostname(), printTo(runtime.terminal)),
    runtime.files,
  );
  const random = new Random((bytes) => runtime.random.fill(bytes));
  const codec = createCodec(parsed, random);
  const meter = meterOf(parsed, runtime.clock);
  const snapshot = await openSnapshot(runtime, parsed, meter);
  // The node is created after its sockets, because with port 0 it announces the port that they got.
  let arrivals: Arrivals | undefined;
  const handler: DatagramHandler = {
    packet: (from, bytes) => arrivals?.packet(from, bytes),
    sendFailed: (to, error) => arrivals?.sendFailed(to, error),
  };
  const accept = (connection: Connection): void => {
    if (arrivals === undefined) connection.close();
    else arrivals.accept(connection);
  };
  let sockets: Sockets | undefined;
  const close = async (): Promise<void> => {
    await Promise.all([sockets?.datagrams.close(), sockets?.listener.close(), snapshot?.file.close()]);
  };
  try {
    sockets = await openSockets(runtime, parsed.bind, handler, accept);
    const own: { address: Uint8Array; port: number } = await advertised(
      runtime,
      parsed.bind,
      sockets.port,
      parsed.advertise,
    );
    checkOwnAddress(own);
    warnIfExposed(parsed, runtime, codec.encrypted, addressOf(sockets) ?? own.address);
    return {
      ...{ runtime, options: parsed, random, codec, sockets, snapshot, meter, close },
      ...own,
      attach: (receiver) => {
        arrivals = receiver;
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * Opens everything like {@link openNode}. Rejects also with the reason of the options' signal, as
 * soon as that is aborted; what is open by then is closed.
 */
export async function openUnlessAborted(options: SerfOptions, runtime: Runtime): Promise<Opened> {
  const signal = kinds.signal.fits(options.signal) ? options.signal : undefined;
  signal?.throwIfAborted();
  const opening = openNode(options, runtime);
  try {
    return await untilAborted(signal, opening);
  } catch (error) {
    if (signal?.aborted === true) opening.then((opened) => opened.close()).catch(() => undefined);
    throw error;
  }
}

/** What the core of a node calls. */
type CoreCalls = Pick<SerfCoreOptions, "matchPattern" | "respond">;

/** Creates the core for what was opened. */
export function createCore(opened: Opened, calls: CoreCalls): SerfCore {
  const { options, codec, sockets, address, port, random, snapshot, meter } = opened;
  return new SerfCore({
    ...calls,
    config: options.serf,
    swim: { ...options.swim, address, port, bindPort: sockets.port },
    random,
    codec,
    admission: options.admission,
    keysAreStored: options.keyringFile !== undefined,
    ...(snapshot && { restored: snapshot.restored }),
    ...(meter && { meter }),
  });
}

/**
 * Returns the address that a node's sockets are bound to. The port is the real one, even if the
 * options had port 0.
 */
export function boundAddress({ listener, port }: Sockets): Address {
  return { host: listener.local.host, port };
}

function addressOf(sockets: Sockets): Uint8Array | undefined {
  return addressBytes(canonicalHost(boundAddress(sockets).host) ?? "");
}

/**
 * Refuses an address that other nodes would refuse: the node would run and be a member for nobody.
 * Throws SerfError (ERR_ADDRESS).
 */
function checkOwnAddress({ address, port }: { readonly address: Uint8Array; readonly port: number }): void {
  const fault = addressFault(address) ?? (port === 0 ? "the port is 0" : undefined);
  if (fault === undefined) return;
  const text = joinHostPort(formatAddress(address), port);
  throw new SerfError("ERR_ADDRESS", `Cannot advertise ${text}: ${fault}`);
}

/** Logs memberlist's warning about a node with a public address and without a key. */
function warnIfExposed(
  { log }: ParsedOptions,
  { clock }: Runtime,
  encrypted: boolean,
  address: Uint8Array,
): void {
  if (encrypted || isPrivateAddress(address)) return;
  const text = "Binding to public address without encryption!";
  log({ time: clock.wallTime(), level: "WARN", component: "memberlist", text });
}

/** Creates the codec for the options and installs the keys. The simulator uses it too. */
export function createCodec({ label, compression, swim, keys }: ParsedOptions, random: Random): Codec {
  const codec = new Codec({ label, compression, encryptionVersion: swim.protocol === 1 ? 0 : 1, random });
  codec.setKeys(keys);
  return codec;
}
