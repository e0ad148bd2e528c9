/**
 * Telemetry: agents of every kind receive the same events and report the same to statsd, to
 * statsite and at SIGUSR1.
 */

import { createSocket, type Socket } from "node:dgram";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer, type Server, type Socket as Stream } from "node:net";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { lacks } from "../machine/here.ts";
import { Agent, installed, type Kind, ours, serfs, stopAll, until } from "./agents.ts";

const present = { serfs: installed(serfs), ours: installed(ours) };
const network = `127.${60 + (process.pid % 100)}`;
const folder = mkdtempSync(join(tmpdir(), "tserf-telemetry-"));

/** Names that only one side reports, each with the reason. */
const differences: readonly {
  readonly names: RegExp;
  readonly only: readonly Kind[];
  readonly why: string;
}[] = [
  {
    names:
      /^(g runtime\.(free_count|heap_objects|malloc_count|num_goroutines|total_gc_pause_ns|total_gc_runs)|ms runtime\.gc_pause_ns)$/,
    only: serfs,
    why: "no JavaScript runtime reports these",
  },
  {
    names: /^g memberlist\.(node\.instances\.(alive|dead|left|suspect)|size\.local)$/,
    only: ["serf-0.10", ...ours],
    why: "older releases of Serf do not measure these",
  },
];

/** Names that depend on chance, or on the agent's running for half a minute. */
const chance =
  /^(c memberlist\.degraded\.\w+|g memberlist\.health\.score|c serf\.query_duplicate_\w+|c serf\.coordinate\.zero-rtt|ms (serf|memberlist)\.queue\.\w+)$/;

