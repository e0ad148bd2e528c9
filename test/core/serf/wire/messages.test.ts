import { describe, expect, it } from "vitest";
import { freshCoordinate } from "../../../../src/core/coordinate/coordinate.ts";
import { finish } from "../../../../src/core/jobs.ts";
import { decodeMessage, encodeIntent, type SerfMessage } from "../../../../src/core/serf/wire/messages.ts";
import { decodeCoordinate, encodeCoordinate } from "../../../../src/core/serf/wire/ping_payload.ts";
import { decodePushPull, encodePushPull } from "../../../../src/core/serf/wire/push_pull.ts";
import { decodeTags, encodeTags } from "../../../../src/core/serf/wire/tags.ts";
import { MsgpackWriter } from "../../../../src/core/wire/msgpack.ts";

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "hex"));
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

/**
 * Bytes that the Go encoders of Serf 0.9.4 and 0.10.2 write; where they differ, both are listed.
 */
const golden: [string, SerfMessage][] = [
  [
    "0083a54c54696d650aa44e6f6465a66e6f64652d61a55072756e65c2",
    { type: "leave", lamportTime: 10n, node: "node-a", prune: false },
  ],
  [
    "0083a54c54696d65cd012ca44e6f6465a66e6f64652d61a55072756e65c3",
    { type: "leave", lamportTime: 300n, node: "node-a", prune: true },
  ],
  ["0182a54c54696d65ccc8a44e6f6465a66e6f64652d61", { type: "join", lamportTime: 200n, node: "node-a" }],
  [
    "0182a54c54696d65ce00011170a44e6f6465a66e6f64652d61",
    { type: "join", lamportTime: 70000n, node: "node-a" },
  ],
  [
    "0182a54c54696d65cf000000012a05f200a44e6f6465a66e6f64652d61",
    { type: "join", lamportTime: 5_000_000_000n, node: "node-a" },
  ],
  [
    "0384a24343c3a54c54696d6503a44e616d65a66465706c6f79a75061796c6f6164a27631",
    { type: "userEvent", lamportTime: 3n, name: "deploy", payload: text("v1"), coalesce: true },
  ],
  [
    "0384a24343c2a54c54696d6503a44e616d65a66465706c6f79a75061796c6f6164c0",
    { type: "userEvent", lamportTime: 3n, name: "deploy", payload: null, coalesce: false },
  ],
  [
    `0384a24343c2a54c54696d6503a44e616d65a66465706c6f79a75061796c6f6164da0028${"78".repeat(40)}`,
    { type: "userEvent", lamportTime: 3n, name: "deploy", payload: text("x".repeat(40)), coalesce: false },
  ],
  [
    "0585a5466c61677301a446726f6da66e6f64652d62a24944ce12345678a54c54696d6505a75061796c6f6164c0",
    { type: "queryResponse", lamportTime: 5n, id: 0x12345678, from: "node-b", flags: 1, payload: null },
  ],
  ...["cf000000037e11d600", "d3000000037e11d600"].map((timeout): [string, SerfMessage] => [
    `048ba441646472a40a000001a746696c7465727392b00092a66e6f64652d61a66e6f64652d62b50182a445787072a45e776562a3546167a4726f6c65a5466c61677301a24944ce12345678a54c54696d6505a44e616d65a46c6f6164a75061796c6f6164a26869a4506f7274cd1f0aab52656c6179466163746f7202aa536f757263654e6f6465a66e6f64652d61a754696d656f7574${timeout}`,
    {
      type: "query",
      lamportTime: 5n,
      id: 0x12345678,
      address: new Uint8Array([10, 0, 0, 1]),
      port: 7946,
      sourceNode: "node-a",
      filters: [hex("0092a66e6f64652d61a66e6f64652d62"), hex("0182a445787072a45e776562a3546167a4726f6c65")],
      flags: 1,
      relayFactor: 2,
      timeout: 15_000_000_000n,
      name: "load",
      payload: text("hi"),
    },
  ]),
  ...["cd1f0a", "d11f0a"].map((port): [string, SerfMessage] => [
    `0982a8446573744164647283a24950a40a000001a4506f7274${port}a45a6f6e65a0a8446573744e616d65a66e6f64652d610585a5466c61677300`,
    {
      type: "relay",
      address: new Uint8Array([10, 0, 0, 1]),
      port: 7946,
      node: "node-a",
      inner: hex("0585a5466c61677300"),
    },
  ]),
];

