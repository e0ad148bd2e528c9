import { describe, expect, test } from "vitest";
import { concatenate } from "../../../src/rpc/bytes.ts";
import type { Encodable } from "../../../src/rpc/codec.ts";
import { RpcCodec } from "../../../src/rpc/codec.ts";
import { EventRecord } from "../../../src/rpc/records.ts";
import { coordinateRecord, keyRecord, readCoordinate, readKeyReport } from "../../../src/rpc/results.ts";
import type { AskedQuery } from "../../../src/rpc/server/client_queries.ts";
import { answerableQueriesMax, runningQueriesMax } from "../../../src/rpc/server/client_queries.ts";
import { Session } from "../../../src/rpc/server/session.ts";
import { LineRecord } from "../../../src/rpc/server/subscriptions.ts";
import type { RecordedConnection } from "../golden.ts";
import { readRecording, recordings } from "../golden.ts";
import { bytesOfHex, hexOf } from "../hex.ts";
import { Player, written } from "../player.ts";

const codec = new RpcCodec();

function session(token = ""): Session {
  return new Session({ client: "127.0.0.1:5000", token, codec });
}

/** Replays what the client sent, responds as the agent did, and returns what the session wrote. */
function replay(
  recorded: RecordedConnection,
  token: string,
  cut: (bytes: Uint8Array) => Uint8Array[],
): Player {
  const player = new Player(session(token), recorded);
  for (const piece of recorded.sent.flatMap(cut)) player.play(piece);
  return player;
}

/** An empty payload counts as none, as in Serf 0.9; the recorded agent distinguishes the two. */
function withoutEmptyPayload(object: Map<string, unknown>): Map<string, unknown> {
  const payload = object.get("Payload");
  const empty = payload instanceof Uint8Array && payload.length === 0;
  return empty ? new Map(object).set("Payload", null) : object;
}

describe("a session responds like the recorded agent", () => {
  const cuts = {
    "object by object": (bytes: Uint8Array) => [bytes],
    "byte by byte": (bytes: Uint8Array) => Array.from(bytes, (byte) => Uint8Array.of(byte)),
  };
  test.each(recordings())("%s", (name) => {
    for (const cut of Object.values(cuts)) {
      for (const recorded of readRecording(name)) {
        const { machine, actual, expected } = replay(recorded, name.includes("auth") ? "s3cret" : "", cut);
        expect(actual).toEqual(
          name === "raw-empty-payload-stream" ? expected.map(withoutEmptyPayload) : expected,
        );
        expect(machine.closing).toBe(recorded.closedByAgent);
      }
    }
  });

  test("even if everything arrives at once", () => {
    for (const recorded of readRecording("raw-stream-filters")) {
      const { actual, expected } = replay(
        { ...recorded, sent: [concatenate(recorded.sent)] },
        "",
        (bytes) => [bytes],
      );
      expect(actual).toEqual(expected);
    }
  });
});

const handshakeHex = "82a7436f6d6d616e64a968616e647368616b65a353657100 81a756657273696f6e01";

function open(): Session {
  const machine = session();
  machine.receive(bytesOfHex(handshakeHex.replaceAll(" ", "")));
  written(machine);
  return machine;
}

function request(sequence: number, command: string, body?: Encodable): Uint8Array {
  const header = { Command: command, Seq: sequence };
  return body === undefined ? codec.encode(header) : codec.encode(header, body);
}

const eventRecord = new EventRecord(
  { type: "user", lamportTime: 7n, name: "deploy", payload: Uint8Array.of(118), coalesce: false },
  codec,
);

test("headers are written byte for byte like Serf's", () => {
  const machine = session();
  machine.receive(bytesOfHex(handshakeHex.replaceAll(" ", "")));
  expect(hexOf(machine.take()!)).toBe("82a54572726f72a0a353657100");
});

test.each([
  ["cli-get-coordinate", 2],
  ["cli-get-coordinate-missing", 1],
])("coordinates are written byte for byte like Serf's: %s", (name, count) => {
  const { received } = readRecording(name)[0]!;
  const bodies = received.filter((bytes) => (codec.decode(bytes) as Map<string, unknown>).has("Coord"));
  expect(bodies).toHaveLength(count);
  for (const body of bodies) {
    expect(hexOf(coordinateRecord(readCoordinate(codec.decode(body))).bytes)).toBe(hexOf(body));
  }
});

