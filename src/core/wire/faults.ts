/**
 * Words for the numbers with which the module says why it dropped something. The wording follows memberlist's log lines.
 */

import { MessageType } from "./messages.ts";

/** Codes of `wasm/assembly/msgpack.ts`, `envelope.ts` and `packet.ts`. */
export const FaultCode = {
  truncated: 1,
  malformed: 2,
  outOfRange: 3,
  tooDeep: 4,
  unsupported: 5,
  lengths: 6,
  cut: 7,
  empty: 8,
  compression: 9,
  algorithm: 10,
  envelopes: 11,
  many: 12,
  large: 13,
} as const;

const bodies: Readonly<Record<number, string>> = {
  [MessageType.ping]: "ping request",
  [MessageType.indirectPing]: "indirect ping request",
  [MessageType.ack]: "ack response",
  [MessageType.nack]: "nack response",
  [MessageType.suspect]: "suspect message",
  [MessageType.alive]: "alive message",
  [MessageType.dead]: "dead message",
  [MessageType.compound]: "compound request",
  [MessageType.compress]: "compressed message",
};

const reasons: Readonly<Record<number, string>> = {
  [FaultCode.truncated]: "it ends early",
  [FaultCode.malformed]: "a value has the wrong type",
  [FaultCode.outOfRange]: "a number is out of range",
  [FaultCode.tooDeep]: "it is nested too deep",
};

/** Why an object cannot be decoded, for the failures of `msgpack.ts`. */
export function describeFailure(code: number): string {
  return reasons[code] ?? `code ${code}`;
}

/** Why a part of a packet was dropped. `detail` is a message type, or a count for `cut`. */
export function describeFault(code: number, detail: number): string {
  switch (code) {
    case FaultCode.unsupported:
      return `msg type (${detail}) not supported`;
    case FaultCode.lengths:
      return "failed to decode compound request: truncated len slice";
    case FaultCode.cut:
      return `compound request had ${detail} truncated messages`;
    case FaultCode.empty:
      return "missing message type byte";
    case FaultCode.compression:
      return "failed to decompress payload: malformed LZW";
    case FaultCode.algorithm:
      return "failed to decompress payload: unknown algorithm";
    case FaultCode.large:
      return "failed to decompress payload: too large";
    case FaultCode.envelopes:
      return "envelopes are nested too deep";
    case FaultCode.many:
      return "packet has too many messages";
    default:
      return `failed to decode ${bodies[detail] ?? "message"}: ${describeFailure(code)}`;
  }
}

/** Why a whole packet was dropped: the negative results of `open`. */
export function describeDrop(code: number): string {
  switch (code) {
    case -1:
      return "packet is empty";
    case -2:
      return "label header is malformed";
    case -3:
      return "label is not the configured one";
    case -4:
      return "no installed keys could decrypt the message";
    case -5:
      return "got invalid checksum for UDP packet";
    default:
      return `code ${code}`;
  }
}
