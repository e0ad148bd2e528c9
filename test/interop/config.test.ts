/**
 * Configuration files: our agent reads and merges them as Serf does, and rejects them with the same
 * message.
 */

import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { lacks } from "../machine/here.ts";
import { Agent, installed, type Kind, type Outcome, ours, run, stopAll, until } from "./agents.ts";

const serf: Kind = "serf-0.10";
const folder = mkdtempSync(join(tmpdir(), "tserf-config-"));
const host = `127.${60 + (process.pid % 100)}.13.1`;
const here = [`-bind=${host}:17946`, `-rpc-addr=${host}:17373`, "-node=n"];

afterEach(stopAll);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string): string {
  const path = join(folder, name);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, content);
  return path;
}

/** Builds with an older decoder of settings word it differently. */
function normal({ stdout, stderr, code }: Outcome): Outcome {
  const text = stdout
    .replace(/\d+ error\(s\) decoding:/, "decoding failed due to the following error(s):")
    .replace(/^\* /gm, "")
    .replace(/, value: '.*'$/gm, "")
    .replace("': source data", "' source data")
    .replace(
      /expected a map, got '(.*)'/g,
      (_all, kind: string) => `expected a map or struct, got "${kind}"`,
    );
  return { stdout: text, stderr, code };
}

const refused = [
  "",
  "{",
  '{"a":}',
  "{a:1}",
  '{"a" 1}',
  '{"a":1 "b"}',
  "[1 2]",
  "tru",
  "trux",
  '"\\q"',
  '"\\u12g"',
  '"a\nb"',
  "-x",
  "1.x",
  "1ex",
  "'a'",
  "\ufeff{}",
  "[]",
  '"x"',
  "5",
  "true",
  '{"nosuch":1}',
  '{"nosuch":1,"other":2}',
  '{"node_name":5}',
  '{"NODE_NAME":5}',
  '{"node_name":"a","NODE_NAME":"b"}',
  '{"protocol":"4"}',
  '{"protocol":true}',
  '{"tags":{"a":1}}',
  '{"event_handlers":"x.sh"}',
  '{"event_handlers":[1]}',
  '{"event_handlers":["bogus=x.sh"]}',
  '{"event_handlers":["FOO=1 ./x.sh"]}',
  '{"leave_on_terminate":"true"}',
  '{"leave_on_terminate":1}',
  '{"reconnect_interval":5}',
  '{"mdns":{"nosuch":1}}',
  '{"mdns":{"interface":5}}',
  '{"mdns":{"interface":"lo"}}',
  '{"zzz":1,"node_name":[],"bind":{}}',
  '{"log_level":"bogus"}',
  '{"profile":"bogus"}',
  '{"encrypt_key":"!!"}',
  '{"encrypt_key":"c2hvcnQ="}',
  '{"interface":"nosuch0"}',
  '{"user_event_size_limit":10000}',
];

