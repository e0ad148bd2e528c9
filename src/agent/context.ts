/**
 * What all parts of one agent share.
 */

import { Background } from "../async/background.ts";
import type { Metrics } from "../core/metrics.ts";
import { messageOf } from "../errors.ts";
import type { Runtime } from "../runtime.ts";
import type { AgentLog } from "./log/log.ts";

/** Background work of an agent; failures are logged and measured. */
export function backgroundOf(
  log: Pick<AgentLog, "write">,
  metrics: () => Metrics | undefined = () => undefined,
): Background {
  return new Background(
    (what, error) => log.write("ERR", "agent", `Failure in ${what}: ${messageOf(error)}`),
    () => metrics()?.incr("agent.background_failure", 1),
  );
}

/** The surroundings of an agent; a part names what it uses of the runtime. */
export interface AgentContext<Used extends keyof Runtime = keyof Runtime> {
  readonly runtime: Pick<Runtime, Used>;
  readonly log: AgentLog;
  /** Where measurements go. */
  readonly metrics?: Metrics | undefined;
}
