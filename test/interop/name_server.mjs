/**
 * A name server for tests: `node name_server.mjs ADDRESS ZONE`. It reads the zone, JSON of `{ name:
 * [record] }`, again for every question.
 */
import { createSocket } from "node:dgram";
import { readFileSync } from "node:fs";
import { AUTHORITATIVE_ANSWER, decode, encode } from "dns-packet";

const [address, zone] = process.argv.slice(2);
const noSuchName = 3;

const socket = createSocket("udp4");
socket.on("message", (bytes, from) => {
  const { id, questions } = decode(bytes);
  const [{ name, type }] = questions;
  const known = JSON.parse(readFileSync(zone, "utf8"))[name];
  const answers = (known ?? [])
    .filter((record) => record.type === type)
    .map((record) => ({ name, ttl: 0, ...record }));
  const flags = AUTHORITATIVE_ANSWER | (known === undefined ? noSuchName : 0);
  socket.send(encode({ type: "response", id, flags, questions, answers }), from.port, from.address);
});
socket.bind(53, address, () => console.log("ready"));
