/** How bad faults are: which of them a healthy cluster has to survive without a false failure. */

import type { Severity } from "../checkers/truth.ts";
import type { Scenario, Step } from "./scenario.ts";

/** Returns how bad a fault that lasts is in a scenario, or `undefined` if it disturbs nobody. */
export function severityOf(
  { do: kind, value = 0, forMs = 0 }: Step,
  { size, profile }: Pick<Scenario, "size" | "profile">,
): Severity | undefined {
  switch (kind) {
    case "pause":
      // Shorter than the shortest suspicion by far: there is time to refute.
      return forMs <= 1_500 ? "delay" : "failure";
    case "slow":
      return value <= 150 ? "delay" : "failure";
    case "loss":
    case "corruption":
      return value <= 10 ? "disorder" : "failure";
    case "duplication":
    case "reordering":
      return "disorder";
    case "latency":
    case "jitter":
      return value <= 90 ? "disorder" : "failure";
    case "cut":
    case "badLink":
      // Three helpers go round a single bad link, if there are so many. A cluster on one machine asks one
      // only, which may have crashed.
      return size >= 5 && profile !== "local" ? "delay" : "failure";
    case "udpBroken":
    case "tcpBroken":
      return "delay";
    case "lyingDns":
      // Whoever starts meanwhile is alone until the end, and gets late what others send.
      return "delay";
    case "hostile":
      return "lies";
    case "partition":
    case "bridge":
    case "isolate":
    case "bandwidth":
    case "mtu":
    case "suspend":
      return "failure";
    default:
      return undefined;
  }
}