test.each([
  "cli-install-key",
  "cli-install-key-bad-base64",
  "cli-list-keys",
  "cli-use-key-missing",
])("key results are written byte for byte like Serf's: %s", (name) => {
  const body = readRecording(name)[0]!.received.at(-1)!;
  const report = readKeyReport(codec.decode(body));
  expect(hexOf(codec.encode(keyRecord(report, name === "cli-list-keys")))).toBe(hexOf(body));
});

const queryRecord = new EventRecord(
  {
    type: "query",
    lamportTime: 9n,
    name: "load",
    payload: new Uint8Array(0),
    source: "node-b",
    deadline: 1000,
    respond: () => undefined,
  },
  codec,
);

test("a query has its own id on every stream that delivers it, and filters match its name", () => {
  const machine = open();
  machine.receive(request(1, "stream", { Type: "query" }));
  machine.receive(request(2, "stream", { Type: "query:load" }));
  machine.receive(request(3, "stream", { Type: "query:other,user" }));
  written(machine);
  machine.event(0, queryRecord);
  machine.event(0, queryRecord);
  const numbers = written(machine).flatMap((object) => (object.has("ID") ? [object.get("ID")] : []));
  expect(numbers).toEqual([1, 2, 3, 4]);
});

test("delivered queries can be answered until their deadline, and a bounded number is kept", () => {
  const machine = open();
  machine.receive(request(1, "stream", { Type: "query" }));
  for (let count = 0; count <= answerableQueriesMax; count++) {
    machine.event(0, queryRecord);
    written(machine);
  }
  const respond = (now: number, id: number): unknown => {
    machine.receive(request(2, "respond", { ID: id, Payload: null }));
    expect(machine.drain()).toMatchObject([{ kind: "perform", request: { id: BigInt(id), payload: null } }]);
    machine.settleResponse(now, BigInt(id), null);
    return written(machine)[0]!.get("Error");
  };
  expect(respond(1000, 1)).toBe("No pending queries matching ID");
  expect(respond(1000, 2)).toBe("");
  expect(respond(1001, 3)).toBe("No pending queries matching ID");
});

test("one client can run a bounded number of queries at a time", () => {
  const machine = open();
  const asked: AskedQuery[] = [];
  for (let sequence = 1; sequence <= runningQueriesMax; sequence++) {
    machine.receive(request(sequence, "query", { Name: "load" }));
    expect(machine.drain()).toHaveLength(1);
    asked.push(machine.settleQuery());
  }
  written(machine);
  machine.receive(request(1000, "query", { Name: "load" }));
  expect(machine.drain()).toEqual([]);
  expect(written(machine)[0]!.get("Error")).toBe("More than 256 queries on one connection");
  machine.queryDone(asked[0]!);
  machine.queryDone(asked[0]!);
  expect(written(machine)).toHaveLength(2);
  machine.receive(request(1001, "query", { Name: "load" }));
  expect(machine.drain()).toHaveLength(1);
});

test("a request in progress delays the next one, but not events", () => {
  const machine = open();
  machine.receive(request(1, "stream", { Type: "user" }));
  machine.receive(concatenate([request(2, "leave"), request(3, "members")]));
  expect(machine.drain()).toEqual([{ kind: "perform", request: { command: "leave" } }]);
  machine.event(0, eventRecord);
  expect(written(machine).map((object) => object.get("Seq") ?? object.get("Event"))).toEqual([1, 1, "user"]);
  machine.settle("");
  expect(written(machine)).toEqual([
    new Map<string, unknown>([
      ["Error", ""],
      ["Seq", 2],
    ]),
  ]);
  expect(machine.drain()).toEqual([{ kind: "perform", request: { command: "members" } }]);
});

