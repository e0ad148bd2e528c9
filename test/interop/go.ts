/** Go, which compiles programs against the original's libraries. */

import { execFileSync } from "node:child_process";

/** Why no programs of Go can be compiled here, or null when they can. */
export function whyNoGo(): string | null {
  try {
    execFileSync("go", ["version"], { stdio: "pipe", timeout: 10_000 });
    return null;
  } catch {
    return "Go is not installed: the original's client library is not tested";
  }
}
