import { describe, expect, it } from "vitest";
import { decodeFilters, encodeFilters } from "../../../../src/core/serf/queries/filters.ts";
import {
  decodeConflictResponse,
  encodeConflictResponse,
} from "../../../../src/core/serf/wire/conflict_messages.ts";
import {
  encodeQuery,
  encodeQueryResponse,
  encodeRelay,
  encodeUserEvent,
} from "../../../../src/core/serf/wire/encoding.ts";
import {
  decodeKeyRequest,
  decodeKeyResponse,
  encodeKeyRequest,
  encodeKeyResponse,
} from "../../../../src/core/serf/wire/key_messages.ts";
import { decodeMessage, type SerfMessage } from "../../../../src/core/serf/wire/messages.ts";
import { text } from "../nodes.ts";

const hex = (value: string): Uint8Array => Uint8Array.from(Buffer.from(value, "hex"));
const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** Bytes that the Go encoders of Serf 0.9.4 write and those of 0.10.2 accept. */
const golden: [string, Uint8Array, SerfMessage][] = [
  ["0384a24343c3a54c54696d6503a44e616d65a66465706c6f79a75061796c6f6164a27631", text("v1"), true],
  ["0384a24343c2a54c54696d6503a44e616d65a66465706c6f79a75061796c6f6164a0", new Uint8Array(), false],
  [
    `0384a24343c2a54c54696d6503a44e616d65a66465706c6f79a75061796c6f6164da0028${"78".repeat(40)}`,
    text("x".repeat(40)),
    false,
  ],
].map(([bytes, payload, coalesce]) => {
  const event = {
    type: "userEvent",
    lamportTime: 3n,
    name: "deploy",
    payload: payload as Uint8Array,
    coalesce: coalesce as boolean,
  } as const;
  return [bytes as string, encodeUserEvent(event), event];
});

const query = {
  type: "query",
  lamportTime: 5n,
  id: 0x12345678,
  address: new Uint8Array([10, 0, 0, 1]),
  port: 7946,
  sourceNode: "node-a",
  filters: encodeFilters({ nodes: ["node-a", "node-b"], tags: new Map([["role", "^web"]]) }),
  flags: 1,
  relayFactor: 2,
  timeout: 15_000_000_000n,
  name: "load",
  payload: text("hi"),
} as const;
const small = {
  ...query,
  id: 7,
  filters: [],
  flags: 0,
  relayFactor: 0,
  timeout: 3_200_000_000n,
  payload: null,
};
const response = {
  type: "queryResponse",
  lamportTime: 5n,
  id: 0x12345678,
  from: "node-b",
  flags: 0,
  payload: text("1.5"),
} as const;
const ack = { ...response, flags: 1, payload: null };
const inner = encodeQueryResponse(response);
const relay = { type: "relay", address: query.address, port: 7946, node: "node-a", inner } as const;

golden.push(
  [
    "048ba441646472a40a000001a746696c7465727392b00092a66e6f64652d61a66e6f64652d62b50182a445787072a45e776562a3546167a4726f6c65a5466c61677301a24944ce12345678a54c54696d6505a44e616d65a46c6f6164a75061796c6f6164a26869a4506f7274cd1f0aab52656c6179466163746f7202aa536f757263654e6f6465a66e6f64652d61a754696d656f7574cf000000037e11d600",
    encodeQuery(query),
    query,
  ],
  [
    "048ba441646472a40a000001a746696c74657273c0a5466c61677300a2494407a54c54696d6505a44e616d65a46c6f6164a75061796c6f6164c0a4506f7274cd1f0aab52656c6179466163746f7200aa536f757263654e6f6465a66e6f64652d61a754696d656f7574cebebc2000",
    encodeQuery(small),
    small,
  ],
  [
    "0585a5466c61677301a446726f6da66e6f64652d62a24944ce12345678a54c54696d6505a75061796c6f6164c0",
    encodeQueryResponse(ack),
    ack,
  ],
  [
    "0585a5466c61677300a446726f6da66e6f64652d62a24944ce12345678a54c54696d6505a75061796c6f6164a3312e35",
    inner,
    response,
  ],
  [
    "0982a8446573744164647283a24950a40a000001a4506f7274cd1f0aa45a6f6e65a0a8446573744e616d65a66e6f64652d610585a5466c61677300a446726f6da66e6f64652d62a24944ce12345678a54c54696d6505a75061796c6f6164a3312e35",
    encodeRelay(relay),
    relay,
  ],
);

