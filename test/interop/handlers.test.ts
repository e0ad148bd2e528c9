/**
 * Event handlers: a script receives from our agent what it receives from Serf, and its output and
 * failures have the same effect.
 */

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { lacks } from "../machine/here.ts";
import { Agent, installed, type Kind, ours, stopAll, until } from "./agents.ts";

const serf: Kind = "serf-0.10";
const folder = mkdtempSync(join(tmpdir(), "tserf-handlers-"));
const subnet = `127.${60 + (process.pid % 100)}.12`;

afterEach(stopAll);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const scripts = {
  shell: 'echo "0=$0 args=$# $(tr "\\0" "|" < /proc/$$/cmdline)"',
  fail: "echo out; echo err >&2; exit 3",
  killed: "kill -9 $$",
  missing: "./nosuch.sh",
  big: "head -c 9000 /dev/zero | tr '\\0' x; echo TAIL",
  count: "wc -c",
};

const answers = {
  twice: ["echo first", "echo second"],
  held: ["sleep 0.3; echo first", "echo second"],
  fits: ["head -c 980 /dev/zero | tr '\\0' x"],
  large: ["head -c 1100 /dev/zero | tr '\\0' x"],
  fails: ["echo nope; exit 1"],
  empty: ["true"],
  error: ["echo from-stderr >&2"],
  bytes: ['printf "\\000\\377"'],
  mixed: ["echo a; echo b >&2; echo c; echo d >&2"],
};

interface Seen {
  readonly invocations: readonly string[];
  readonly answers: readonly string[];
  readonly log: readonly string[];
}

/** Sends an agent the same events and collects what its scripts received. */
async function live(kind: Kind): Promise<Seen> {
  const dump = join(folder, `${kind}.txt`);
  writeFileSync(dump, "");
  const config = join(folder, `${kind}.json`);
  const record = `{ env | grep '^SERF_' | LC_ALL=C sort; echo --; cat; echo ==; } >> ${dump}`;
  writeFileSync(
    config,
    JSON.stringify({
      profile: "local",
      log_level: "debug",
      tags: { role: "web", "my-Tag.x": "v 1", ünï: "u", "1st": "digit", a_b: "x=y", tab: "a\tb" },
      event_handlers: [
        `*=${record}`,
        ...Object.entries(scripts).map(([name, script]) => `user:${name}=${script}`),
        ...Object.entries(answers).flatMap(([name, list]) => list.map((script) => `query:${name}=${script}`)),
      ],
    }),
  );
  const invocations = (): string[] => readFileSync(dump, "utf8").split("\n==\n").slice(0, -1);
  const reaches = async (count: number): Promise<void> =>
    await until(`${count} invocations on ${kind}`, () => invocations().length >= count);
  const peer = await Agent.start(serf, "peer", `${subnet}.2`, "-profile=local", "-tag", "role=r\t1");
  const agent = await Agent.start(kind, "self node", `${subnet}.1`, `-config-file=${config}`);
  await reaches(1);
  await peer.cli(serf, "join", agent.address);
  await reaches(2);
  await peer.cli(serf, "tags", "-set", "k=new");
  await reaches(3);
  const events = [
    ["deploy"],
    ["deploy", "hello world"],
    ["deploy", "line1\nline2\n"],
    ["odd name:=,é", "x"],
    ...Object.keys(scripts).map((name) => [name, "pay"]),
  ];
  let count = 3;
  for (const event of events) {
    await peer.cli(serf, "event", "-coalesce=false", ...event);
    await reaches(++count);
  }
  const answered: string[] = [];
  for (const name of Object.keys(answers)) {
    // The first of several answers counts here if it arrives within half of the time, which a busy
    // machine needs for a held one.
    const timeout = name === "held" ? "4s" : "900ms";
    const { stdout } = await peer.cli(serf, "query", `-timeout=${timeout}`, "-format=json", name, "arg");
    answered.push(
      `${name} ${(JSON.parse(stdout) as { Responses: Record<string, string> }).Responses["self node"]}`,
    );
    await reaches(++count);
  }
  await peer.cli(serf, "leave");
  await reaches(++count);
  await agent.kill("SIGKILL");
  await peer.kill("SIGKILL");
  return { invocations: invocations().map(sortTags), answers: answered, log: scriptLines(agent.log) };
}

/** The order of tags in a member's line is random in Serf. */
function sortTags(invocation: string): string {
  return invocation.replace(/^(.*\t.*\t.*\t)(.*)$/gm, (_line, head: string, tags: string) => {
    return head + tags.split(",").sort().join(",");
  });
}

