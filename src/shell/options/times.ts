/** Options that are times, in milliseconds. */

import { crashHoldMinMs } from "../../core/swim/config.ts";
import { SerfError } from "../../errors.ts";

/** Returns a time of at least `min`. Throws SerfError (ERR_OPTION) with the option's name otherwise. */
export function checkTime(name: string, value: number, min: number): number {
  if (Number.isFinite(value) && value >= min) return value;
  const expected = min === 0 ? "a number of milliseconds" : "a positive number of milliseconds";
  throw new SerfError("ERR_OPTION", `${name} must be ${expected}, got ${value}`);
}

/** Returns those of some options that are given, each at least `min`; see {@link checkTime}. */
export function givenTimes<Name extends string>(
  options: { readonly [Each in Name]?: number | undefined },
  names: readonly Name[],
  min: number,
): { readonly [Each in Name]?: number } {
  const given: { [Each in Name]?: number } = {};
  for (const name of names) {
    const value = options[name];
    if (value !== undefined) given[name] = checkTime(name, value, min);
  }
  return given;
}

/** Returns how long refusals last that are evidence of a crash: 0, or long enough for a restart. Throws like {@link checkTime}. */
export function checkCrashHold(value: number): number {
  if (value === 0 || (Number.isFinite(value) && value >= crashHoldMinMs)) return value;
  const expected = `0 or at least ${crashHoldMinMs} milliseconds`;
  throw new SerfError("ERR_OPTION", `crashHoldMs must be ${expected}, got ${value}`);
}