/** Servers of both kinds for one agent. */
class Servers {
  readonly packets: string[] = [];
  /** What arrived on each connection. */
  readonly streams: string[] = [];
  readonly #connections = new Set<Stream>();
  readonly #statsd: Socket = createSocket("udp4");
  readonly #statsite: Server = createServer((connection) => {
    const index = this.streams.push("") - 1;
    this.#connections.add(connection);
    connection.on("error", () => undefined);
    connection.on("data", (bytes: Buffer) => {
      this.streams[index] += bytes.toString();
    });
  });

  /** Opens both; returns the settings that lead to them. */
  async open(): Promise<Record<string, string>> {
    this.#statsd.on("message", (bytes) => this.packets.push(bytes.toString()));
    await new Promise<void>((resolve) => this.#statsd.bind(0, "127.0.0.1", resolve));
    await new Promise<void>((resolve) => this.#statsite.listen(0, "127.0.0.1", resolve));
    const { port } = this.#statsite.address() as AddressInfo;
    return { statsd_addr: `127.0.0.1:${this.#statsd.address().port}`, statsite_addr: `localhost:${port}` };
  }

  /** Breaks the connections. */
  cut(): void {
    for (const connection of this.#connections) connection.destroy();
    this.#connections.clear();
  }

  close(): void {
    this.cut();
    this.#statsd.close();
    this.#statsite.close();
  }
}

/** Kinds and names in lines, all of which have to be well formed: `c serf.events`. */
function namesIn(text: string): Set<string> {
  const lines = text.split("\n");
  expect(lines.pop()).toBe("");
  return new Set(
    lines.map((line) => {
      const [, name, , kind] = /^serf-agent\.([^\s:]+):(-?\d+\.\d{6})\|(c|g|ms)$/.exec(line) ?? [];
      expect(name, line).toBeDefined();
      return plain(kind!, name!);
    }),
  );
}

/** Gauges contain the host name, others do not. */
function plain(kind: string, name: string): string {
  const host = `${hostname()}.`;
  expect(name.startsWith(host), `${kind} ${name}`).toBe(kind === "g");
  return `${kind} ${kind === "g" ? name.slice(host.length) : name}`;
}

/** What one agent reported from start to end. */
interface Life {
  readonly kind: Kind;
  readonly servers: Servers;
  readonly sent: Set<string>;
  readonly dump: readonly string[];
}

async function live(kind: Kind, index: number): Promise<Life> {
  const servers = new Servers();
  const settings = join(folder, `${kind}.json`);
  const handlers = ["user:dep=true", "query=echo answer"];
  writeFileSync(settings, JSON.stringify({ ...(await servers.open()), event_handlers: handlers }));
  const host = (place: number): string => `${network}.${30 + index}.${place}`;
  const peer = present.serfs.at(-1) ?? "node";
  const flags = [`-config-file=${settings}`];
  const agent = await Agent.start(kind, "n1", host(1), ...flags);
  // The output covers the last minute at most.
  const printing = setInterval(() => agent.signal("SIGUSR1"), 5_000).unref();
  const start = async (name: string, place: number): Promise<Agent> =>
    await Agent.start(peer, name, host(place), `-join=${agent.address}`);
  const [leaving, failing] = [await start("n2", 2), await start("n3", 3)];
  const has = async (name: string): Promise<void> =>
    await until(
      `${kind} measures ${name}`,
      () => servers.packets.some((packet) => packet.includes(name)),
      60_000,
    ).catch((error: Error) => {
      throw new Error(`${error.message}\n${agent.log.replace(/^\[.*\n/gm, "")}`);
    });
  await agent.cli(peer, "join", leaving.address);
  await agent.cli(peer, "event", "dep", "payload");
  await agent.cli(peer, "query", "-timeout=1s", "q");
  await leaving.cli(peer, "tags", "-set", "a=b");
  await has("serf.member.update");
  await has("serf.coordinate.adjustment-ms");
  await has("agent.invoke.true");
  await leaving.kill("SIGINT");
  await has("serf.member.left");
  await failing.kill("SIGKILL");
  await has("serf.member.failed");
  servers.cut();
  // Serf notices at its second write, and waits five seconds.
  await until(`${kind} connects again`, () => servers.streams.slice(1).join("").includes("\n"), 20_000);
  const lines = (): string[] => agent.log.split("\n").filter((line) => /^\[\d{4}-.*\]\[[GCSP]\] /.test(line));
  await until(`${kind} prints it`, () => lines().some((line) => line.includes("serf.member.failed")), 40_000);
  clearInterval(printing);
  const dump = lines();
  await agent.kill("SIGTERM");
  return { kind, servers, dump, sent: namesIn(servers.packets.join("")) };
}

const lives = new Map<Kind, Life>();

describe.skipIf(lacks("loopback") || present.serfs.length === 0)("agents with telemetry", () => {
  beforeAll(async () => {
    const all = await Promise.all([...present.serfs, ...present.ours].map(live));
    for (const life of all) lives.set(life.kind, life);
  }, 180_000);
  afterAll(async () => {
    await stopAll();
    for (const { servers } of lives.values()) servers.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Names that only one of two agents reports, without the listed differences. */
  function unexplained(
    left: ReadonlySet<string>,
    right: ReadonlySet<string>,
    [a, b]: readonly [Kind, Kind],
  ): string[] {
    const explained = (name: string, has: Kind, not: Kind): boolean =>
      chance.test(name) ||
      differences.some(({ names, only }) => names.test(name) && only.includes(has) && !only.includes(not));
    return [
      ...[...left]
        .filter((name) => !right.has(name) && !explained(name, a, b))
        .map((name) => `only ${a}: ${name}`),
      ...[...right]
        .filter((name) => !left.has(name) && !explained(name, b, a))
        .map((name) => `only ${b}: ${name}`),
    ];
  }

  const pairs = present.ours.flatMap((own) => present.serfs.map((serf) => [own, serf] as const));

  it.each(
    pairs,
  )("on %s send the same names as %s to statsd, in datagrams of the same maximum size", (own, serf) => {
    const [mine, theirs] = [lives.get(own)!, lives.get(serf)!];
    expect(unexplained(mine.sent, theirs.sent, [own, serf])).toEqual([]);
    for (const { packets } of [mine.servers, theirs.servers])
      for (const packet of packets) expect(Buffer.byteLength(packet)).toBeLessThanOrEqual(1400);
  });

  it.each(present.ours)("on %s count each event once", (own) => {
    const text = lives.get(own)!.servers.packets.join("");
    const sum = (name: string): number =>
      [...text.matchAll(new RegExp(`^serf-agent\\.${name}:([\\d.]+)\\|c$`, "gm"))]
        .map(([, value]) => Number(value))
        .reduce((total, value) => total + value, 0);
    expect(sum("serf\\.events\\.dep")).toBe(1);
    expect(sum("serf\\.queries\\.q")).toBe(1);
    expect(sum("serf\\.member\\.left")).toBe(1);
    expect(sum("serf\\.member\\.failed")).toBe(1);
    expect(sum("serf\\.query_acks")).toBe(3);
    expect(sum("serf\\.query_responses")).toBe(1);
    // Handshake and command, for three commands.
    expect(sum("agent\\.ipc\\.accept")).toBe(3);
    expect(sum("agent\\.ipc\\.command")).toBe(6);
  });

  it.each([...present.serfs, ...present.ours])("on %s continue over a new connection to statsite", (kind) => {
    const { streams } = lives.get(kind)!.servers;
    expect(streams.length).toBeGreaterThan(1);
    const last = streams.at(-1)!;
    expect(namesIn(last.slice(0, last.lastIndexOf("\n") + 1)).size).toBeGreaterThan(0);
  });

  it.each([
    ...present.serfs,
    ...present.ours,
  ])("on %s print their measurements in the same line format", (kind) => {
    const time = String.raw`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,9})? [+-]\d{4} \S+`;
    const number = String.raw`-?\d+\.\d{3}`;
    const updated = String.raw`LastUpdated: ${time} m=\+\d+\.\d{9}`;
    const spread = `Min: ${number} Mean: ${number} Max: ${number} Stddev: ${number} `;
    const forms = [
      new RegExp(`^\\[${time}\\]\\[G\\] 'serf-agent\\.\\S+': ${number}$`),
      new RegExp(
        `^\\[${time}\\]\\[[CS]\\] 'serf-agent\\.\\S+': Count: \\d+ (${spread})?Sum: ${number} ${updated}$`,
      ),
    ];
    const { dump } = lives.get(kind)!;
    expect(dump.filter((line) => !forms.some((form) => form.test(line)))).toEqual([]);
    expect(new Set(dump.map((line) => /:\d(\d)(?: |\.)/.exec(line)?.[1]))).toEqual(new Set(["0"]));
  });

  it.each(pairs)("on %s print the same names as %s", (own, serf) => {
    const kinds: Record<string, string> = { G: "g", C: "c", S: "ms" };
    const printed = (kind: Kind): Set<string> =>
      new Set(
        lives.get(kind)!.dump.map((line) => {
          const [, letter, name] = /\]\[([GCS])\] 'serf-agent\.(\S+)':/.exec(line) ?? [];
          return plain(kinds[letter!]!, name!);
        }),
      );
    expect(unexplained(printed(own), printed(serf), [own, serf])).toEqual([]);
  });
});

describe.skipIf(lacks("loopback")).each(present.ours)(
  "an agent on %s without its telemetry servers",
  (kind) => {
    it("keeps running, and logs it once", { timeout: 40_000 }, async () => {
      const settings = join(mkdtempSync(join(tmpdir(), "tserf-telemetry-")), "dead.json");
      writeFileSync(settings, '{"statsd_addr":"127.0.0.1:9","statsite_addr":"127.0.0.1:9"}');
      const host = `${network}.29.${1 + ours.indexOf(kind)}`;
      const agent = await Agent.start(kind, "n", host, "-profile=local", `-config-file=${settings}`);
      await until("the fault is logged", () => agent.log.includes("Error connecting to statsite!"));
      // Time for a second attempt.
      await new Promise((resolve) => setTimeout(resolve, 6_000));
      expect((await agent.cli("node", "info")).code).toBe(0);
      expect(agent.log.match(/\[ERR\]/g)).toHaveLength(1);
      expect(await agent.kill("SIGINT")).toBe(0);
      rmSync(join(settings, ".."), { recursive: true, force: true });
    });
  },
);
