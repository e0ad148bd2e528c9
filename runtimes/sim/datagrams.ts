/**
 * Simulated UDP. The network decides when a datagram arrives. It is not copied, because nobody may
 * change it after it was sent.
 */
import { joinHostPort } from "../../src/net/address.ts";
import {
  type Address,
  type DatagramHandler,
  type DatagramSocket,
  type Datagrams,
  SystemError,
  type SystemErrorCode,
} from "../../src/runtime.ts";
import type { Machine } from "./machine.ts";
import type { Process } from "./process.ts";

const datagramSizeMax = 65_507;

/** Returns the UDP sockets of a machine. */
export function simDatagrams(machine: Machine): Datagrams {
  const { process } = machine;
  return {
    bind: (address, handler) =>
      process.perform(0, () => {
        const { socket } = machine.datagramPorts.bind(
          "bind",
          address,
          (local) => new SimDatagramSocket(machine, process, local, handler),
        );
        return socket as SimDatagramSocket;
      }),
  };
}

class SimDatagramSocket implements DatagramSocket {
  readonly local: Address;
  /** The simulated system accepts everything at once. */
  readonly dropped = 0;
  readonly #machine: Machine;
  readonly #process: Process;
  readonly #handler: DatagramHandler;
  #closed = false;

  constructor(machine: Machine, process: Process, local: Address, handler: DatagramHandler) {
    this.#machine = machine;
    this.#process = process;
    this.local = local;
    this.#handler = handler;
  }

  send(to: Address, bytes: Uint8Array): void {
    if (this.#closed || !this.#process.alive) return;
    const source = this.local.host === "::" ? this.#machine.sourceFor(to.host) : this.local.host;
    const sameFamily = source?.includes(":") === to.host.includes(":");
    if (bytes.length > datagramSizeMax || source === undefined || !sameFamily) {
      this.#fail(bytes.length > datagramSizeMax ? "EMSGSIZE" : "ENETUNREACH", to);
      return;
    }
    const { events, network, note } = this.#machine.surroundings;
    const target = this.#machine.find(to.host);
    if (!target) return;
    const from = { host: source, port: this.local.port };
    for (const delay of network.datagram(this.#machine.name, target.name)) {
      events.after(delay, () => {
        // A cut link also loses what is on its way, and so does a machine that has another address now.
        if (!network.reaches(this.#machine.name, target.name) || this.#machine.find(to.host) !== target)
          return;
        note("datagram", this.#machine.name, target.name, bytes);
        target.process.enter(() => target.datagramPorts.find(to)?.deliver(from, bytes));
      });
    }
  }

  deliver(from: Address, bytes: Uint8Array): void {
    if (!this.#closed) this.#handler.packet(from, bytes);
  }

  close(): Promise<void> {
    if (!this.#closed) this.#machine.datagramPorts.release(this.local, this);
    this.#closed = true;
    return this.#process.perform(0, () => {});
  }

  #fail(code: SystemErrorCode, to: Address): void {
    const error = new SystemError(code, "send", `Cannot send ${joinHostPort(to.host, to.port)}: ${code}`);
    this.#process.after(0, () => {
      if (!this.#closed) this.#handler.sendFailed(to, error);
    });
  }
}
