/**
 * What both ends of the RPC protocol agree on: commands and their bodies, headers, error texts and limits. Field names are those of the wire.
 */

import type { Encodable } from "./codec.ts";
import { integer } from "./codec.ts";
import { bytes, exactText, flag, octet, record, signed, textList, textMap, unsigned } from "./fields.ts";
import type { ObjectLimits } from "./scanner.ts";

/** The only version of the protocol. */
export const rpcVersion = 1n;

/** Address of an agent's RPC interface when nothing else is configured. */
export const defaultRpcAddress = "127.0.0.1:7373";

/** Limits of a request, once the client may send commands. */
export const requestLimits: ObjectLimits = { sizeMax: 16 << 20, valuesMax: 1 << 20, reals: false };

/** Limits of a request before that. */
export const greetingLimits: ObjectLimits = { sizeMax: 16 << 10, valuesMax: 1 << 10, reals: false };

/** Limits of what an agent sends: a list of all members is the largest. */
export const responseLimits: ObjectLimits = { sizeMax: 256 << 20, valuesMax: 1 << 24, reals: true };

/** Error texts of the protocol itself. */
export const rpcErrors = {
  handshakeRequired: "Handshake required",
  handshakeRepeated: "Handshake already performed",
  unsupportedVersion: "Unsupported IPC version",
  unsupportedCommand: "Unsupported command",
  authRequired: "Authentication required",
  authInvalid: "Invalid authentication token",
  filterInvalid: "Invalid event filter",
  streamExists: "Stream with given sequence exists",
  monitorExists: "Monitor already exists",
  noPendingQuery: "No pending queries matching ID",
} as const;

/** Errors behind which no body follows, whatever the command. */
export const bodilessErrors: ReadonlySet<string> = new Set([
  rpcErrors.handshakeRequired,
  rpcErrors.authRequired,
  rpcErrors.unsupportedCommand,
]);

/** Which members to list. Patterns are RE2 expressions, anchored as `^PATTERN$`; an empty one is no filter. */
export interface MemberFilter {
  readonly tags: ReadonlyMap<string, string>;
  readonly status: string;
  readonly name: string;
}

/** Whether a filter lets all members pass. */
export function passesAll({ tags, status, name }: MemberFilter): boolean {
  return tags.size === 0 && status === "" && name === "";
}

/**
 * A query to ask. `payload` is `null` if the wire has nil, which `_serf_ping` does not take for an
 * empty one.
 */
export interface QueryRequest {
  readonly nodes: readonly string[];
  readonly tags: ReadonlyMap<string, string>;
  readonly ack: boolean;
  /** 0 to 255. */
  readonly relayFactor: number;
  /** Nanoseconds; 0 for the agent's default. */
  readonly timeout: bigint;
  readonly name: string;
  readonly payload: Uint8Array | null;
}

/** A request with its body. */
export type RpcRequest =
  | { readonly command: "handshake"; readonly version: bigint }
  | { readonly command: "auth"; readonly token: string }
  | { readonly command: "join"; readonly addresses: readonly string[]; readonly replay: boolean }
  | { readonly command: "members" }
  | ({ readonly command: "members-filtered" } & MemberFilter)
  | {
      readonly command: "tags";
      readonly set: ReadonlyMap<string, string>;
      readonly remove: readonly string[];
    }
  | { readonly command: "stream"; readonly filter: string }
  | { readonly command: "monitor"; readonly level: string }
  | { readonly command: "stop"; readonly sequence: bigint }
  | { readonly command: "force-leave"; readonly node: string; readonly prune: boolean }
  | { readonly command: "leave" }
  | { readonly command: "stats" }
  | {
      readonly command: "event";
      readonly name: string;
      readonly payload: Uint8Array | null;
      readonly coalesce: boolean;
    }
  | ({ readonly command: "query" } & QueryRequest)
  | { readonly command: "respond"; readonly id: bigint; readonly payload: Uint8Array | null }
  | { readonly command: "install-key" | "use-key" | "remove-key"; readonly key: string }
  | { readonly command: "list-keys" }
  | { readonly command: "get-coordinate"; readonly node: string };

/** Names of the commands. */
export type RpcCommand = RpcRequest["command"];

/** How a command's body is read. `order` is the declared order of its fields, for records sent as arrays. */
interface BodyShape {
  readonly order: readonly string[];
  read(fields: ReadonlyMap<string, unknown>): RpcRequest;
}

