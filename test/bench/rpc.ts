/**
 * How many `members` requests a second the agents answer, ours on every runtime and Serf's in Go:
 * real processes on loopback addresses, 8 and 200 members, one connection. The
 * agents take turns, so that noise affects all of them. `--before=FOLDER` adds the agent of another
 * checkout, `--bare` a server for each runtime that only sends bytes which are ready, `--sizes=8` and
 * `--only=node,deno` leave something out, `--json=FILE` writes the figures to a file, too.
 */

import { spawn } from "node:child_process";
import { randomFillSync } from "node:crypto";
import { createSocket, type Socket as Datagrams } from "node:dgram";
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Random } from "../../src/core/random.ts";
import { Codec } from "../../src/core/wire/codec.ts";
import type { Alive } from "../../src/core/wire/messages.ts";
import { ObjectReader, RpcCodec } from "../../src/rpc/codec.ts";
import { responseLimits } from "../../src/rpc/protocol.ts";
import { type Candidate, candidates } from "./candidates.ts";
import { Results } from "./results.ts";

/** Requests that are on their way at any time: one after the other, and pipelined. */
const depths = [1, 32];
const warmUpMs = 1_000;
const turnMs = 400;
const turnCount = 7;
/** Clock ticks a second in `/proc/PID/stat`. */
const ticksPerSecond = 100;
const startLimitMs = 20_000;
const host = "127.0.0.1";
const basePort = 27_460;
const bareServer = fileURLToPath(new URL("bare_server.mjs", import.meta.url));

const { values: options } = parseArgs({
  options: {
    before: { type: "string" },
    bare: { type: "boolean", default: false },
    sizes: { type: "string", default: "8,200" },
    only: { type: "string", default: "go,node,node24,deno,bun" },
    json: { type: "string" },
  },
});

const codec: Codec = new Codec({
  label: "",
  compression: false,
  encryptionVersion: 0,
  random: new Random((pool) => randomFillSync(pool)),
});

/** The tags `dc=east` and `role=web`. */
const meta: Uint8Array = new Uint8Array([
  255,
  0x82,
  ...raw("dc"),
  ...raw("east"),
  ...raw("role"),
  ...raw("web"),
]);

function raw(text: string): number[] {
  return [0xa0 | text.length, ...new TextEncoder().encode(text)];
}

/** Members that only reply to pings: one socket receives for all addresses of loopback. */
class Members {
  readonly #socket: Datagrams = createSocket("udp4");
  #port = 0;

