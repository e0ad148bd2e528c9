/**
 * Assembles the runtime of a simulated program, from its start to its end, and implements
 * everything but sockets and files.
 */
import { canonicalHost } from "../../src/net/address.ts";
import {
  type Cancel,
  type ChildProcess,
  type Runtime,
  type ServiceTarget,
  SystemError,
} from "../../src/runtime.ts";
import { simDatagrams } from "./datagrams.ts";
import { simFiles } from "./files.ts";
import type { Machine } from "./machine.ts";
import { SeededRandom } from "./random.ts";
import { simStreams } from "./streams.ts";

/** The wall time at which every world begins: 2024-01-01 UTC. */
const epochMs = 1_704_067_200_000;

/** What a world sets for the program of a machine. */
export interface HostSettings {
  readonly seed: number;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Takes what the program writes. */
  readonly output: (stream: "stdout" | "stderr", text: string) => void;
  /** Returns the numeric addresses of a name, or `undefined` if it is unknown. */
  readonly resolve: (name: string) => readonly string[] | undefined;
  readonly resolveService: (name: string) => readonly ServiceTarget[] | undefined;
  readonly exit: (code: number) => void;
}

/** Returns the {@link Runtime} for the current process of a machine. */
export function simRuntime(machine: Machine, settings: HostSettings): Runtime {
  const { process, surroundings, incarnation } = machine;
  const { events } = surroundings;
  const decoder = new TextDecoder();
  return {
    name: "sim",
    clock: {
      now: () => events.now,
      wallTime: () => epochMs + events.now,
      after: (delayMs, callback) => process.after(delayMs, callback),
      waitFor: (promise) => process.waitFor(promise),
    },
    random: new SeededRandom(settings.seed, `${machine.name}/${incarnation}`),
    datagrams: simDatagrams(machine),
    streams: simStreams(machine),
    files: simFiles(machine.disk, process),
    processes: {
      // There are no programs in the simulator.
      spawn: (program) =>
        process.perform(0, (): ChildProcess => {
          throw new SystemError("ENOENT", "spawn", `Cannot spawn ${program}: no such program`);
        }),
    },
    signals: {
      on(signal, callback): Cancel {
        const listeners = process.signals.get(signal) ?? new Set();
        process.signals.set(signal, listeners);
        const listener = (): void => callback();
        listeners.add(listener);
        return () => {
          listeners.delete(listener);
        };
      },
    },
    terminal: {
      args: settings.args,
      columns: null,
      env: (name) => settings.env[name],
      write: (text) =>
        process.perform(0, () => {
          settings.output("stdout", typeof text === "string" ? text : decoder.decode(text));
          return true;
        }),
      writeError: (text) => process.perform(0, () => settings.output("stderr", text)),
      exit(code): never {
        settings.exit(code);
        // Throw, because a real exit does not return either.
        throw new SystemError("ECANCELED", "exit", `The program has ended with ${code}`);
      },
    },
    host: {
      hostname: () => machine.name,
      interfaces: () =>
        machine.addresses.map((address) => ({
          interface: "sim0",
          address,
          prefixLength: address.includes(":") ? 64 : 24,
          internal: false,
        })),
      resolve: (name) =>
        process.perform(1, () => {
          const numeric = canonicalHost(name);
          const found = numeric === undefined ? settings.resolve(name) : [numeric];
          if (!found) throw unknown(name);
          return [...found];
        }),
      resolveService: (name) =>
        process.perform(1, () => {
          const found = settings.resolveService(name);
          if (!found) throw unknown(name);
          return [...found];
        }),
      os: "linux",
      arch: "amd64",
      version: "0.0.0",
      cores: 1,
      pid: incarnation,
      // All programs of a world share the memory of one real process, so none is reported.
      memory: () => ({ used: 0, resident: 0 }),
    },
  };
}

function unknown(name: string): SystemError {
  return new SystemError("ENOTFOUND", "lookup", `Cannot lookup ${name}: no such host`);
}
