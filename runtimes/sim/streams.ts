/**
 * Simulated streams: dialling and listening, connections that are refused, and hosts that do not
 * reply. `connection.ts` simulates an open connection.
 */
import { joinHostPort } from "../../src/net/address.ts";
import {
  type Address,
  type Connection,
  type ConnectOptions,
  type Listener,
  type Streams,
  SystemError,
  type SystemErrorCode,
} from "../../src/runtime.ts";
import { canceled } from "../shared/errors.ts";
import { localAddress } from "../shared/local.ts";
import { SimConnection } from "./connection.ts";
import type { Machine } from "./machine.ts";
import type { Process } from "./process.ts";

/**
 * When a dial without a reply is tried again; the time doubles with each attempt, as in real
 * systems.
 */
const retryMs = 1_000;
/** After this many attempts a dial fails. */
const retryCountMax = 6;

/** Returns the TCP and unix domain sockets of a machine. */
export function simStreams(machine: Machine): Streams {
  const { process } = machine;
  return {
    listen: (address, accept) =>
      process.perform(0, () => {
        const make = (local: Address): SimListener => new SimListener(machine, process, local, accept);
        return machine.streamPorts.bind("listen", address, make).socket as SimListener;
      }),
    connect: (address, options) => dial(machine, process, address, options),
    listenLocal: (path, mode, accept) =>
      process.perform(0, () => {
        const local = localAddress("listen", path);
        machine.disk.makeSocket(path, mode);
        const listener = new SimListener(machine, process, local, accept);
        machine.streamPaths.set(path, listener);
        return listener;
      }),
    connectLocal: (path, { signal } = {}) =>
      process.perform(0, () => {
        const local = localAddress("connect", path);
        if (signal?.aborted) throw canceled("connect", path);
        machine.disk.status(path);
        const listener = machine.streamPaths.get(path) as SimListener | undefined;
        if (!listener)
          throw new SystemError("ECONNREFUSED", "connect", `Cannot connect ${path}: nobody listens`);
        const near = new SimConnection(machine, process, local, local);
        near.join(listener.open(local, local));
        return near;
      }),
  };
}

class SimListener implements Listener {
  readonly local: Address;
  readonly #machine: Machine;
  readonly #process: Process;
  readonly #accept: (connection: Connection) => void;

  constructor(machine: Machine, process: Process, local: Address, accept: (connection: Connection) => void) {
    this.#machine = machine;
    this.#process = process;
    this.local = local;
    this.#accept = accept;
  }

  /**
   * Opens this end of a connection, even while the program is paused, because a real system does so
   * too.
   */
  open(local: Address, remote: Address): SimConnection {
    const connection = new SimConnection(this.#machine, this.#process, local, remote);
    this.#process.enter(() => this.#accept(connection));
    return connection;
  }

  close(): Promise<void> {
    const { disk, streamPaths, streamPorts } = this.#machine;
    const path = this.local.host;
    if (streamPaths.get(path) === this) {
      streamPaths.delete(path);
      disk.remove(path);
    } else {
      streamPorts.release(this.local, this);
    }
    return this.#process.perform(0, () => {});
  }
}

function dial(
  machine: Machine,
  process: Process,
  to: Address,
  { timeoutMs, signal }: ConnectOptions = {},
): Promise<Connection> {
  const subject = joinHostPort(to.host, to.port);
  const { events, network } = machine.surroundings;
  return process.promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(canceled("connect", subject));
      return undefined;
    }
    let settled = false;
    const stopTimer =
      timeoutMs === undefined
        ? undefined
        : process.after(timeoutMs, () => fail("ETIMEDOUT", "no answer in time"));
    signal?.addEventListener("abort", abort);
    const source = machine.sourceFor(to.host);
    if (source === undefined) process.after(0, () => fail("ENETUNREACH", "no address of that family"));
    else attempt({ host: source, port: machine.streamPorts.ephemeral() }, 0);
    return () => void settle();

    function attempt(from: Address, count: number): void {
      if (settled || !process.alive) return;
      if (count > retryCountMax) {
        process.enter(() => fail("ETIMEDOUT", "no answer"));
        return;
      }
      const target = machine.find(to.host);
      if (target?.powered && network.reaches(machine.name, target.name)) {
        const delay = network.segment(machine.name, target.name, retryMs);
        events.after(delay, () => arrive(from, target, count));
      } else {
        events.after(retryMs << count, () => attempt(from, count + 1));
      }
    }

    function arrive(from: Address, target: Machine, count: number): void {
      if (settled) return;
      const isThere = target.powered && machine.find(to.host) === target;
      if (!isThere || !network.reaches(target.name, machine.name)) {
        events.after(retryMs << count, () => attempt(from, count + 1));
        return;
      }
      const listener = target.streamPorts.find(to) as SimListener | undefined;
      const far = listener?.open(to, from);
      events.after(network.segment(target.name, machine.name, retryMs), () => {
        if (!process.alive) {
          far?.reset();
          return;
        }
        process.enter(() => {
          if (!far) {
            fail("ECONNREFUSED", "nobody listens there");
            return;
          }
          if (!settle()) {
            far.reset();
            return;
          }
          const near = new SimConnection(machine, process, from, to);
          near.join(far);
          resolve(near);
        });
      });
    }

    function settle(): boolean {
      if (settled) return false;
      settled = true;
      stopTimer?.();
      signal?.removeEventListener("abort", abort);
      return true;
    }
    function abort(): void {
      if (settle()) reject(canceled("connect", subject));
    }
    function fail(code: SystemErrorCode, reason: string): void {
      if (settle()) reject(new SystemError(code, "connect", `Cannot connect ${subject}: ${reason}`));
    }
  });
}