  async open(): Promise<void> {
    this.#socket.on("message", (packet, from) => {
      for (const message of codec.open(packet, { verifyIncoming: false }).messages) {
        if (message.type !== "ping") continue;
        const ack = codec.encode({ type: "ack", sequence: message.sequence, payload: null });
        this.#socket.send(codec.seal([ack], { crc: false, encrypt: false }), from.port, from.address);
      }
    });
    await new Promise<void>((resolve) => this.#socket.bind(0, "0.0.0.0", resolve));
    this.#port = this.#socket.address().port;
  }

  /** Announces members to the agent at a port. */
  announce(count: number, port: number): void {
    for (let index = 1; index <= count; index++) {
      const announcement = codec.seal([codec.encode(this.#alive(index))], { crc: false, encrypt: false });
      this.#socket.send(announcement, port, host);
    }
  }

  close(): void {
    this.#socket.close();
  }

  #alive(index: number): Alive {
    return {
      type: "alive",
      incarnation: 1,
      node: `member-${index}.east.example.io`,
      address: new Uint8Array([127, 1, index >> 8, index & 255]),
      port: this.#port,
      meta,
      versions: new Uint8Array([1, 5, 2, 2, 5, 5]),
    };
  }
}

/** A running agent, and one client that asks it for its members. */
class Agent {
  readonly name: string;
  #rates: number[] = [];
  /** Requests that were answered in turns that are measured, and the processor time for them. */
  #answered = 0;
  #spentMs = 0;
  readonly #child;
  readonly #port: number;
  #client!: Socket;
  #replySize = 0;
  #received = 0;
  #asking = false;
  #progress: () => void = () => undefined;

  constructor({ name, command }: Candidate, port: number, environment: Record<string, string> = {}) {
    this.name = name;
    this.#port = port;
    const flags = [
      `-node=${name.replace(" ", "-")}`,
      `-bind=${host}:${port}`,
      `-rpc-addr=${host}:${port + 1}`,
    ];
    const args = [...command.args, "agent", ...flags, "-log-level=err"];
    const env = { ...process.env, ...environment };
    this.#child = spawn(command.program, args, { stdio: ["ignore", "ignore", "inherit"], env });
  }

  /** Waits until the agent has as many members and has sent one reply. */
  async ready(size: number, members: Members): Promise<void> {
    const end = performance.now() + startLimitMs;
    const rpc = new RpcCodec();
    while (!(await this.#connects())) await pause(`${this.name} does not listen`);
    await this.#ask(rpc.encode({ Command: "handshake", Seq: 0 }, { Version: 1 }), 1);
    for (;;) {
      members.announce(size - 1, this.#port);
      await pause(`${this.name} does not have ${size} members`);
      const objects = await this.#ask(request, 2);
      const listed = (objects[1] as Map<string, unknown[]>).get("Members")!;
      if (listed.length === size) break;
    }
    this.#client.on("data", (bytes) => this.#take(bytes.length));

    async function pause(lack: string): Promise<void> {
      if (performance.now() > end) throw new Error(lack);
      await sleep(100);
    }
  }

  /** Keeps so many requests on their way for a time, and waits for the last reply. */
  async turn(depth: number, ms: number): Promise<void> {
    const start = performance.now();
    const cpu = this.#cpuMs();
    this.#received = 0;
    this.#asking = true;
    let asked = 0;
    const ask = (): void => {
      const due = depth - (asked - Math.floor(this.#received / this.#replySize));
      if (due === 0) return;
      asked += due;
      this.#client.write(concatenateTimes(request, due));
    };
    await new Promise<void>((resolve) => {
      this.#progress = () => {
        if (performance.now() - start < ms) ask();
        else if (this.#received >= asked * this.#replySize) resolve();
      };
      ask();
    });
    this.#asking = false;
    this.#rates.push((1_000 * asked) / (performance.now() - start));
    this.#answered += asked;
    this.#spentMs += this.#cpuMs() - cpu;
  }

  /** Forgets what was measured. */
  reset(): void {
    this.#rates = [];
    this.#answered = 0;
    this.#spentMs = 0;
  }

  /** Requests a second in the median turn. */
  get rate(): number {
    return this.#rates.sort((a, b) => a - b)[this.#rates.length >> 1]!;
  }

  /** Microseconds of processor time for each request. */
  get cost(): number {
    return (1_000 * this.#spentMs) / this.#answered;
  }

  close(): void {
    this.#client?.destroy();
    this.#child.kill("SIGKILL");
  }

  #take(size: number): void {
    this.#received += size;
    if (this.#asking) this.#progress();
  }

  #connects(): Promise<boolean> {
    return new Promise((resolve) => {
      const client = connect({ host, port: this.#port + 1, noDelay: true });
      client.once("error", () => resolve(false));
      client.once("connect", () => {
        this.#client = client;
        resolve(true);
      });
    });
  }

  /** Sends something and returns the objects of the reply. */
  #ask(bytes: Uint8Array, objectCount: number): Promise<unknown[]> {
    const reader = new ObjectReader(new RpcCodec());
    const objects: unknown[] = [];
    this.#replySize = 0;
    return new Promise((resolve) => {
      const take = (chunk: Uint8Array): void => {
        this.#replySize += chunk.length;
        reader.append(chunk);
        for (let next = reader.next(responseLimits); next !== undefined; next = reader.next(responseLimits))
          objects.push(next);
        if (objects.length < objectCount) return;
        this.#client.off("data", take);
        resolve(objects);
      };
      this.#client.on("data", take);
      this.#client.write(bytes);
    });
  }

  /** Processor time so far; 0 where the system does not say. */
  #cpuMs(): number {
    if (process.platform !== "linux") return 0;
    const fields = readFileSync(`/proc/${this.#child.pid}/stat`, "utf8").split(") ")[1]!.split(" ");
    return (1_000 * (Number(fields[11]) + Number(fields[12]))) / ticksPerSecond;
  }
}

const request: Uint8Array = new RpcCodec().encode({ Command: "members", Seq: 1 });

function concatenateTimes(bytes: Uint8Array, times: number): Uint8Array {
  const joined = new Uint8Array(times * bytes.length);
  for (let index = 0; index < times; index++) joined.set(bytes, index * bytes.length);
  return joined;
}

/** Returns what a bare server needs to know. Its answer has the members that agents list. */
function answers(size: number): Record<string, string> {
  const rpc = new RpcCodec();
  const members = Array.from({ length: size }, (_, index) => ({
    Addr: new Uint8Array([127, 1, index >> 8, index & 255]),
    DelegateCur: 5,
    DelegateMax: 5,
    DelegateMin: 2,
    Name: `member-${index}.east.example.io`,
    Port: 40_000,
    ProtocolCur: 2,
    ProtocolMax: 5,
    ProtocolMin: 1,
    Status: "alive",
    Tags: { dc: "east", role: "web" },
  }));
  const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");
  return {
    TSERF_HELLO: base64(rpc.encode({ Error: "", Seq: 0 })),
    TSERF_REPLY: base64(rpc.encode({ Error: "", Seq: 1 }, { Members: members })),
    TSERF_REQUEST_SIZE: String(request.length),
  };
}

/** Measures all agents with one number of members. */
async function measure(found: readonly Candidate[], size: number): Promise<void> {
  const members = new Members();
  await members.open();
  const agents = [...found, ...bareServers].map((candidate, index) => {
    const environment = index < found.length ? {} : answers(size);
    return new Agent(candidate, basePort + 2 * index, environment);
  });
  try {
    for (const agent of agents) await agent.ready(size, members);
    for (const agent of agents) await agent.turn(depths.at(-1)!, warmUpMs);
    for (const depth of depths) {
      for (const agent of agents) agent.reset();
      for (let turn = 0; turn < turnCount; turn++)
        for (const agent of agents) await agent.turn(depth, turnMs);
      print(agents, `${size} members, ${depth} on their way`);
    }
  } finally {
    for (const agent of agents) agent.close();
    members.close();
  }
}

/** Returns the bare servers of the runtimes that some candidates run on. */
function bare(agents: readonly Candidate[]): Candidate[] {
  return agents.flatMap(({ name, command }) => {
    const place = command.args.findIndex((argument) => argument.endsWith("cli.ts"));
    if (place < 0 || name.includes(" ")) return [];
    const args = command.args.map((argument, index) => (index === place ? bareServer : argument));
    return [{ name: `${name} bare`, command: { ...command, args } }];
  });
}

function print(agents: readonly Agent[], title: string): void {
  console.log(`\n${title.padEnd(30)} calls/s   us CPU   of Go's rate   of the rate before`);
  for (const { name, rate, cost } of agents) {
    results.set(`${title}: calls/s`, name, rate);
    results.set(`${title}: us CPU`, name, cost);
    const ratios = ["go", `${name} before`].map((other) => {
      const base = agents.find((agent) => agent.name === other);
      return base === undefined ? "" : (rate / base.rate).toFixed(2);
    });
    console.log(
      `${name.padEnd(30)}${rate.toFixed(0).padStart(8)}${cost.toFixed(1).padStart(9)}`,
      `${ratios[0]!.padStart(14)}${ratios[1]!.padStart(21)}`,
    );
  }
}

const results: Results = new Results();
const found: Candidate[] = await candidates(options.only, options.before);
const bareServers: Candidate[] = options.bare ? bare(found) : [];
for (const size of options.sizes.split(",")) await measure(found, Number(size));
results.save(options.json);