const bodies: { readonly [Name in RpcCommand]: BodyShape | RpcRequest } = {
  handshake: {
    order: ["Version"],
    read: (f) => ({ command: "handshake", version: signed(f.get("Version")) }),
  },
  auth: { order: ["AuthKey"], read: (f) => ({ command: "auth", token: exactText(f.get("AuthKey")) }) },
  join: {
    order: ["Existing", "Replay"],
    read: (f) => ({
      command: "join",
      addresses: textList(f.get("Existing"), exactText),
      replay: flag(f.get("Replay")),
    }),
  },
  members: { command: "members" },
  "members-filtered": {
    order: ["Tags", "Status", "Name"],
    read: (f) => ({
      command: "members-filtered",
      tags: textMap(f.get("Tags"), exactText),
      status: exactText(f.get("Status")),
      name: exactText(f.get("Name")),
    }),
  },
  tags: {
    order: ["Tags", "DeleteTags"],
    read: (f) => ({
      command: "tags",
      set: textMap(f.get("Tags"), exactText),
      remove: textList(f.get("DeleteTags"), exactText),
    }),
  },
  stream: { order: ["Type"], read: (f) => ({ command: "stream", filter: exactText(f.get("Type")) }) },
  monitor: {
    order: ["LogLevel"],
    read: (f) => ({ command: "monitor", level: exactText(f.get("LogLevel")) }),
  },
  stop: { order: ["Stop"], read: (f) => ({ command: "stop", sequence: unsigned(f.get("Stop")) }) },
  "force-leave": {
    order: ["Node", "Prune"],
    read: (f) => ({ command: "force-leave", node: exactText(f.get("Node")), prune: flag(f.get("Prune")) }),
  },
  leave: { command: "leave" },
  stats: { command: "stats" },
  event: {
    order: ["Name", "Payload", "Coalesce"],
    read: (f) => ({
      command: "event",
      name: exactText(f.get("Name")),
      payload: bytes(f.get("Payload")),
      coalesce: flag(f.get("Coalesce")),
    }),
  },
  query: {
    order: ["FilterNodes", "FilterTags", "RequestAck", "RelayFactor", "Timeout", "Name", "Payload"],
    read: (f) => ({
      command: "query",
      nodes: textList(f.get("FilterNodes"), exactText),
      tags: textMap(f.get("FilterTags"), exactText),
      ack: flag(f.get("RequestAck")),
      relayFactor: octet(f.get("RelayFactor")),
      timeout: signed(f.get("Timeout")),
      name: exactText(f.get("Name")),
      payload: bytes(f.get("Payload")),
    }),
  },
  respond: {
    order: ["ID", "Payload"],
    read: (f) => ({ command: "respond", id: unsigned(f.get("ID")), payload: bytes(f.get("Payload")) }),
  },
  "install-key": keyBody("install-key"),
  "use-key": keyBody("use-key"),
  "remove-key": keyBody("remove-key"),
  "list-keys": { command: "list-keys" },
  "get-coordinate": {
    order: ["Node"],
    read: (f) => ({ command: "get-coordinate", node: exactText(f.get("Node")) }),
  },
};

function keyBody(command: "install-key" | "use-key" | "remove-key"): BodyShape {
  return { order: ["Key"], read: (f) => ({ command, key: exactText(f.get("Key")) }) };
}

/** Whether a name is one of the commands. */
export function isCommand(name: string): name is RpcCommand {
  return Object.hasOwn(bodies, name);
}

/** The whole request if the command has no body; `undefined` if a body has to be read. */
export function bodiless(command: RpcCommand): RpcRequest | undefined {
  const shape = bodies[command];
  return "read" in shape ? undefined : shape;
}

/** Reads a command's body. Throws RpcWireError. */
export function readBody(command: RpcCommand, body: unknown): RpcRequest {
  const shape = bodies[command];
  return "read" in shape ? shape.read(record(body, shape.order)) : shape;
}

/** Commands with a body whose answers have a body, also when they are refused. */
export const answeredWithBody: ReadonlySet<RpcCommand> = new Set<RpcCommand>([
  "join",
  "members-filtered",
  "install-key",
  "use-key",
  "remove-key",
  "get-coordinate",
]);

/** Order of the header's fields in a request sent as an array. */
export const requestOrder: readonly string[] = ["Command", "Seq"];

/** Order of the header's fields in an answer sent as an array. */
export const responseOrder: readonly string[] = ["Seq", "Error"];

/** The header of an answer or of a record. */
export function responseHeader(sequence: bigint, error: string): Encodable {
  return { Error: error, Seq: integer(sequence) };
}
