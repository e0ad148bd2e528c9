/**
 * Events, queries and keys between nodes of the library, on every runtime, and Serf's agents.
 */

import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { command, lacks } from "../machine/here.ts";
import {
  Agent,
  installed,
  type Kind,
  newestSerf,
  ours,
  serfs,
  serfsBeside,
  stopAll,
  until,
} from "./agents.ts";
import type { LibraryCommand, LibraryLine } from "./library.ts";

const keys = { old: "AAECAwQFBgcICQoLDA0ODw==", new: "T9jncgl9mbLus+baTTa7q7nPSUrXwbDi2dhbtqir37s=" };

const libraries = new Set<Library>();

afterEach(async () => {
  await Promise.all([...libraries].map((library) => library.kill()));
  libraries.clear();
  await stopAll();
});

/** A node of the library in a process of its own. */
class Library {
  readonly lines: LibraryLine[] = [];
  readonly host: string;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #ended: Promise<unknown>;
  #rest = "";

  private constructor(kind: "node" | "deno" | "bun", name: string, host: string, settings: object) {
    const { program, args } = command(kind, "test/interop/library.ts");
    this.host = host;
    const options = Object.entries(settings).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
    this.#child = spawn(program, [...args, name, host, ...options]);
    this.#ended = new Promise((resolve) => this.#child.once("close", resolve));
    this.#child.stdout.on("data", (chunk: Buffer) => {
      const parts = (this.#rest + chunk.toString()).split("\n");
      this.#rest = parts.pop()!;
      for (const part of parts) this.lines.push(JSON.parse(part) as LibraryLine);
    });
    this.#child.stderr.on("data", (chunk: Buffer) =>
      this.lines.push({ tag: "log", value: chunk.toString() }),
    );
    libraries.add(this);
  }

  static async start(kind: Kind, name: string, host: string, settings: object = {}): Promise<Library> {
    const library = new Library(kind as "node" | "deno" | "bun", name, host, settings);
    await until(`${name} is ready`, () => library.values("ready").length > 0, 20_000).catch(
      (error: Error) => {
        throw new Error(`${error.message}: ${JSON.stringify(library.lines)}`);
      },
    );
    return library;
  }

  values(tag: LibraryLine["tag"]): unknown[] {
    return this.lines.filter((line) => line.tag === tag).map(({ value }) => value);
  }

  /** User events it saw, as `name payload`. */
  get userEvents(): string[] {
    const events = this.values("event") as { type: string; name: string; payload: string }[];
    return events.filter(({ type }) => type === "user").map(({ name, payload }) => `${name} ${payload}`);
  }

  // biome-ignore lint/suspicious/noExplicitAny: answers are as different as the commands
  async do(what: LibraryCommand): Promise<any> {
    const before = this.values("answer").length;
    this.#child.stdin.write(`${JSON.stringify(what)}\n`);
    await until(`an answer to ${what.do}`, () => this.values("answer").length > before, 20_000);
    return this.values("answer")[before];
  }

  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#ended;
  }
}

let networks = 0;
function network(): (host: number) => string {
  const subnet = 100 + networks++;
  const block = process.pid % 200;
  return (host) => `127.${20 + block}.${subnet}.${host}`;
}

async function allAlive(library: Library, count: number): Promise<void> {
  await until(`${count} members`, async () => {
    const members: string[] = Object.values(await library.do({ do: "members" }));
    return members.length === count && members.every((status) => status === "alive");
  });
}

const handler = "-event-handler=query:load=printf 'agent heard '; printf $SERF_QUERY_NAME";

const present = installed([...serfs, newestSerf]);

