/** What Deno says of time, randomness, signals, the terminal and the host. */
import { canonicalHost, isLoopback } from "../../src/net/address.ts";
import type { Cancel, Host, InterfaceAddress, MemoryUse, Signals, Terminal } from "../../src/runtime.ts";
import { machineName, systemName } from "../shared/names.ts";
import { type DenoWriter, denoApi } from "./api.ts";

export { clock } from "../shared/clock.ts";
export { WebRandom } from "../shared/random.ts";

/** Signals of the process. */
export const signals: Signals = {
  on(signal, callback): Cancel {
    const listener = (): void => callback();
    try {
      denoApi().addSignalListener(signal, listener);
    } catch {
      // Windows lacks some signals: they are never reported.
      return () => {};
    }
    return () => denoApi().removeSignalListener(signal, listener);
  },
};

/** The process's arguments, environment and standard streams. */
export function denoTerminal(): Terminal {
  const { args, env, stdout, stderr, exit } = denoApi();
  return {
    args,
    get columns(): number | null {
      return stdout.isTerminal() ? denoApi().consoleSize().columns : null;
    },
    env: (name) => env.get(name),
    write: orderedWriter(stdout),
    writeError: orderedWriter(stderr),
    exit,
  };
}

/** Writes one after another, because a write may take a part only. */
function orderedWriter(stream: DenoWriter): (text: string | Uint8Array) => Promise<void> {
  const encoder = new TextEncoder();
  let last: Promise<void> = Promise.resolve();
  return (text) => {
    const bytes = typeof text === "string" ? encoder.encode(text) : text;
    last = last.then(async () => {
      for (let offset = 0; offset < bytes.length; ) offset += await stream.write(bytes.subarray(offset));
    });
    // A reader that went away, as `head` does, is no error.
    last = last.catch(() => {});
    return last;
  };
}

/** Facts of the host; `version` is the runtime's. */
export function denoHost(): Host {
  const { build, hostname, pid, version } = denoApi();
  return {
    hostname,
    interfaces,
    // Deno has no call of its own that asks the system's resolver as other programs do.
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
