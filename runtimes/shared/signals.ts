/**
 * The signals of the systems behind the ones that an agent knows. Windows has no signals, and the
 * runtimes make some of events of the console: Ctrl-C is SIGINT, Ctrl-Break is SIGBREAK, and a
 * console that is closed is SIGHUP, after which the process has a few seconds left.
 */
import type { Cancel, SignalName, Signals } from "../../src/runtime.ts";

/** Begins and ends to listen to a signal of the system. Both throw if the system lacks it. */
export interface SignalSource {
  add(signal: string, listener: () => void): void;
  remove(signal: string, listener: () => void): void;
}

/** On Windows a closed console asks to end, and not to read settings again. */
const onWindows: Readonly<Record<SignalName, readonly string[]>> = {
  SIGINT: ["SIGINT"],
  SIGTERM: ["SIGTERM", "SIGBREAK", "SIGHUP"],
  SIGHUP: [],
  SIGUSR1: [],
};

/** Returns the signals of a system by Go's name of it; those that it lacks are never reported. */
export function signalsOf(os: string, source: () => SignalSource): Signals {
  return {
    on(signal, callback): Cancel {
      const { add, remove } = source();
      const listener = (): void => callback();
      const names = os === "windows" ? onWindows[signal] : [signal];
      const added = names.filter((name) => succeeds(() => add(name, listener)));
      return () => {
        for (const name of added.splice(0)) remove(name, listener);
      };
    },
  };
}

function succeeds(act: () => void): boolean {
  try {
    act();
    return true;
  } catch {
    return false;
  }
}
