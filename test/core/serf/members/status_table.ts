/**
 * The status of a member after each notification of the membership layer and each intent, as data.
 * "old", "equal" and "new" compare an intent's Lamport time with the last one that was accepted. `-` is
 * ignored; every other intent is broadcast, unless it is refuted.
 */

import type { StateRow } from "../../state_table.ts";

/** Statuses of a member. */
export const header: StateRow = [
  "what happens",
  "unknown",
  "alive",
  "leaving",
  "left",
  "failed",
  "ourselves",
];

/** The table. */
export const rows: readonly StateRow[] = [
  ["found alive", "alive", "-", "-", "alive", "alive", "-"],
  ["found gone", "-", "failed", "left", "-", "-", "-"],
  ["gone by its own word", "-", "left", "left", "-", "-", "-"],
  ["join intent, old", "kept", "-", "-", "-", "-", "-"],
  ["join intent, equal", "kept", "-", "alive", "-", "-", "-"],
  ["join intent, new", "kept", "alive", "alive", "left", "failed", "alive"],
  ["leave intent, old", "kept", "-", "-", "-", "-", "-"],
  ["leave intent, new", "kept", "leaving", "leaving", "left", "left", "refuted"],
  ["leave intent to prune, new", "kept", "leaving*", "leaving*", "erased", "erased", "refuted"],
];
