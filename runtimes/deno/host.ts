/** Time, randomness, signals, the terminal and the host of Deno. */
import { canonicalHost, isLoopback } from "../../src/net/address.ts";
import type { Host, InterfaceAddress, MemoryUse, Signals, Terminal } from "../../src/runtime.ts";
import { machineName, systemName } from "../shared/names.ts";
import { orderedWriter, wholeWriter } from "../shared/ordered_writer.ts";
import { signalsOf } from "../shared/signals.ts";
import { type DenoWriter, denoApi } from "./api.ts";

export { clock } from "../shared/clock.ts";
export { WebRandom } from "../shared/random.ts";

/** The signals of this process. Outside of Deno this must not ask for its system. */
export const signals: Signals = {
  on: (signal, callback) => {
    const { build, addSignalListener, removeSignalListener } = denoApi();
    const source = { add: addSignalListener, remove: removeSignalListener };
    return signalsOf(systemName(build.os), () => source).on(signal, callback);
  },
};

/** Returns the arguments, environment and standard streams of this process. */
export function denoTerminal(): Terminal {
  const { args, env, stdout, stderr, exit } = denoApi();
  const writeError = writerTo(stderr);
  return {
    args,
    get columns(): number | null {
      return stdout.isTerminal() ? denoApi().consoleSize().columns : null;
    },
    errorIsTerminal: stderr.isTerminal(),
    env: (name) => env.get(name),
    write: writerTo(stdout),
    writeError: async (text) => void (await writeError(text)),
    exit,
  };
}

function writerTo(stream: DenoWriter): (text: string | Uint8Array) => Promise<boolean> {
  return orderedWriter(wholeWriter((bytes) => stream.write(bytes)));
}

/** Returns the facts about the machine. */
export function denoHost(): Host {
  const { build, hostname, pid, version } = denoApi();
  return {
    hostname,
    interfaces,
    // Deno has no function of its own that uses the system's resolver like other programs.
    resolve: async (name) => await (await import("../node/dns.ts")).resolve(name),
    resolveService: async (name) => await (await import("../node/dns.ts")).resolveService(name),
    os: systemName(build.os),
    arch: machineName(build.arch),
    version: version.deno,
    cores: navigator.hardwareConcurrency,
    pid,
    memory(): MemoryUse {
      const { heapUsed, rss } = denoApi().memoryUsage();
      return { used: heapUsed, resident: rss };
    },
  };
}

function interfaces(): InterfaceAddress[] {
  return denoApi()
    .networkInterfaces()
    .map(({ name, address, cidr }) => {
      const host = canonicalHost(address) ?? address;
      return {
        interface: name,
        address: host,
        prefixLength: Number(cidr?.split("/")[1] ?? (host.includes(":") ? 128 : 32)),
        internal: isLoopback(host),
      };
    });
}
