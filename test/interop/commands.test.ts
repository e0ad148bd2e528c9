/**
 * Events, queries, reachability and round-trip times: both command lines against both kinds of agents, side by side.
 */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nodeRuntime } from "../../runtimes/node/mod.ts";
import { RpcClient } from "../../src/rpc/client/client.ts";
import { lacks } from "../machine/here.ts";
import {
  Agent,
  converged,
  installed,
  type Kind,
  type Outcome,
  ours,
  sideBySide,
  stopAll,
  until,
} from "./agents.ts";
import { eventsIn, sorted } from "./outcomes.ts";

/** The newer of the two that commands are compared with, because some messages of the old one differ. */
const serf: Kind = "serf-0.10";
const block = 100 + (process.pid % 100);

const secondKey = "T9jncgl9mbLus+baTTa7q7nPSUrXwbDi2dhbtqir37s=";

/** Command lines with titles for their tests. */
function titled(lines: readonly string[][]): { readonly title: string; readonly args: readonly string[] }[] {
  return lines.map((args) => ({ title: args.join(" ").slice(0, 40), args }));
}

/** What was printed before the command's help, which has our own wording. */
function complaint({ stdout, stderr, code }: Outcome): Outcome {
  const help = stdout.indexOf("Usage:");
  return { stdout: help < 0 ? stdout : stdout.slice(0, help), stderr, code };
}

