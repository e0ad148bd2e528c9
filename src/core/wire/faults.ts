/**
 * Describes the fault codes of the WebAssembly module in the words of memberlist's log lines.
 */

import { DropCode, FaultCode, MessageType } from "./abi.ts";

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

/** Describes why an object cannot be decoded. `code` is one of the first four fault codes. */
export function describeFailure(code: number): string {
  return reasons[code] ?? `code ${code}`;
}

/**
 * Describes why a part of a packet was dropped. `detail` is a message type, or a count for `cut`.
 */
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
      return "failed to decompress payload: lzw: invalid code";
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

/** Describes why a whole packet was dropped. `code` is a negative result of `open`. */
export function describeDrop(code: number): string {
  switch (code) {
    case DropCode.empty:
      return "packet is empty";
    case DropCode.labelMalformed:
      return "label header is malformed";
    case DropCode.labelWrong:
      return "label is not the configured one";
    case DropCode.undecryptable:
      return "no installed keys could decrypt the message";
    case DropCode.checksumWrong:
      return "got invalid checksum for UDP packet";
    default:
      return `code ${code}`;
  }
}