describe.skipIf(lacks("loopback", serf)).each(installed(ours))("configuration files on %s", (kind) => {
  it("are rejected with Serf's message", { timeout: 120_000 }, async () => {
    for (const content of refused) {
      const path = file("refused.json", content);
      const [expected, seen] = await Promise.all(
        [serf, kind].map(async (by) => normal(await run(by, "agent", ...here, `-config-file=${path}`))),
      );
      expect({ content, ...seen }).toEqual({ content, ...expected });
      expect(expected?.code).toBe(1);
    }
  });

  it.each([
    ["a bad duration", '{"tombstone_timeout":"1d"}', " ('tombstone_timeout')\n"],
    ["a duration without unit", '{"retry_interval":"5"}', " ('retry_interval')\n"],
    [
      "a misspelt key",
      '{"node_nam":"a","rpcaddr":"b"}',
      " (did you mean 'node_name' instead of 'node_nam', 'rpc_addr' instead of 'rpcaddr'?)\n",
    ],
  ])("are rejected for %s with Serf's message and a hint", async (_what, content, hint) => {
    const path = file("refused.json", content);
    const expected = normal(await run(serf, "agent", ...here, `-config-file=${path}`));
    const seen = await run(kind, "agent", ...here, `-config-file=${path}`);
    expect(seen).toEqual({ ...expected, stdout: `${expected.stdout.trimEnd()}${hint}` });
  });

  it.each([
    ["a file that is not there", ["-config-file=nosuch.json"]],
    ["a folder that is not there", ["-config-dir=nosuchdir"]],
    ["an empty path", ["-config-file="]],
    ["a bad tag before a bad file", ["-tag", "bad", "-config-file=nosuch.json"]],
  ])("are reported as missing: %s", async (_what, flags) => {
    const expected = await run(serf, "agent", ...here, ...flags);
    expect(await run(kind, "agent", ...here, ...flags)).toEqual(expected);
    expect(expected.code).toBe(1);
  });

  it("are merged alike in every order, and flags override them", { timeout: 60_000 }, async () => {
    file(
      "d/10-a.json",
      '{"node_name":"from-a","tags":{"x":"a","y":"a"},"event_handlers":["./a.sh"],"log_level":"warn"}',
    );
    file(
      "d/9-b.json",
      '{"Node_Name":"from-b","tags":{"y":"b"},"event_handlers":["user:x=./b.sh"],"log_level":""} junk',
    );
    file("d/.hidden.json", '{"tags":{"hidden":"yes"},"disable_coordinates":true,"enable_compression":false}');
    file("d/ignored.conf", '{"bogus":1}');
    file("d/sub.json/inner.json", '{"bogus":1}');
    const directory = join(folder, "d");
    const one = file(
      "one.json",
      '{"node_name":"one","tags":{"x":"1"},"event_handlers":["query=./q.sh"],"protocol":4.7}',
    );
    const empty = file("null.json", "null");
    const orders = [
      [`-config-dir=${directory}`],
      [`-config-dir=${directory}`, `-config-file=${one}`],
      [`-config-file=${one}`, `-config-dir=${directory}`, `-config-file=${empty}`],
      [`-config-file=${directory}`, "-tag", "x=flag", "-role=r", "-event-handler=user,query=./f.sh"],
    ];
    for (const flags of orders) {
      const seen = await Promise.all(
        [serf, kind].map(async (by, index) => {
          const agent = await Agent.start(by, "", host.replace(/1$/, String(index + 1)), ...flags);
          const { stdout } = await agent.cli(serf, "info", "-format=json");
          await agent.kill("SIGKILL");
          const { agent: self, event_handlers, tags } = JSON.parse(stdout) as Record<string, unknown>;
          return { self, event_handlers, tags };
        }),
      );
      expect(seen[1]).toEqual(seen[0]);
    }
  });

  it("choose what a signal does", { timeout: 60_000 }, async () => {
    const path = file("signals.json", '{"leave_on_terminate":true,"skip_leave_on_interrupt":true}');
    for (const [signal, code] of [
      ["SIGTERM", 0],
      ["SIGINT", 1],
    ] as const) {
      const agent = await Agent.start(kind, "n", host, "-profile=local", `-config-file=${path}`);
      expect(await agent.kill(signal)).toBe(code);
    }
  });

  it("are read again at SIGHUP, without losing the tags of a tags file", { timeout: 60_000 }, async () => {
    const path = file("reload.json", '{"log_level":"warn"}');
    const tags = join(folder, `tags-${kind}.json`);
    const agent = await Agent.start(kind, "n", host, `-config-file=${path}`, `-tags-file=${tags}`);
    expect(await agent.cli(serf, "tags", "-set", "role=web", "-set", "ü=<&>")).toMatchObject({ code: 0 });
    const stored = '{\n  "role": "web",\n  "ü": "\\u003c\\u0026\\u003e"\n}';
    expect(readFileSync(tags, "utf8")).toBe(stored);
    expect(statSync(tags).mode & 0o777).toBe(0o600);
    expect(await agent.cli(serf, "tags", "-set", `big=${"x".repeat(600)}`)).toMatchObject({
      code: 1,
      stdout: "Error setting tags: Encoded length of tags exceeds limit of 512 bytes\n",
    });
    expect(readFileSync(tags, "utf8")).toBe(stored);
    file("reload.json", '{"event_handlers":["user=./new.sh"],"nosuch":1}');
    agent.signal("SIGHUP");
    await until("the refusal", () => agent.log.includes("==> Failed to reload configs"));
    file("reload.json", '{"log_level":"debug","event_handlers":["user=./new.sh"],"leave_on_terminate":true}');
    agent.signal("SIGHUP");
    await until("the new handlers", async () => {
      return (await agent.cli(serf, "info")).stdout.includes("user: = ./new.sh");
    });
    expect(readFileSync(tags, "utf8")).toBe(stored);
    expect((await agent.members())["n"]?.tags).toEqual({ role: "web", ü: "<&>" });
    expect(await agent.kill("SIGTERM")).toBe(0);
    const again = await Agent.start(serf, "n", host, `-tags-file=${tags}`);
    expect(again.log).toContain(`Restored 2 tag(s) from ${tags}`);
  });
});
