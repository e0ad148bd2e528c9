/**
 * The names and addresses that a member may have. memberlist accepts any; here a member whose name
 * would spoil a log line, or whose address no packet can reach, is refused before it enters the
 * table.
 */

import { inBlocks, unmapped } from "../../net/cidr.ts";
import { utf8Length } from "../bytes.ts";
import type { Alive } from "../wire/messages.ts";
import { type SwimConfig, SwimLimits } from "./config.ts";

/**
 * Incarnations from here on are believed only in small steps. A member refutes an accusation with the
 * next higher incarnation, so a message that moved it near the end of the range would leave nothing
 * to refute with: the member would be dead for everybody, restarted or not.
 */
export const incarnationHalf = 0x8000_0000;

/** The largest step from a known incarnation that is above {@link incarnationHalf} already. */
const incarnationStepMax = 1_024;

/** How far above {@link incarnationHalf} a member may be that we do not know yet, or knew long ago. */
const incarnationMargin = 0x10_0000;

/**
 * Returns whether an accusation (suspect or dead) can be right as far as its incarnation goes.
 * `known` is the incarnation that we know of the accused.
 */
export function plausibleAccusation(incarnation: number, known: number): boolean {
  return incarnation < incarnationHalf || isSmallStep(incarnation, known);
}

/**
 * Returns whether an alive message can be right as far as its incarnation goes: also one that refutes
 * the highest plausible accusation. `known` is the incarnation that we know, 0 if we know none.
 */
export function plausibleAlive(incarnation: number, known: number): boolean {
  return incarnation < incarnationHalf + incarnationMargin || isSmallStep(incarnation, known);
}

function isSmallStep(incarnation: number, known: number): boolean {
  return known >= incarnationHalf && incarnation <= known + incarnationStepMax && incarnation < 0xffff_ffff;
}

/** Returns why `name` cannot be the name of a node, or `undefined` if it can. */
export function nameFault(name: string): string | undefined {
  if (name === "") return "the name is empty";
  if (/\p{Cc}/u.test(name)) return "the name has a control character";
  if (name.length > SwimLimits.name || utf8Length(name) > SwimLimits.name) {
    return `the name is longer than ${SwimLimits.name} bytes`;
  }
  return undefined;
}

/** Returns why nothing can be sent to these address bytes, or `undefined` if it can. */
export function addressFault(address: Uint8Array): string | undefined {
  if (address.length !== 4 && address.length !== 16) {
    return `the address has ${address.length} bytes instead of 4 or 16`;
  }
  const bytes = unmapped(address);
  if (bytes.every((byte) => byte === 0)) return "the address is unspecified";
  if (bytes[0]! >= (bytes.length === 4 ? 224 : 255)) return "the address is multicast or reserved";
  return undefined;
}

/** Returns why announced versions cannot be right, in memberlist's words, or `undefined`. */
export function versionsFault([min = 0, max = 0, current]: Uint8Array): string | undefined {
  if (current === undefined || (min > 0 && max > 0 && min <= max)) return undefined;
  return `protocol version(s) are wrong: ${min} <= ${current} <= ${max} should be >0`;
}

/** Returns why an alive message cannot describe a member, or `undefined` if it can. */
export function aliveFault(alive: Alive): string | undefined {
  const fault = nameFault(alive.node) ?? addressFault(alive.address);
  if (fault !== undefined) return fault;
  if (alive.port === 0) return "the port is 0";
  if ((alive.meta?.length ?? 0) > SwimLimits.meta)
    return `the metadata is longer than ${SwimLimits.meta} bytes`;
  return undefined;
}

/** Returns whether members may have this address. */
export function isAllowed({ allowedBlocks }: SwimConfig, address: Uint8Array): boolean {
  return allowedBlocks.length === 0 || inBlocks(allowedBlocks, address);
}
