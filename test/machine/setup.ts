/**
 * Before all tests: installs the runtimes that npm has, then looks for everything that tests use. What is missing is printed before and after
 * the results, so that nobody takes a part of the suite for the whole.
 */

import type { TestProject } from "vitest/node";
import { installRuntimes } from "./runtimes.ts";
import { missingLines, survey, things } from "./things.ts";

/** Prints the notice and passes the findings to `here.ts`; the returned function prints the notice again, below the results. */
export default async function setup(project: TestProject): Promise<() => void> {
  const { TSERF_TEST_WITHOUT: without = "" } = process.env;
  installRuntimes(without.split(","));
  const here = await survey(things, without);
  project.provide("here", here);
  const lines = missingLines(things, here).map((line) => `  - ${line}`);
  const notice = (): void => {
    if (lines.length > 0) console.log(`\nSKIPPED, as this machine lacks:\n${lines.join("\n")}\n`);
  };
  notice();
  return notice;
}
