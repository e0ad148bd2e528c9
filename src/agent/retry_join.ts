/**
 * Joining in the background: tries again and again until it works or the attempts are used up.
 */

import { messageOf } from "../errors.ts";
import { formatDuration, fromMilliseconds } from "../go/duration.ts";
import type { Clock } from "../runtime.ts";
import type { Agent } from "./agent.ts";
import type { AgentConfig } from "./config/settings.ts";

/** Tries until one address works. Returns whether it did; if not, the agent has to stop. */
export async function retryJoin(
  agent: Pick<Agent, "join" | "log">,
  config: Pick<AgentConfig, "retryJoin" | "retryMaxAttempts" | "retryInterval" | "replayOnJoin">,
  clock: Clock,
  signal: AbortSignal,
): Promise<boolean> {
  for (let attempts = 0; !signal.aborted; ) {
    agent.log("INFO", `Joining cluster...(replay: ${config.replayOnJoin})`, "agent");
    const joined = await agent.join(config.retryJoin, config.replayOnJoin).then(
      (count) => ({ count, error: undefined }),
      (error: unknown) => ({ count: 0, error: messageOf(error) }),
    );
    if (signal.aborted) break;
    if (joined.error === undefined) {
      agent.log("INFO", `Join completed. Synced with ${joined.count} initial agents`, "agent");
      return true;
    }
    attempts += 1;
    // Serf counts like this: a maximum of N allows N+1 attempts.
    if (config.retryMaxAttempts > 0 && attempts > config.retryMaxAttempts) {
      agent.log("ERR", "maximum retry join attempts made, exiting", "agent");
      return false;
    }
    agent.log(
      "WARN",
      `Join failed: ${joined.error}, retrying in ${formatDuration(fromMilliseconds(config.retryInterval))}`,
      "agent",
    );
    await pause(clock, Math.ceil(config.retryInterval), signal);
  }
  return true;
}

async function pause(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const cancel = clock.after(delayMs, resolve);
    signal.addEventListener(
      "abort",
      () => {
        cancel();
        resolve();
      },
      { once: true },
    );
  });
}
