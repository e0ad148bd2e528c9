/**
 * What members weigh in a real agent: `npm run bench:crowd`. The agent gets them by a push/pull from a peer
 * that answers for all of them, so that none is suspected. Printed is the resident memory of an agent that is
 * alone, with 1,000 and with 5,000 members, each half a minute later, and MiB for each further 1,000. Linux only.
 * `--only=go,node,node24,deno,bun`, `--few=1000` and `--many=5000` members, `--wait=30` seconds, `--json=FILE`.
 */

import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Codec } from "../../src/core/wire/codec.ts";
import { type NodeState, NodeStateCode } from "../../src/core/wire/messages.ts";
import { seeded } from "../core/swim/machine.ts";
import { find, searchHere } from "../machine/here.ts";
import { type Command, type RuntimeName, runtimeNames, smallHeap } from "../runtimes/binaries.ts";
import { root } from "../tidy/sources.ts";
import { Results } from "./results.ts";
import { MeasuredAgent } from "./start_agent.ts";

const { values: options } = parseArgs({
  options: {
    only: { type: "string", default: "go,node,node24,deno,bun" },
    few: { type: "string", default: "1000" },
    many: { type: "string", default: "5000" },
    wait: { type: "string", default: "30" },
    json: { type: "string" },
  },
});
const few = Number(options.few);
const many = Number(options.many);
const peerHost = "127.0.5.1";
const port = 17_946;
const codec = new Codec({ label: "", compression: false, encryptionVersion: 1, random: seeded(1) });

/** A member as a push/pull has it, with the tags of a usual agent. */
function member(index: number): NodeState {
  return {
    node: `member-${index}`,
    address: new Uint8Array(peerHost.split(".").map(Number)),
    port,
    meta: new Uint8Array([255, 129, 164, 114, 111, 108, 101, 163, 119, 101, 98]),
    incarnation: 1,
    state: NodeStateCode.alive,
    versions: new Uint8Array([1, 5, 2, 2, 5, 5]),
  };
}

/** Acknowledges all pings, whichever member they are for. */
async function answer(): Promise<Socket> {
  const socket = createSocket("udp4");
  socket.on("message", (packet, from) => {
    for (const message of codec.open(new Uint8Array(packet), { verifyIncoming: false }).messages) {
      if (message.type !== "ping") continue;
      const ack = { type: "ack", sequence: message.sequence, payload: null } as const;
      socket.send(codec.sealMessage(ack, { crc: true, encrypt: false }), from.port, from.address);
    }
  });
  socket.bind(port, peerHost);
  await once(socket, "listening");
  return socket;
}

/** Gives an agent members by a push/pull, and waits for its own state. */
async function push(host: string, count: number): Promise<void> {
  const nodes = Array.from({ length: count }, (_, index) => member(index));
  const socket = connect(port, host);
  await once(socket, "connect");
  const state = codec.encode({ type: "pushPull", join: true, nodes, userState: new Uint8Array() });
  socket.write(codec.sealStream(state, { encrypt: false, labelHeader: false }));
  await once(socket, "data");
  socket.resume();
  await once(socket, "end");
  socket.end();
}

function command(name: RuntimeName | "go"): Command | undefined {
  const { path, missing } = find(name === "go" ? "serf-0.10" : name);
  if (path === undefined) console.error(`${name}: ${missing}`);
  if (path === undefined || name === "go")
    return path === undefined ? undefined : { program: path, args: [] };
  const own = name === "deno" || name === "bun";
  const program = join(root, "dist/runtimes", own ? name : "node", "cli.js");
  if (!existsSync(program)) throw new Error(`${program} is missing: npm run build`);
  const flags = ["run", "-A", "--unstable-net", smallHeap.deno, "--node-modules-dir=manual"];
  return { program: path, args: name === "deno" ? [...flags, program] : [program] };
}

const [smallHeapName, smallHeapSize] = smallHeap.bun.split("=") as [string, string];
process.env[smallHeapName] = smallHeapSize;
await searchHere(["serf-0.10", ...runtimeNames]);
const wanted = options.only.split(",");
const socket = await answer();
const table: Results = new Results();
for (const [index, name] of (["go", ...runtimeNames] as const).entries()) {
  const found = wanted.includes(name) ? command(name) : undefined;
  if (found === undefined) continue;
  const host = `127.0.5.${index + 2}`;
  const agent = await MeasuredAgent.run(found, host);
  const sizes: number[] = [];
  try {
    for (const count of [0, few, many]) {
      if (count > 0) await push(host, count);
      await sleep(1_000 * Number(options.wait));
      sizes.push(agent.memory().residentMib);
    }
  } finally {
    await agent.stop();
  }
  const [alone, withFew, withMany] = sizes as [number, number, number];
  table.set("alone, MiB", name, alone);
  table.set(`${few} members, MiB`, name, withFew);
  table.set(`${many} members, MiB`, name, withMany);
  table.set("1,000 further, MiB", name, (1_000 * (withMany - withFew)) / (many - few));
}
socket.close();
console.log(table.text());
table.save(options.json);
