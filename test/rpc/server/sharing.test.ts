/** What the server encodes once for all clients, and writes at once for one of them. */

import { expect, test } from "vitest";
import { concatenate } from "../../../src/rpc/bytes.ts";
import { RpcCodec } from "../../../src/rpc/codec.ts";
import { batchMax } from "../../../src/rpc/server/write_queue.ts";
import { member, settle } from "../../agent/fakes.ts";
import { raw, serve } from "./serving.ts";

const codec = new RpcCodec();

test("monitors that never read hold every line once", async () => {
  const { fake, server } = await serve();
  const open = codec.encode({ Command: "monitor", Seq: 1 }, { LogLevel: "INFO" });
  for (let monitor = 0; monitor < 20; monitor++) await raw(fake, open);
  for (let count = 0; count < 100; count++) server.line({ level: "INFO", text: "x".repeat(10_000) });
  await settle();
  expect(server.queuedBytes).toBeGreaterThan(900_000);
  expect(server.queuedBytes).toBeLessThan(1_100_000);
});

test.each([
  ["members", codec.encode({ Command: "members", Seq: 1 })],
  ["members-filtered", codec.encode({ Command: "members-filtered", Seq: 1 }, { Name: "node-.*" })],
])("clients that never read their responses to %s hold the list once", async (_command, request) => {
  const { fake, server, service, client } = await serve();
  const members = [member("node-a", "127.0.0.1", { t: "x".repeat(100_000) })];
  service.members = () => members;
  await client.members();
  for (let count = 0; count < 20; count++) await raw(fake, request);
  expect(server.queuedBytes).toBeGreaterThan(100_000);
  expect(server.queuedBytes).toBeLessThan(110_000);
});

test("the responses to requests that come together are written together, but only some", async () => {
  const { fake } = await serve();
  const connection = await raw(fake);
  await connection.read();
  const requests = Array.from({ length: 40 }, (_, index) =>
    codec.encode({ Command: "members", Seq: index % 100 }),
  );
  await connection.write(concatenate(requests));
  const sizes: number[] = [];
  for (let count = 0; count < 3; count++) sizes.push((await connection.read())!.length);
  const size = sizes[2]! / (40 - 2 * batchMax);
  expect(sizes).toEqual([batchMax * size, batchMax * size, 8 * size]);
});

test("records of one turn of the event loop are written together, also if the server closes in it", async () => {
  const { fake, server, service } = await serve();
  const due: (() => void)[] = [];
  Object.assign(fake.runtime.clock, { soon: (callback: () => void) => due.push(callback) });
  const stream = codec.encode({ Command: "stream", Seq: 1 }, { Type: "user" });
  const connection = await raw(fake, stream);
  for (let reply = 0; reply < 2; reply++) await connection.read();
  const send = (name: string): void =>
    server.event({ type: "user", lamportTime: 1n, name, payload: new Uint8Array(0), coalesce: true });
  const names = async (): Promise<string[]> => {
    const text = new TextDecoder().decode((await connection.read())!);
    return text.match(/event-\d/g) ?? [];
  };
  send("event-1");
  send("event-2");
  expect(due).toHaveLength(1);
  for (const run of due.splice(0)) run();
  expect(await names()).toEqual(["event-1", "event-2"]);
  send("event-3");
  await server.close();
  expect(await names()).toEqual(["event-3"]);
  expect(service.lines.filter((line) => line.includes("ERR"))).toEqual([]);
});
