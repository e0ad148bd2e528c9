/**
 * Before and after all tests: says what is not installed here, so that nobody takes a part of the suite for the whole.
 */

import { missingServers } from "./examples/demo.ts";
import { missing } from "./interop/agents.ts";
import { whyNoGo } from "./interop/go.ts";
import { binary, runtimeNames } from "./runtimes/binaries.ts";

/** Prints the notice; what is returned prints it again, below the results. */
export default function setup(): () => void {
  const absent = new Set([...missing(), ...missingServers()]);
  for (const name of runtimeNames) {
    const found = binary(name);
    if (found.path === undefined && name !== "node24") absent.add(found.missing);
  }
  const noGo = whyNoGo();
  if (noGo !== null) absent.add(noGo);
  const notice = (): void => {
    if (absent.size === 0) return;
    const lines = [...absent].map((line) => `  - ${line}`);
    console.log(`\nNOT TESTED HERE, as it needs more than Node:\n${lines.join("\n")}\n`);
  };
  notice();
  return notice;
}
