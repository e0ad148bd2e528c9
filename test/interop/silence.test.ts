/**
 * Our own rules are decisions of one node, and nobody else sees them: in a cluster of Go's agents and
 * ours, which go through the same with all rules and with memberlist's alone, our nodes send the same
 * kinds of messages, and Go's agents log the same kinds of lines.
 */

import { afterEach, describe, expect, it } from "vitest";
import { nodeRuntime } from "../../runtimes/node/runtime.ts";
import { Random } from "../../src/core/random.ts";
import { rulesOfMemberlist, type SwimConfig } from "../../src/core/swim/config.ts";
import { Codec } from "../../src/core/wire/codec.ts";
import type { Connection, Runtime } from "../../src/runtime.ts";
import type { SerfOptions } from "../../src/shell/options/options.ts";
import { Serf } from "../../src/shell/serf.ts";
import { lacks } from "../machine/here.ts";
import { Agent, type Kind, newestSerf, stopAll, until } from "./agents.ts";

const block = 100 + (process.pid % 100);
const ownCount = 3;
const nodes: Serf[] = [];

/** The kinds of what our nodes send, and in how many connections they send nothing. */
class Recorder {
  readonly kinds = new Set<string>();
  silentConnections = 0;
  readonly #codec = new Codec({
    label: "",
    random: new Random(() => undefined),
    compression: false,
    encryptionVersion: 1,
  });

  /** Node's runtime, whose sockets are listened to. */
  get runtime(): Runtime {
    const runtime = nodeRuntime();
    const bind: Runtime["datagrams"]["bind"] = async (address, handler) => {
      const socket = await runtime.datagrams.bind(address, handler);
      const send: typeof socket.send = (to, bytes) => {
        this.#packet(bytes);
        socket.send(to, bytes);
      };
      return new Proxy(socket, { get: (target, key) => (key === "send" ? send : bound(target, key)) });
    };
    const connect: Runtime["streams"]["connect"] = async (...where) =>
      this.#listenTo(await runtime.streams.connect(...where));
    return { ...runtime, datagrams: { bind }, streams: bindAll(runtime.streams, { connect }) };
  }

  #packet(bytes: Uint8Array): void {
    for (const message of this.#codec.open(bytes, { verifyIncoming: false }).messages) {
      const serfs = message.type === "user" ? ` ${message.payload[0]}` : "";
      this.kinds.add(`packet: ${message.type}${serfs}`);
    }
  }

  #listenTo(connection: Connection): Connection {
    this.silentConnections += 1;
    let first = true;
    const write: Connection["write"] = async (bytes) => {
      if (first) {
        this.silentConnections -= 1;
        this.kinds.add(`stream: ${bytes[0]}`);
      }
      first = false;
      await connection.write(bytes);
    };
    return new Proxy(connection, { get: (target, key) => (key === "write" ? write : bound(target, key)) });
  }
}

function bound(target: object, key: string | symbol): unknown {
  const value: unknown = Reflect.get(target, key, target);
  return typeof value === "function" ? value.bind(target) : value;
}

function bindAll<Room extends object>(room: Room, own: Partial<Room>): Room {
  return new Proxy(room, { get: (target, key) => Reflect.get(own, key) ?? bound(target, key) });
}

/** A node whose membership layer has other settings than options can give it. */
class Tuned extends Serf {
  static async startWith(swim: Partial<SwimConfig>, options: SerfOptions, runtime: Runtime): Promise<Serf> {
    return await Serf.launch(options, runtime, (opened) => {
      Object.assign((opened as { options: { swim: Partial<SwimConfig> } }).options.swim, swim);
      return new Tuned(opened);
    });
  }
}

/** The kinds of lines in a log: without their times, names, addresses and numbers. */
function kindsOfLines(log: string): string[] {
  const kinds = log
    .split("\n")
    .filter((line) => /\[(DEBUG|INFO|WARN|ERR)\]/.test(line))
    .map((line) =>
      line.slice(line.indexOf("[")).replace(/\b(go|own)\d\b|\d+(\.\d+)*(ns|µs|ms|s)?|:\d+/g, "_"),
    );
  return [...new Set(kinds)].sort();
}

/**
 * Lines that are there or not in any cluster: they depend on who probes a stopped member, on which message
 * comes first, and on when Go's agents try to reconnect and exchange state.
 */
