/**
 * The other side of an RPC connection, inside a network of its own: `peer.ts answer HOST:PORT SCRIPT` is an agent that answers as it is told,
 * `peer.ts stall HOST:PORT HEX` a client that sends something and never reads. It runs until it is ended.
 */

import { connect, createServer } from "node:net";
import { Codec, ObjectReader } from "../../src/rpc/codec.ts";
import { responseLimits } from "../../src/rpc/protocol.ts";
import { bytesOfHex } from "../rpc/hex.ts";

/** After so many objects of the client, these bytes. */
export interface Answer {
  readonly after: number;
  readonly hex: string;
}

const [mode, address = "", argument = ""] = process.argv.slice(2);
const colon = address.lastIndexOf(":");
const at = { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) };

if (mode === "answer") {
  const answers = JSON.parse(argument) as Answer[];
  createServer((socket) => {
    const reader = new ObjectReader(new Codec());
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
} else {
  const socket = connect(at, () => {
    socket.write(bytesOfHex(argument));
    console.log("connected");
  });
  socket.pause();
}
