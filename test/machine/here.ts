/**
 * The one place that tests ask what is on this machine: `describe.skipIf(lacks("deno", "networks"))`. The search is done once, before all
 * tests, by `setup.ts`, which also prints what was skipped and why.
 */

import { inject } from "vitest";
import { type Command, commandFor, type RuntimeName } from "../runtimes/binaries.ts";
import { type Found, type Survey, survey, type ThingName, things } from "./things.ts";

declare module "vitest" {
  interface ProvidedContext {
    here: Survey;
  }
}

/** What {@link searchHere} found. */
const own = new Map<ThingName, Found>();

/** Looks for things in a program that vitest does not run, before it asks for them. */
export async function searchHere(names: readonly ThingName[]): Promise<void> {
  const wanted = Object.fromEntries(names.map((name) => [name, things[name]]));
  for (const [name, found] of Object.entries(await survey(wanted, ""))) own.set(name as ThingName, found);
}

/** Returns whether at least one of these things is missing. */
export function lacks(...names: readonly ThingName[]): boolean {
  return names.some((name) => find(name).missing !== undefined);
}

/** Returns a thing's path, or why it is missing. */
export function find(name: ThingName): Found {
  return own.get(name) ?? inject("here")[name];
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
