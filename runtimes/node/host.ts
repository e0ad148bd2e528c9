/** Time, randomness, signals, the terminal and the host of Node. */
import { canonicalHost } from "../../src/net/address.ts";
import type { Host, InterfaceAddress, MemoryUse, Signals, Terminal } from "../../src/runtime.ts";
import { systemError } from "../shared/errors.ts";
import { machineName, systemName } from "../shared/names.ts";
import { signalsOf } from "../shared/signals.ts";
import { builtin } from "./builtin.ts";
import { resolve, resolveService } from "./dns.ts";

export { clock } from "../shared/clock.ts";
export { WebRandom } from "../shared/random.ts";

const standardOutput = 1;

/** The signals of this process. On Deno, which loads this with other parts, nothing here may ask for `process` before. */
export const signals: Signals = {
  on: (signal, callback) => {
    const source = {
      add: (name: string, listener: () => void) => void process.on(name, listener),
      remove: (name: string, listener: () => void) => void process.off(name, listener),
    };
    return signalsOf(systemName(process.platform), () => source).on(signal, callback);
  },
};

/** Returns the arguments, environment and standard streams of this process. */
export function nodeTerminal(): Terminal {
  return {
    args: process.argv.slice(2),
    rawArgument,
    get columns(): number | null {
      return process.stdout.columns || null;
    },
    get errorIsTerminal(): boolean {
      return process.stderr.isTTY === true;
    },
    env: (name) => process.env[name],
    write: (text) => write(process.stdout, text),
    writeError: async (text) => void (await write(process.stderr, text)),
    ...(process.platform !== "win32" && { print: printer() }),
    exit: (code) => process.exit(code),
  };
}

/** The bytes of an argument: Linux keeps the command line as it was given. */
function rawArgument(place: number): Uint8Array | undefined {
  try {
    const given = builtin("fs")
      .readFileSync("/proc/self/cmdline")
      .toString("latin1")
      .split("\0")
      .slice(0, -1);
    const own = given.slice(given.length - (process.argv.length - 2));
    return Uint8Array.from(own[place]!, (byte) => byte.charCodeAt(0));
  } catch {
    return undefined;
  }
}

/**
 * Returns `Terminal.print`: what is printed goes to the descriptor itself, as `process.stdout` would load a part of Node for
 * it. On Windows a console takes text through nothing else.
 */
function printer(): (text: string | Uint8Array) => Promise<boolean> {
  const encoder = new TextEncoder();
  let streamed = false;
  return async (text) => {
    let rest = typeof text === "string" ? encoder.encode(text) : text;
    try {
      while (rest.length > 0 && !streamed)
        rest = rest.subarray(builtin("fs").writeSync(standardOutput, rest));
      return rest.length === 0 || (await write(process.stdout, rest));
    } catch (error) {
      // Another program that has the pipe may have made it one that does not wait: the stream waits.
      streamed = (error as NodeJS.ErrnoException).code === "EAGAIN";
      if (streamed) return await write(process.stdout, rest);
      return systemError("write", "", error).code !== "EPIPE";
    }
  };
}

function write(stream: NodeJS.WriteStream, text: string | Uint8Array): Promise<boolean> {
  // If the reader has closed the pipe, as `head` does, that is not an error; without a listener it
  // would end the process.
  if (stream.listenerCount("error", ignore) === 0) stream.on("error", ignore);
  return new Promise((resolve) => {
    stream.write(text, (error) => resolve(!error || systemError("write", "", error).code !== "EPIPE"));
  });
}

function ignore(): void {}

/** Returns the facts about the machine. `version` is that of the runtime. */
export function nodeHost(version: string): Host {
  return {
    hostname: () => builtin("os").hostname(),
    interfaces,
    resolve,
    resolveService,
    os: systemName(process.platform),
    arch: machineName(process.arch),
    version,
    get cores(): number {
      return builtin("os").availableParallelism();
    },
    pid: process.pid,
    memory(): MemoryUse {
      const { heapUsed, rss } = process.memoryUsage();
      return { used: heapUsed, resident: rss };
    },
  };
}

/**
 * Makes V8 keep the heap of this process small (`Host.keepHeapSmall`). The young generation keeps
 * the size that the start needed: a burst of short-lived objects would otherwise make it 16 MiB
 * times three, and it does not shrink. The old generation is collected when it has grown by a
 * fifth, not when it has doubled.
 */
export async function keepHeapSmall(): Promise<void> {
  const { setFlagsFromString } = await import("node:v8");
  for (const flag of ["--semi-space-growth-factor=1", "--heap-growing-percent=20"]) setFlagsFromString(flag);
}

function interfaces(): InterfaceAddress[] {
  return Object.entries(builtin("os").networkInterfaces()).flatMap(([name, addresses]) =>
    (addresses ?? []).map(({ address, cidr, internal }) => ({
      interface: name,
      address: canonicalHost(address) ?? address,
      prefixLength: Number(cidr?.split("/")[1] ?? (address.includes(":") ? 128 : 32)),
      internal,
    })),
  );
}
