/**
 * Lets a node leave its cluster when the process gets a signal.
 */

import type { LogLevel } from "../core/effects.ts";
import { messageOf } from "../errors.ts";
import type { Cancel, SignalName, Signals } from "../runtime.ts";

/** The node that leaves. */
export interface LeavingNode extends AsyncDisposable {
  shutdown(): Promise<void>;
}

/**
 * Leaves and shuts down at the first of the signals, and shuts down at once at the second. The
 * result ends that; it has to be called when the node has stopped.
 */
export function leaveOn(
  names: readonly SignalName[],
  signals: Signals,
  node: LeavingNode,
  log: (level: LogLevel, text: string) => void,
): Cancel {
  let first: SignalName | undefined;
  const leave = async (): Promise<void> => {
    try {
      await node[Symbol.asyncDispose]();
    } catch (error) {
      log("ERR", `Cannot leave: ${messageOf(error)}`);
      await node.shutdown();
    }
  };
  const caught = (name: SignalName): void => {
    if (first !== undefined) {
      log("WARN", `Caught ${name} after ${first}: shutting down without waiting for the leave`);
      void node.shutdown();
      return;
    }
    first = name;
    log("INFO", `Caught ${name}: leaving`);
    void leave();
  };
  const cancels = names.map((name) => signals.on(name, () => caught(name)));
  return () => {
    for (const cancel of cancels) cancel();
  };
}
