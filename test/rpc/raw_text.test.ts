/** Requests of clients with an old MessagePack, as Serf 0.9.4 and 0.10.2 take them. */

import { describe, expect, test } from "vitest";
import { RpcCodec } from "../../src/rpc/codec.ts";
import { Session } from "../../src/rpc/server/session.ts";
import { bytesOfHex } from "./hex.ts";
import { written } from "./player.ts";

const codec = new RpcCodec();

/** An event "x" whose payload is encoded as given. */
const event = (payload: string): string => `82a44e616d65a178a75061796c6f6164${payload}`;

/** What a session makes of a request whose body is given. */
function received(command: string, body: string | Uint8Array) {
  const machine = new Session({ client: "c", token: "", codec });
  machine.receive(codec.encode({ Command: "handshake", Seq: 0 }, { Version: 1 }));
  written(machine);
  machine.receive(codec.encode({ Command: command, Seq: 1 }));
  machine.receive(typeof body === "string" ? bytesOfHex(body) : body);
  return { machine, effects: machine.drain() };
}

describe("payloads arrive byte for byte", () => {
  const many = "80".repeat(300);
  test.each([
    ["raw that is not UTF-8", "a2fffe", "fffe"],
    ["raw with a byte order mark", "a4efbbbf41", "efbbbf41"],
    ["raw of 300 bytes", `da012c${many}`, many],
    ["raw of str32", `db0000012c${many}`, many],
    ["raw that is UTF-8", "a2c3a4", "c3a4"],
    ["bin", "c402fffe", "fffe"],
    ["a list of integers, nil for zero", "9301c0cc80", "010080"],
    ["a map of integers", "8201020304", "01020304"],
    ["an empty map", "80", ""],
  ])("from %s", (_what, payload, wanted) => {
    const { effects } = received("event", event(payload));
    expect(effects).toEqual([
      {
        kind: "perform",
        request: { command: "event", name: "x", payload: bytesOfHex(wanted), coalesce: false },
      },
    ]);
  });
});

test("a map where a list belongs is its keys and values in turn", () => {
  expect(
    received("tags", codec.encode({ Tags: { c: "3" }, DeleteTags: { a: "1", b: null } })).effects,
  ).toEqual([
    {
      kind: "perform",
      request: { command: "tags", set: new Map([["c", "3"]]), remove: ["a", "1", "b", ""] },
    },
  ]);
  expect(received("join", codec.encode({ Existing: { a: "b" } })).effects).toEqual([
    { kind: "perform", request: { command: "join", addresses: ["a", "b"], replay: false } },
  ]);
});

test.each([
  ["a list where a map belongs", "tags", codec.encode({ Tags: ["a", "1"] })],
  ["a map of other things than text", "tags", codec.encode({ DeleteTags: { a: 5 } })],
  ["a map of other things than bytes", "event", codec.encode({ Payload: { a: 2 } })],
])("%s closes the connection, as in Serf", (_what, command, body) => {
  expect(received(command, body).machine.closing).toBe(true);
});

test.each([
  ["an event's name", "event", "81a44e616d65a2fffe"],
  ["a tag", "tags", "81a45461677381a2fffea131"],
  ["an address, where a body follows the error", "join", "81a84578697374696e6791a2fffe", null],
])("%s that is not UTF-8 is refused, and the client may go on", (_what, command, body, ...rest) => {
  const { machine, effects } = received(command, body);
  expect(effects).toEqual([]);
  expect(written(machine)).toEqual([
    new Map<string, unknown>([
      ["Error", 'text is not valid UTF-8: "\\xff\\xfe"'],
      ["Seq", 1],
    ]),
    ...rest,
  ]);
  machine.receive(codec.encode({ Command: "members", Seq: 2 }));
  expect(machine.drain()).toHaveLength(1);
});