describe.skipIf(lacks("loopback") || present.length === 0).each(installed(ours))(
  "the library on %s",
  (kind) => {
    describe.each(installed(serfsBeside(kind)))("beside %s", (serf) => {
      it("exchanges events, each exactly once", { timeout: 60_000 }, async () => {
        const at = network();
        const theirs = await Agent.start(serf, "theirs", at(1), "-log-level=debug");
        const other = await Agent.start(serf, "other", at(2), "-join", theirs.address);
        const mine = await Library.start(kind, "mine", at(3));
        expect(await mine.do({ do: "join", seed: theirs.address })).toBe(1);
        await allAlive(mine, 3);
        const watch = other.watch(serf, "monitor", "-log-level=debug");
        await mine.do({ do: "event", name: "deploy", payload: "v1" });
        await mine.do({ do: "event", name: "deploy", payload: "v2" });
        expect(await theirs.cli(serf, "event", "-coalesce=false", "restart", "now")).toMatchObject({
          code: 0,
        });
        const count = (log: string, what: string): number =>
          log.split(`Received event: user-event: ${what}`).length - 1;
        await until(
          "events at both",
          () => count(theirs.log, "deploy") === 2 && mine.userEvents.length === 3,
        );
        await until("events at the other", () => count(watch.output, "restart") === 1);
        await new Promise((resolve) => setTimeout(resolve, 2_000));
        expect(count(theirs.log, "deploy")).toBe(2);
        expect([...mine.userEvents].sort()).toEqual(["deploy v1", "deploy v2", "restart now"]);
        await watch.interrupt();
      });

      it("asks and answers queries with filters, acknowledgements and relays", {
        timeout: 90_000,
      }, async () => {
        const at = network();
        const theirs = await Agent.start(serf, "theirs", at(1), "-tag", "role=web", handler);
        const other = await Agent.start(
          serf,
          "other",
          at(2),
          "-join",
          theirs.address,
          "-tag",
          "role=db",
          handler,
        );
        const mine = await Library.start(kind, "mine", at(3), { tags: { role: "web" } });
        await mine.do({ do: "join", seed: theirs.address });
        await allAlive(mine, 3);

        const everybody = await mine.do({
          do: "query",
          name: "load",
          payload: "",
          options: { ack: true, relayFactor: 2, timeoutMs: 10_000 },
        });
        const shown = everybody.replies.map(
          (reply: { type: string; from: string }) => `${reply.type} ${reply.from}`,
        );
        expect(shown.sort()).toEqual([
          "ack mine",
          "ack other",
          "ack theirs",
          "response mine",
          "response other",
          "response theirs",
        ]);
        expect(everybody.missing).toEqual([]);
        expect(everybody.tookMs).toBeLessThan(5_000);
        expect(everybody.replies).toContainEqual({
          type: "response",
          from: "other",
          payload: "agent heard load",
        });

        const some = await mine.do({
          do: "query",
          name: "load",
          payload: "",
          options: { tags: { role: "^(?i)WEB$" } },
        });
        expect(some.replies.map(({ from }: { from: string }) => from).sort()).toEqual(["mine", "theirs"]);

        const flags = ["-timeout=3s", "-tag", "role=w.b", "-relay-factor=1", "-format=json"];
        const asked = await other.cli(serf, "query", ...flags, "load");
        const result = JSON.parse(asked.stdout);
        expect(result.Acks.sort()).toEqual(["mine", "theirs"]);
        expect(result.Responses).toEqual({ mine: "mine heard load", theirs: "agent heard load" });
        const named = JSON.parse(
          (await other.cli(serf, "query", "-timeout=2s", "-node=mine", "-format=json", "load")).stdout,
        );
        expect(named.Responses).toEqual({ mine: "mine heard load" });
        const ping = await other.cli(serf, "reachability");
        expect(ping.stdout).toContain("Successfully contacted all live nodes");
      });

      it("installs, uses, removes and lists keys, from either side", { timeout: 90_000 }, async () => {
        const at = network();
        const folder = await mkdtemp(join(tmpdir(), "tserf-keys-"));
        const keyringFile = join(folder, "keyring");
        const theirs = await Agent.start(serf, "theirs", at(1), "-encrypt", keys.old);
        const mine = await Library.start(kind, "mine", at(2), { encryptKey: keys.old, keyringFile });
        await mine.do({ do: "join", seed: theirs.address });
        await allAlive(mine, 2);

        expect(await mine.do({ do: "key", operation: "install", key: keys.new })).toMatchObject({
          nodes: 2,
          responses: 2,
          failures: 0,
        });
        expect(await mine.do({ do: "keys" })).toMatchObject({
          keys: { [keys.old]: 2, [keys.new]: 2 },
          primaryKeys: { [keys.old]: 2 },
        });
        expect((await theirs.cli(serf, "keys", "-list")).stdout).toMatch(
          /T9jncgl9mbLus\+baTTa7q7nPSUrXwbDi2dhbtqir37s= +\[2\/2\]/,
        );
        expect(await theirs.cli(serf, "keys", "-use", keys.new)).toMatchObject({ code: 0 });
        const refused = await mine.do({ do: "key", operation: "remove", key: keys.new });
        expect(refused.error).toBe("2/2 nodes reported failure");
        expect(refused.result.messages.theirs).toMatch(/emoving the primary key is not allowed/);
        expect(await theirs.cli(serf, "keys", "-remove", keys.old)).toMatchObject({ code: 0 });
        expect(await mine.do({ do: "keys" })).toMatchObject({
          keys: { [keys.new]: 2 },
          primaryKeys: { [keys.new]: 2 },
        });
        expect(await readFile(keyringFile, "utf8")).toBe(`[\n  "${keys.new}"\n]`);
        await new Promise((resolve) => setTimeout(resolve, 3_000));
        await allAlive(mine, 2);
        await rm(folder, { recursive: true });
      });

      it("stops if the others know an agent under its name", { timeout: 60_000 }, async () => {
        const at = network();
        const known = await Agent.start(serf, "twin", at(1));
        const witness = await Agent.start(serf, "witness", at(2), "-join", known.address);
        await Agent.start(serf, "second", at(3), "-join", known.address);
        await until("three members", async () => Object.keys(await witness.statuses()).length === 3);
        const mine = await Library.start(kind, "twin", at(4));
        await mine.do({ do: "join", seed: witness.address });
        await until("the vote is over", () => mine.values("stopped").length > 0, 20_000);
        expect(mine.values("stopped")).toEqual(["name conflict"]);
        expect(mine.values("log").join("\n")).toContain("minority in name conflict resolution, quiting [0 /");
        expect(await witness.statuses()).toMatchObject({ twin: "alive" });
      });
    });
  },
);