describe("messages of events and queries", () => {
  it.each(golden)("are written as Go writes them, and read back: %s", (bytes, encoded, message) => {
    expect(toHex(encoded)).toBe(bytes);
    expect(decodeMessage(hex(bytes))).toEqual(message);
  });

  it("of queries are read in the signed form of newer Go too", () => {
    const signed = toHex(encodeQuery(small)).replace("cebebc2000", "d300000000bebc2000");
    expect(decodeMessage(hex(signed))).toEqual(small);
  });
});

describe("filters", () => {
  it("are written as Go writes them, and read back", () => {
    const [nodes, tag] = query.filters;
    expect(toHex(nodes!)).toBe("0092a66e6f64652d61a66e6f64652d62");
    expect(toHex(tag!)).toBe("0182a445787072a45e776562a3546167a4726f6c65");
    expect(decodeFilters(query.filters)).toEqual([
      { kind: "nodes", names: new Set(["node-a", "node-b"]) },
      { kind: "tag", tag: "role", expression: "^web" },
    ]);
  });

  it("that cannot be decoded match no node", () => {
    for (const bytes of ["", "00", "01", "01c1", "0290", "00ddffffffff", "0192a0"]) {
      expect(decodeFilters([hex(bytes)])[0]!.kind).toBe("bad");
    }
    expect(decodeFilters(Array.from({ length: 257 }, () => hex("0090")))).toHaveLength(1);
  });
});

describe("key messages", () => {
  const key = Uint8Array.from({ length: 16 }, (_, index) => index);
  const base64 = "AAECAwQFBgcICQoLDA0ODw==";

  it.each([
    ["0781a34b6579b0000102030405060708090a0b0c0d0e0f", key],
    ["0781a34b6579a0", new Uint8Array()],
  ])("request as Go encodes it: %s", (bytes, raw) => {
    expect(toHex(encodeKeyRequest(raw))).toBe(bytes);
    expect(decodeKeyRequest(hex(bytes))).toEqual(raw);
  });

  it.each([
    [
      "0884a44b657973c0a74d657373616765a0aa5072696d6172794b6579a0a6526573756c74c3",
      { result: true, message: "", keys: null, primaryKey: "" },
    ],
    [
      "0884a44b657973c0a74d657373616765da0023726571756573746564206b6579206973206e6f7420696e20746865206b657972696e67aa5072696d6172794b6579a0a6526573756c74c2",
      { result: false, message: "requested key is not in the keyring", keys: null, primaryKey: "" },
    ],
    [
      "0884a44b65797391b841414543417751464267634943516f4c4441304f44773d3da74d657373616765a0aa5072696d6172794b6579b841414543417751464267634943516f4c4441304f44773d3da6526573756c74c3",
      { result: true, message: "", keys: [base64], primaryKey: base64 },
    ],
  ])("response as Go encodes it: %s", (bytes, keyResponse) => {
    expect(toHex(encodeKeyResponse(keyResponse))).toBe(bytes);
    expect(decodeKeyResponse(hex(bytes))).toEqual(keyResponse);
  });
});

describe("votes about a name", () => {
  it("are written as Go writes them, and read back", () => {
    const bytes =
      "068ba441646472a40a000001ab44656c656761746543757204ab44656c65676174654d617805ab44656c65676174654d696e02a44e616d65a66e6f64652d61a4506f7274cd1f0aab50726f746f636f6c43757202ab50726f746f636f6c4d617805ab50726f746f636f6c4d696e01a653746174757301a45461677381a4726f6c65a3776562";
    const member = {
      name: "node-a",
      address: "10.0.0.1",
      port: 7946,
      tags: { role: "web" },
      status: "alive",
      protocol: { min: 2, max: 5, current: 4 },
      memberlist: { min: 1, max: 5, current: 2 },
    } as const;
    expect(toHex(encodeConflictResponse(member))).toBe(bytes);
    expect(decodeConflictResponse(hex(bytes))).toEqual({
      name: "node-a",
      address: new Uint8Array([10, 0, 0, 1]),
      port: 7946,
    });
  });

  it("about an unknown name are nil, which is read as no address", () => {
    expect(toHex(encodeConflictResponse(undefined))).toBe("06c0");
    expect(decodeConflictResponse(hex("06c0"))).toEqual({ name: "", address: new Uint8Array(), port: 0 });
  });
});