describe("serf messages", () => {
  it.each(golden)("decodes %s", (encoded, message) => {
    expect(decodeMessage(hex(encoded))).toEqual(message);
  });

  it("encodes intents to the bytes that Go emits", () => {
    for (const [encoded, message] of golden) {
      if (message.type === "leave" || message.type === "join") {
        expect(Buffer.from(encodeIntent(message)).toString("hex")).toBe(encoded);
      }
    }
  });

  it("refuses every message that is cut short", () => {
    for (const [encoded, message] of golden) {
      const bytes = hex(encoded);
      const end = message.type === "relay" ? bytes.length - message.inner.length : bytes.length;
      for (let length = 1; length < end; length++) {
        expect(() => decodeMessage(bytes.subarray(0, length))).toThrow("cut short");
      }
    }
  });

  it("accepts a struct as a list in declaration order, skips unknown keys, and uses the last duplicate", () => {
    expect(decodeMessage(hex("0192cd012ca161"))).toEqual({ type: "join", lamportTime: 300n, node: "a" });
    expect(decodeMessage(hex("0183a54c54696d6501a15881a17893c2c3c0a44e6f6465a162"))).toEqual({
      type: "join",
      lamportTime: 1n,
      node: "b",
    });
    expect(decodeMessage(hex("0182a44e6f6465a161a44e6f6465a162"))).toEqual({
      type: "join",
      lamportTime: 0n,
      node: "b",
    });
    expect(decodeMessage(hex("01c0"))).toEqual({ type: "join", lamportTime: 0n, node: "" });
  });

  it("rejects negative times, text that is not UTF-8, lengths beyond the message, and deep nesting", () => {
    expect(() => decodeMessage(hex("0181a54c54696d65ff"))).toThrow("negative");
    expect(() => decodeMessage(hex("0181a44e6f6465a1ff"))).toThrow("UTF-8");
    expect(() => decodeMessage(hex("01dfffffffff"))).toThrow("cut short");
    expect(() => decodeMessage(hex(`0181a158${"91".repeat(40)}c0`))).toThrow("nested");
  });

  it("does not mistake a key for a property of JavaScript objects", () => {
    expect(decodeMessage(hex("0181ab636f6e7374727563746f7201"))).toMatchObject({ type: "join", node: "" });
  });

  it("reads push/pull state with and without empty slots, and writes only used slots", () => {
    const encoded =
      "0286aa4576656e744c54696d6504a64576656e747394c0c0c082a64576656e74739182a44e616d65a66465706c6f79a75061796c6f6164a27631a54c54696d6503a54c54696d6506ab4c6566744d656d6265727390aa51756572794c54696d6502ac5374617475734c54696d657381a66e6f64652d6104";
    const state = finish(decodePushPull(hex(encoded)));
    expect(state).toEqual({
      lamportTime: 6n,
      statusTimes: new Map([["node-a", 4n]]),
      leftMembers: [],
      eventTime: 4n,
      events: [{ lamportTime: 3n, events: [{ name: "deploy", payload: text("v1") }] }],
      queryTime: 2n,
    });
    expect(Buffer.from(finish(encodePushPull(state))).toString("hex")).toBe(
      encoded.replace("94c0c0c082", "9182"),
    );
  });
});

describe("tags", () => {
  it("are the bytes that Go writes", () => {
    expect(Buffer.from(encodeTags({ role: "web" }, 5)).toString("hex")).toBe("ff81a4726f6c65a3776562");
    expect(Buffer.from(encodeTags({}, 5)).toString("hex")).toBe("ff80");
    expect(Buffer.from(encodeTags({ role: "web", dc: "x" }, 2)).toString()).toBe("web");
  });

  it("are read back, whatever their names", () => {
    const tags = JSON.parse('{"__proto__": "a", "constructor": "b", "": "c"}') as Record<string, string>;
    expect(Object.entries(decodeTags(encodeTags(tags, 5))).sort()).toEqual(Object.entries(tags).sort());
  });

  it("without the magic byte are a role, even if empty", () => {
    expect({ ...decodeTags(null) }).toEqual({ role: "" });
    expect({ ...decodeTags(text("db")) }).toEqual({ role: "db" });
    expect({ ...decodeTags(hex("ffc0")) }).toEqual({});
  });

  it("have at most 512 bytes, including the magic byte", () => {
    const room = 512 - 1 - 1 - 2 - 3;
    expect(encodeTags({ a: "x".repeat(room) }, 5)).toHaveLength(512);
    expect(() => encodeTags({ a: "x".repeat(room + 1) }, 5)).toThrow(
      "Encoded length of tags exceeds limit of 512 bytes",
    );
  });
});

describe("coordinates on acks", () => {
  it("are the bytes that Go writes for a fresh node", () => {
    const fresh = `0184aa41646a7573746d656e74cb0000000000000000a54572726f72cb3ff8000000000000a6486569676874cb3ee4f8b588e368f1a356656398${"cb0000000000000000".repeat(8)}`;
    expect(Buffer.from(encodeCoordinate(freshCoordinate())).toString("hex")).toBe(fresh);
    expect(decodeCoordinate(hex(fresh))).toEqual(freshCoordinate());
  });

  it("has eleven numbers, each in its place, whatever the order of the fields", () => {
    const coordinate = {
      vec: [1.5, -2e-9, 3, 4, Math.PI, 6, -0, 8e20],
      error: 0.25,
      adjustment: -0.125,
      height: 1e-5,
    };
    const bytes = encodeCoordinate(coordinate);
    expect(decodeCoordinate(bytes)).toEqual(coordinate);
    const swapped = new MsgpackWriter(1).map(4).string("Vec").array(8);
    for (const component of coordinate.vec) swapped.float(component);
    swapped.string("Height").float(coordinate.height).string("Error").float(coordinate.error);
    swapped.string("Adjustment").float(coordinate.adjustment);
    expect(decodeCoordinate(swapped.finish())).toEqual(coordinate);
    expect(swapped.finish().length).toBe(bytes.length);
  });

  it("may contain integers, but not thousands of dimensions", () => {
    expect(decodeCoordinate(hex("0181a356656392010c"))).toMatchObject({ vec: [1, 12] });
    expect(() => decodeCoordinate(hex(`0181a3566563dc00ff${"00".repeat(255)}`))).toThrow("255 dimensions");
  });
});