describe.skipIf(lacks("loopback", serf)).each(installed(ours))("commands on %s", (kind) => {
  const subnet = 40 + ours.indexOf(kind);
  const at = (host: number): string => `127.${block}.${subnet}.${host}`;
  let theirs: Agent;
  let mine: Agent;

  const both = (...args: string[]): Promise<[Outcome, Outcome][]> =>
    sideBySide([theirs, mine], [serf, kind], args);

  describe("in a cluster whose members all answer", () => {
    it("a query ends when they have, with either command line", { timeout: 60_000 }, async () => {
      const flags = ["-profile=local", "-event-handler", "query:load=echo 1.0"];
      mine = await Agent.start(kind, "mine", at(3), ...flags);
      theirs = await Agent.start(serf, "theirs", at(4), `-join=${mine.address}`, ...flags);
      await converged([theirs, mine], { theirs: "alive", mine: "alive" });
      for (const by of [serf, kind]) {
        const before = Date.now();
        const { stdout } = await mine.cli(by, "query", "-timeout=25s", "load");
        expect(stdout).toMatch(/Total Acks: 2\nTotal Responses: 2\n$/);
        expect((await mine.cli(by, "reachability")).stdout).toContain("Successfully contacted all");
        expect(Date.now() - before).toBeLessThan(15_000);
      }
      await stopAll();
    });
  });

  describe("in a cluster without encryption", () => {
    beforeAll(async () => {
      const flags = ["-profile=local", "-log-level=debug"];
      // Serf runs the last of its handlers for queries that no other one handles.
      const handlers = [
        ["-event-handler", "query:load=echo 1.0"],
        ["-event-handler", "query:bytes=printf 'x<&>\\377\\342\\202y'"],
        ["-event-handler", "query:lines=printf 'l1\\nl2\\n\\n'"],
        ["-event-handler", "query:cat=cat"],
      ].flat();
      theirs = await Agent.start(serf, "theirs", at(1), "-tag", "role=web", ...handlers, ...flags);
      // Times and interruptions are compared, so this agent waits as Serf does.
      const waiting = ["-tag", "role=db", "-join", theirs.address, "-query-wait-for-deadline", ...flags];
      mine = await Agent.start(kind, "mine", at(2), ...waiting);
      await converged([theirs, mine], { theirs: "alive", mine: "alive" });
    }, 60_000);
    afterAll(stopAll);

    it.each(
      titled([
        ["event"],
        ["event", "a", "b", "c"],
        ["event", "-coalesce=maybe", "a"],
        ["event", "big", "x".repeat(490)],
        ["event", "big", "x".repeat(600)],
        ["query"],
        ["query", "a", "b", "c"],
        ["query", "-tag", "novalue", "a"],
        ["query", "-tag", "novalue"],
        ["query", "-relay-factor=256", "a"],
        ["query", "-relay-factor=-1", "a"],
        ["query", "-format=xml", "a"],
        ["query", "-timeout=5", "a"],
        ["query", "_serf_foo"],
        ["query", "_serf_ping", "x"],
        ["query", "_serf_ping", ""],
        ["query", "a", "x".repeat(1100)],
        ["keys"],
        ["keys", "-list", "-use", "x"],
        ["keys", "-install", ""],
        ["keys", "-install", "notbase64!"],
        ["rtt"],
        ["rtt", "a", "b", "c"],
        ["rtt", "nobody"],
        ["rtt", "mine", 'no"body'],
        ["rtt", ""],
        ["reachability", "-nosuch"],
      ]),
    )("fails as Serf does: $title", { timeout: 60_000 }, async ({ args }) => {
      for (const [expected, actual] of await both(...args)) {
        expect(complaint(actual)).toEqual(complaint(expected));
      }
    });

    it("sends events that monitors of both kinds show alike", { timeout: 60_000 }, async () => {
      const watches = [theirs, mine].flatMap((agent) => [serf, kind].map((by) => agent.watch(by, "monitor")));
      for (const watch of watches) await until("it runs", () => watch.output.includes("[INFO]"));
      const payloads: string[][] = [[], ["v1"], ["it's\n\u0001ü"]];
      for (const agent of [theirs, mine]) {
        for (const by of [serf, kind]) {
          for (const payload of payloads) {
            const name = `from-${by}-to-${agent.name}`;
            expect(await agent.cli(by, "event", "-coalesce=false", name, ...payload)).toEqual({
              stdout: `Event '${name}' dispatched! Coalescing enabled: false\n`,
              stderr: "",
              code: 0,
            });
          }
        }
      }
      expect(await mine.cli(kind, "event", "merged", "p")).toEqual(
        await mine.cli(serf, "event", "merged", "p"),
      );
      const shown = (output: string): string[] =>
        eventsIn(output)
          .filter((event) => event.includes('\tEvent: "user"'))
          .map((event) => event.replace(/\tLTime: .*\n/, ""));
      for (const watch of watches)
        await until("all are seen", () => watch.output.includes('Name: "merged"'), 10_000);
      for (const watch of watches) await watch.interrupt();
      const [first, ...others] = watches.map((watch) => shown(watch.output).sort());
      expect(first).toHaveLength(13);
      for (const other of others) expect(other).toEqual(first);
    });

    it.each(
      titled([
        ["load"],
        ["-format=json", "load"],
        ["-no-ack", "load"],
        ["-no-ack", "-format=json", "nobody-answers"],
        ["-format=json", "bytes"],
        ["lines"],
        ["cat", "some payload"],
        ["cat"],
        ["-node=theirs", "load"],
        ["-node=mine", "-node=theirs", "load"],
        ["-node=nobody", "load"],
        ["-tag", "role=w", "load"],
        ["-tag", "role=^w$", "load"],
        ["-tag", "role=[", "load"],
        ["-tag", "role=web", "-node=mine", "load"],
        ["-relay-factor=1", "load"],
        ["-timeout=300ms", "load"],
        ["-timeout=-1s", "load"],
        ["_serf_ping"],
        ["", "x"],
      ]),
    )("queries and prints as Serf does: $title", { timeout: 60_000 }, async ({ args }) => {
      const shorter = args.some((arg) => arg.startsWith("-timeout")) ? [] : ["-timeout=900ms"];
      for (const [expected, actual] of await both("query", ...shorter, ...args)) {
        if (args.includes("-format=json")) {
          const read = (text: string): unknown => {
            const { Acks, Responses } = JSON.parse(text) as { Acks: string[] | null; Responses: unknown };
            return { acks: Acks?.sort() ?? null, responses: Responses };
          };
          expect(read(actual.stdout)).toEqual(read(expected.stdout));
        }
        expect(sorted(actual)).toEqual(sorted(expected));
      }
    });

    it("shows queries to monitors and lets clients answer them", { timeout: 60_000 }, async () => {
      await using client = await RpcClient.connect(nodeRuntime(), { address: `${at(2)}:17373` });
      const stream = await client.stream("query:ask");
      const watch = mine.watch(serf, "monitor");
      await until("it runs", () => watch.output.includes("[INFO]"));
      const asked = theirs.cli(serf, "query", "-timeout=2s", "ask", "hello");
      const event = (await stream.next()).value;
      expect(event).toMatchObject({ type: "query", id: 1n, name: "ask" });
      await client.respond(1n, "my answer");
      await expect(client.respond(1n, "again")).rejects.toThrow(
        "failed to respond to key query: response already sent",
      );
      await expect(client.respond(2n, "x")).rejects.toThrow("No pending queries matching ID");
      expect((await asked).stdout).toContain("Response from 'mine': my answer\nTotal Acks: 2\n");
      expect(eventsIn(watch.output).join("\n")).toContain('\tEvent: "query"\n\tID: 1\n');
      await watch.interrupt();
      // The query arrived later here than it was sent there, and so its deadline is later.
      const late = (): Promise<unknown> => client.respond(1n, "late").catch((error: Error) => error.message);
      await expect.poll(late, { timeout: 5000 }).toBe("No pending queries matching ID");
    });

    it("stops when interrupted, without totals", { timeout: 60_000 }, async () => {
      for (const agent of [theirs, mine]) {
        for (const by of [serf, kind]) {
          const query = agent.watch(by, "query", "-timeout=20s", "load");
          await until("both have acknowledged", () => query.output.split("Ack from").length === 3);
          expect(await query.interrupt()).toBe(1);
          expect(query.output).not.toContain("Total");
          const test = agent.watch(by, "reachability");
          await until("it has begun", () => test.output.includes("Starting"));
          expect(await test.interrupt()).toBe(1);
          expect(test.output).toBe(
            "Total members: 2, live members: 2\nStarting reachability test...\nTest interrupted\n",
          );
        }
      }
    });

    it("finds all members reachable", { timeout: 60_000 }, async () => {
      const normal = (outcome: Outcome): Outcome => ({
        ...sorted(outcome),
        stdout: sorted(outcome).stdout.replace(/response: \d\.\d\d sec/, "response: x sec"),
      });
      for (const flags of [[], ["-verbose"]]) {
        for (const [expected, actual] of await both("reachability", ...flags)) {
          expect(actual.code).toBe(0);
          const rough = ({ stdout, ...rest }: Outcome): unknown => ({
            ...rest,
            stdout: stdout.replace(/Query time: [12]\.\d\d sec/, "Query time: x sec"),
          });
          expect(rough(normal(actual))).toEqual(rough(normal(expected)));
        }
      }
    });

    it("estimates the same round-trip times from the same coordinates", { timeout: 60_000 }, async () => {
      for (const names of [["theirs", "mine"], ["mine"], ["theirs"], ["mine", "mine"]]) {
        await expect
          .poll(
            async () => {
              const outcomes = await both("rtt", ...names);
              return outcomes.every(([expected, actual]) => expected.stdout === actual.stdout);
            },
            { timeout: 20_000 },
          )
          .toBe(true);
        const [[outcome]] = (await both("rtt", ...names)) as [[Outcome, Outcome]];
        expect(outcome.stdout).toMatch(/^Estimated \w+ <-> \w+ rtt: \d+\.\d{3} ms\n$/);
      }
    });

    it("reports that there are no keys", { timeout: 60_000 }, async () => {
      for (const args of [["-list"], ["-install", secondKey], ["-use", secondKey], ["-remove", secondKey]]) {
        for (const [expected, actual] of await both("keys", ...args)) {
          expect(actual.code).toBe(1);
          expect(sorted(actual)).toEqual(sorted(expected));
        }
      }
    });

    it("rejects pruning a live member, but prunes an unknown name", async () => {
      expect(await mine.cli(kind, "force-leave", "-prune", "theirs")).toEqual({
        stdout: `Error force leaving: Cannot prune "theirs": the member is alive\n`,
        stderr: "",
        code: 1,
      });
      expect(await mine.cli(serf, "force-leave", "-prune", "nobody")).toMatchObject({
        stdout: "",
        code: 0,
      });
    });
  });
});