/**
 * Log lines about scripts, without their time; scripts that run at the same time end in any order.
 * Our log quotes control characters.
 */
function scriptLines(log: string): string[] {
  return log
    .split("\n")
    .filter((line) => /script output: .|Error invoking|Failed to respond|slow, execution/.test(line))
    .map((line) => line.trim().slice("2026/11/23 10:55:21 ".length).replaceAll("\0", "\\x00"))
    .sort();
}

describe.skipIf(lacks("loopback", serf))("scripts of event handlers", () => {
  let expected: Promise<Seen> | undefined;

  it.each(installed(ours))("receive and do on %s what they receive and do with Serf", {
    timeout: 90_000,
  }, async (kind) => {
    expected ??= live(serf);
    const wanted = await expected;
    expect(wanted.invocations.length).toBeGreaterThan(20);
    expect(wanted.log.length).toBeGreaterThan(10);
    const seen = await live(kind);
    expect(seen.invocations).toEqual(wanted.invocations);
    expect(seen.answers).toEqual(wanted.answers);
    expect(seen.log).toEqual(wanted.log);
  });

  it.each(installed(ours))("do not block the agent on %s if one hangs", {
    timeout: 60_000,
  }, async (kind) => {
    const output = join(folder, `hanging-${kind}.txt`);
    writeFileSync(output, "");
    const agent = await Agent.start(
      kind,
      "n",
      `${subnet}.1`,
      "-profile=local",
      "-handler-timeout=2s",
      "-event-handler=user:a=sleep 30",
      `-event-handler=user=cat >> ${output}`,
    );
    const peer = await Agent.start(serf, "peer", `${subnet}.2`, "-profile=local", `-join=${agent.address}`);
    const stream = agent.watch(serf, "monitor");
    for (const payload of ["1", "2", "3"]) await peer.cli(serf, "event", "-coalesce=false", "a", payload);
    await until("the other script's events", () => readFileSync(output, "utf8").split("\n").length === 4);
    expect(readFileSync(output, "utf8").split("\n").sort()).toEqual(["", "1", "2", "3"]);
    await until(
      "the stream's events",
      () => (stream.output.match(/Received event: user-event: a/g) ?? []).length === 3,
    );
    await until("the slow warning", () =>
      agent.log.includes("Script 'sleep 30' slow, execution exceeding 1s"),
    );
    await until("the end", () => agent.log.includes("Error invoking script 'sleep 30': killed after 2s"));
    await stream.interrupt();
    const before = Date.now();
    expect(await agent.kill("SIGINT")).toBe(0);
    expect(Date.now() - before).toBeLessThan(6000);
  });

  it.each(installed(ours))("open their standard streams by name on %s", { timeout: 60_000 }, async (kind) => {
    const agent = await Agent.start(
      kind,
      "n",
      `${subnet}.3`,
      "-profile=local",
      "-event-handler=query:load=cat /dev/stdin > /dev/stdout",
      "-event-handler=query:fds=cat <&0 > /dev/fd/1",
      "-event-handler=query:pipe=test -p /dev/stdin && echo a pipe > /dev/stdout",
    );
    for (const [query, answer] of [
      ["load", "1.5"],
      ["fds", "1.5"],
      ["pipe", "a pipe"],
    ]) {
      const { stdout } = await agent.cli(serf, "query", "-timeout=5s", query!, "1.5");
      expect(stdout).toContain(`Response from 'n': ${answer}\n`);
    }
    await agent.kill("SIGINT");
  });

  it.each(installed(ours))("end with their children when their time is over on %s", {
    timeout: 60_000,
  }, async (kind) => {
    const output = join(folder, `child-${kind}.txt`);
    const script = `sleep 97 & echo $! > ${output}; wait; echo done`;
    const agent = await Agent.start(
      kind,
      "n",
      `${subnet}.4`,
      "-profile=local",
      "-handler-timeout=1s",
      `-event-handler=user=${script}`,
    );
    const start = async (): Promise<string> => {
      writeFileSync(output, "");
      await agent.cli(serf, "event", "-coalesce=false", "a");
      await until("the child", () => readFileSync(output, "utf8").endsWith("\n"));
      return `/proc/${readFileSync(output, "utf8").trim()}`;
    };
    const late = await start();
    await until("the end", () => agent.log.includes("killed after 1s"));
    await until("the end of its child", () => !existsSync(late));
    const interrupted = await start();
    expect(await agent.kill("SIGINT")).toBe(0);
    await until("the end of the other", () => !existsSync(interrupted));
  });
});
