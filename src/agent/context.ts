/**
 * What all parts of one agent share.
 */

import type { Metrics } from "../core/metrics.ts";
import type { Runtime } from "../runtime.ts";
import type { AgentLog } from "./log/log.ts";

/** The surroundings of an agent; a part names what it uses of the runtime. */
export interface AgentContext<Used extends keyof Runtime = keyof Runtime> {
  readonly runtime: Pick<Runtime, Used>;
  readonly log: AgentLog;
  /** Where measurements go. */
  readonly metrics?: Metrics | undefined;
}
