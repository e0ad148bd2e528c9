/**
 * The one place that tests ask what is on this machine: `describe.skipIf(lacks("deno", "networks"))`. The search is done once, before all
 * tests, by `setup.ts`, which also prints what was skipped and why.
 */

import { inject } from "vitest";
import { type Command, commandFor, type RuntimeName } from "../runtimes/binaries.ts";
import type { Found, Survey, ThingName } from "./things.ts";

declare module "vitest" {
  interface ProvidedContext {
    here: Survey;
  }
}

/** Returns whether at least one of these things is missing. */
export function lacks(...names: readonly ThingName[]): boolean {
  return names.some((name) => find(name).missing !== undefined);
}

/** Returns a thing's path, or why it is missing. */
export function find(name: ThingName): Found {
  return inject("here")[name];
}

/**
 * Returns a program's path.
 *
 * @throws Error if it is missing; a test that gets there has not been skipped as it should.
 */
export function pathOf(name: ThingName): string {
  const { path, missing } = find(name);
  if (path === undefined) throw new Error(`A test that needs ${name} was not skipped: ${missing}`);
  return path;
}

/**
 * Returns how to run a TypeScript file of this repository on a runtime.
 *
 * @throws Error as {@link pathOf} does.
 */
export function command(name: RuntimeName, file: string): Command {
  return commandFor(name, pathOf(name), file);
}