test("an event goes out once for each matching stream, until it is stopped", () => {
  const machine = open();
  machine.receive(request(1, "stream", { Type: "user:deploy" }));
  machine.receive(request(2, "stream", { Type: "user:other" }));
  machine.receive(request(3, "stream", { Type: "member-join,*" }));
  written(machine);
  machine.event(0, eventRecord);
  const record = new Map<string, unknown>([
    ["Coalesce", false],
    ["Event", "user"],
    ["LTime", 7],
    ["Name", "deploy"],
    ["Payload", Uint8Array.of(118)],
  ]);
  const header = (sequence: number) =>
    new Map<string, unknown>([
      ["Error", ""],
      ["Seq", sequence],
    ]);
  expect(written(machine)).toEqual([header(1), record, header(3), record]);
  machine.receive(request(6, "stop", { Stop: 2 }));
  machine.receive(request(4, "stop", { Stop: 1 }));
  machine.receive(request(5, "stop", { Stop: 3 }));
  written(machine);
  machine.event(0, eventRecord);
  expect(machine.take()).toBeUndefined();
  expect(machine.subscribed).toBe(false);
});

test("a stalled stream keeps its first 512 events and logs a warning once a second", () => {
  const machine = open();
  machine.receive(request(1, "stream", { Type: "" }));
  for (let count = 0; count < 2000; count++) machine.event(count < 1000 ? 0 : 1000, eventRecord);
  expect(machine.drain()).toEqual([
    { kind: "log", topic: "dropped", level: "WARN", text: "Dropping event to ipc.client: 127.0.0.1:5000" },
    { kind: "log", topic: "dropped", level: "WARN", text: "Dropping event to ipc.client: 127.0.0.1:5000" },
  ]);
  expect(written(machine)).toHaveLength(1 + 2 * 512);
  machine.event(2000, eventRecord);
  expect(written(machine)).toHaveLength(2);
});

test("a monitor requests the past lines, filters by level and can be opened once", () => {
  const machine = open();
  machine.receive(request(1, "monitor", { LogLevel: "warn" }));
  expect(machine.drain()).toEqual([{ kind: "replay" }]);
  machine.line(0, new LineRecord({ level: "INFO", text: "below" }));
  machine.line(0, new LineRecord({ level: "ERR", text: "above" }));
  machine.receive(request(2, "monitor", { LogLevel: "INFO" }));
  machine.receive(request(3, "monitor", { LogLevel: "Bogus" }));
  expect(written(machine).map((object) => object.get("Log") ?? object.get("Error"))).toEqual([
    "",
    "",
    "above",
    "Monitor already exists",
    "Unknown log level: BOGUS",
  ]);
});

test("a client without authentication may send only small objects", () => {
  const greeting = session();
  greeting.receive(request(0, "handshake"));
  greeting.receive(Uint8Array.of(0xdb, 0x00, 0x01, 0x00, 0x00));
  expect(greeting.closing).toBe(true);
  const trusted = open();
  trusted.receive(request(1, "join"));
  trusted.receive(Uint8Array.of(0xdb, 0x00, 0x01, 0x00, 0x00));
  expect(trusted.closing).toBe(false);
  trusted.receive(new Uint8Array(65_536).fill(65));
  expect(trusted.closing).toBe(true);
  expect(trusted.drain().map((effect) => effect.kind)).toEqual(["log"]);
});

test.each([
  ["a real number for an integer", request(1, "stop"), codec.encode({ Stop: 1.5 })],
  ["a whole real number for an integer", request(1, "stop"), bytesOfHex("81a453746f70cb3ff0000000000000")],
  ["a negative number for an unsigned one", request(1, "stop"), codec.encode({ Stop: -1 })],
  ["text for a list", request(1, "join"), codec.encode({ Existing: "127.0.0.1" })],
  ["a number for text", request(1, "tags"), codec.encode({ Tags: { a: 5 } })],
  ["a relay factor above 255", request(1, "query"), codec.encode({ RelayFactor: 300 })],
  ["a negative relay factor", request(1, "query"), codec.encode({ RelayFactor: -1 })],
  ["a number that is no byte in a payload", request(1, "event"), codec.encode({ Payload: [256] })],
  ["text for a number", request(1, "respond"), codec.encode({ ID: "1" })],
  ["two for a boolean", request(1, "force-leave"), codec.encode({ Prune: 2 })],
])("%s closes the connection", (_name, header, body) => {
  const machine = open();
  machine.receive(header);
  machine.receive(body);
  expect(machine.closing).toBe(true);
  expect(machine.take()).toBeUndefined();
});
