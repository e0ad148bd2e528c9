/**
 * The other side of RPC connections, inside its own network: `peer.ts answer HOST:PORT SCRIPT` is
 * an agent that responds as the script says, `stall HOST:PORT HEX` a client that sends something
 * and never reads, `idle HOST:PORT COUNT` so many clients that send nothing. These run until they
 * are ended. `events HOST:PORT COUNT` sends so many user events of 400 bytes, `burst HOST:PORT
 * PAYLOADS` some that can be coalesced.
 */

import { connect, createServer, type Socket } from "node:net";
import { nodeRuntime } from "../../runtimes/node/mod.ts";
import { RpcClient } from "../../src/rpc/client/client.ts";
import { ObjectReader, RpcCodec } from "../../src/rpc/codec.ts";
import { responseLimits } from "../../src/rpc/protocol.ts";
import { bytesOfHex } from "../rpc/hex.ts";

/** Bytes to send after so many objects of the client. */
export interface Answer {
  readonly after: number;
  readonly hex: string;
}

const [mode, address = "", argument = ""] = process.argv.slice(2);
const colon = address.lastIndexOf(":");
const at = { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) };

switch (mode) {
  case "answer":
    answer(JSON.parse(argument) as Answer[]);
    break;
  case "stall":
    connect(at, function stall(this: Socket): void {
      this.pause();
      this.write(bytesOfHex(argument), () => console.log("sent"));
    });
    // A socket that is not read from does not keep a program running.
    setInterval(() => undefined, 60_000);
    break;
  case "idle":
    await Promise.all(Array.from({ length: Number(argument) }, open));
    console.log("open");
    break;
  case "events":
    await events(Number(argument));
    break;
  case "burst":
    await burst(JSON.parse(argument) as string[]);
    break;
  default:
    throw new Error(`Unknown mode: ${mode}`);
}

function answer(answers: readonly Answer[]): void {
  createServer((socket) => {
    const reader = new ObjectReader(new RpcCodec());
    let count = 0;
    let answered = 0;
    socket.on("error", () => undefined);
    socket.on("data", (bytes) => {
      reader.append(bytes);
      while (reader.next(responseLimits) !== undefined) count += 1;
      while (answered < answers.length && answers[answered]!.after <= count) {
        socket.write(bytesOfHex(answers[answered]!.hex));
        answered += 1;
      }
    });
  }).listen(at, () => console.log("listening"));
}

async function open(): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    connect(at, resolve).once("error", reject);
  });
}

async function events(count: number): Promise<void> {
  const client = await RpcClient.connect(nodeRuntime(), { address });
  for (let sent = 0; sent < count; sent += 100) {
    await Promise.all(Array.from({ length: 100 }, () => client.event("flood", "x".repeat(400))));
  }
  client.close();
  console.log("sent");
}

async function burst(payloads: readonly string[]): Promise<void> {
  for (const payload of payloads) {
    const client = await RpcClient.connect(nodeRuntime(), { address });
    await client.event("co", payload, { coalesce: true });
    client.close();
  }
}
