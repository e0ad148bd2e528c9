/**
 * The result of an alive, suspect or dead message for a member, as data. "older", "equal" and
 * "newer" compare its incarnation with the known one. `-` is ignored; everything else is broadcast.
 */

import type { StateRow } from "../state_table.ts";

/** Statuses of a member. */
export const header: StateRow = ["message", "unknown", "alive", "suspect", "dead", "left", "ourselves"];

/** The table. */
export const rows: readonly StateRow[] = [
  ["alive, older", "alive", "-", "-", "-", "-", "-"],
  ["alive, equal", "alive", "-", "-", "-", "-", "-"],
  ["alive, newer", "alive", "alive", "alive", "alive", "alive", "refute"],
  ["suspect, older", "-", "-", "-", "-", "-", "-"],
  ["suspect, equal", "-", "suspect", "confirm", "-", "-", "refute"],
  ["suspect, newer", "-", "suspect", "confirm", "-", "suspect", "refute"],
  ["dead, older", "-", "-", "-", "-", "-", "-"],
  ["dead, equal", "-", "dead", "dead", "-", "-", "refute"],
  ["dead, newer", "-", "dead", "dead", "-", "dead", "refute"],
  ["dead by itself, older", "-", "-", "-", "-", "-", "-"],
  ["dead by itself, equal", "-", "left", "left", "-", "-", "refute"],
  ["dead by itself, newer", "-", "left", "left", "-", "-", "refute"],
];