const linesByChance = [
  "[DEBUG] memberlist: Failed UDP ping: _ (timeout reached)",
  "[DEBUG] memberlist: Failed to join __: dial tcp __: connect: connection refused",
  "[DEBUG] memberlist: Initiating push/pull sync with: _ __",
  "[ERR] memberlist: Failed fallback TCP ping: timeout _: read tcp __->__: i/o timeout",
  "[INFO] memberlist: Suspect _ has failed, no acks received",
  "[INFO] memberlist: Marking _ as failed, suspect timeout reached (_ peer confirmations)",
  "[INFO] serf: attempting reconnect to _ __",
  "[INFO] serf: EventMemberLeave: _ _",
  "[INFO] serf: EventMemberLeave (forced): _ _",
];

afterEach(async () => {
  await Promise.all(nodes.splice(0).map((node) => node.shutdown()));
  await stopAll();
});

/** Does something until an agent logs it: by memberlist's rules, gossip misses a member now and then. */
async function repeat(agent: Agent, line: string, act: () => void): Promise<void> {
  let tries = 0;
  await until(`${agent.name} logs "${line}"`, () => {
    if (tries++ % 10 === 0) act();
    return agent.log.includes(line);
  });
}

/** What happens to a cluster: joins, an event, a query, new tags, a leave, a killed, a stopped and a crashed member. */
async function live(kind: Kind, swim: Partial<SwimConfig>, subnet: number) {
  const recorder = new Recorder();
  const flags = ["-profile=local", "-log-level=debug"];
  const host = (place: number): string => `127.${block}.${subnet}.${place}`;
  const goes: Agent[] = [];
  for (let index = 0; index < 4; index++) {
    const join = index === 0 ? [] : [`-join=${goes[0]!.address}`];
    goes.push(await Agent.start(kind, `go${index}`, host(1 + index), ...flags, ...join));
  }
  const watched = goes[0]!;
  for (let index = 0; index < ownCount; index++) {
    const options: SerfOptions = {
      name: `own${index}`,
      bind: `${host(11 + index)}:17946`,
      profile: "local",
      log: () => undefined,
    };
    const node = await Tuned.startWith(swim, options, recorder.runtime);
    nodes.push(node);
    await node.join([watched.address]);
  }
  const [asker, leaver, crasher] = nodes as [Serf, Serf, Serf];
  const statuses = (): Record<string, string> =>
    Object.fromEntries(asker.members().map(({ name, status }) => [name, status]));
  const become = async (name: string, status: string): Promise<void> => {
    await until(`${name} is ${status}`, () => statuses()[name] === status, 60_000);
    await until(
      `Go finds ${name} ${status}`,
      async () => (await watched.members())[name]?.status === status,
      60_000,
    );
  };
  await until("all are there", () => Object.keys(statuses()).length === 4 + ownCount, 30_000);
  await repeat(watched, "user-event: deploy", () => asker.userEvent("deploy", "42"));
  await repeat(watched, "query: load", () => asker.query("load", "", { timeoutMs: 500 }));
  await asker.setTags({ role: "web" });
  // By memberlist's rules that may take a push/pull.
  await until("Go logs the new tags", () => watched.log.includes("Received event: member-update"), 60_000);
  await leaver.leave();
  await leaver.shutdown();
  await become("own1", "left");
  await goes[1]!.kill("SIGKILL");
  await become("go1", "failed");
  goes[2]!.signal("SIGSTOP");
  await become("go2", "failed");
  goes[2]!.signal("SIGCONT");
  await become("go2", "alive");
  await crasher.shutdown();
  await become("own2", "failed");
  return { recorder, lines: kindsOfLines(watched.log) };
}

describe.skipIf(lacks("loopback")).each<Kind>(["serf-0.10", newestSerf])("beside %s", (kind) => {
  it.skipIf(lacks(kind))(
    "our own rules add no kind of message and no kind of line in Go's log",
    {
      timeout: 300_000,
    },
    async () => {
      const theirs = await live(kind, { rules: rulesOfMemberlist, lastChecks: 0 }, 60);
      await Promise.all(nodes.splice(0).map((node) => node.shutdown()));
      await stopAll();
      const ours = await live(kind, {}, 61);
      const added = (own: Iterable<string>, known: Iterable<string>): string[] =>
        [...own].filter((one) => !new Set(known).has(one));
      expect([theirs.recorder.silentConnections, ours.recorder.silentConnections > 0]).toEqual([0, true]);
      expect(added(ours.recorder.kinds, theirs.recorder.kinds)).toEqual([]);
      expect(added(ours.lines, [...theirs.lines, ...linesByChance])).toEqual([]);
    },
  );
});
