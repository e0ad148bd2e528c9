/**
 * The copy of the log that goes to syslog: our agents write what Serf writes, with the same
 * priorities, on every runtime. The machine's own log is not used: the agents run with a private
 * /var/run.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { lacks, pathOf } from "../machine/here.ts";
import { Agent, installed, type Kind, ours, run, runInside, serfs, stopAll, until } from "./agents.ts";
import { PrivateMount } from "./mounts.ts";

const serf = installed(serfs).at(-1);
const folder = mkdtempSync(join(tmpdir(), "tserf-syslog-"));
const socket = "/var/run/syslog";
const network = `127.${60 + (process.pid % 100)}.21`;

/** Listens at syslog's socket. */
class Listener {
  readonly datagrams: string[] = [];
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;

  private constructor(mount: PrivateMount) {
    const script = join(dirname(fileURLToPath(import.meta.url)), "syslog_listener.ts");
    const listen = `rm -f ${socket} && exec "$0" run -A --unstable-net "$1" ${socket}`;
    const [program, ...args] = [...mount.inside, "sh", "-c", listen, pathOf("deno"), script];
    this.#child = spawn(program!, args, { stdio: ["ignore", "pipe", "inherit"] });
    this.#ended = new Promise((resolve) => this.#child.once("close", resolve));
    createInterface({ input: this.#child.stdout! }).on("line", (line) => {
      this.datagrams.push(JSON.parse(line) as string);
    });
  }

  static async start(mount: PrivateMount): Promise<Listener> {
    const listener = new Listener(mount);
    await until("the log listens", () => listener.datagrams.length > 0);
    expect(listener.datagrams.shift()).toBe("listening");
    return listener;
  }

  /** Waits for a line with this text, then returns everything that arrived until now. */
  async said(text: string): Promise<string[]> {
    await until(`the log has ${text}`, () => this.datagrams.some((datagram) => datagram.includes(text)));
    return this.datagrams.splice(0);
  }

  async stop(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#ended;
  }
}

/**
 * Splits datagrams into lines, without what differs between two runs. Serf writes a message of
 * several lines into one datagram and ends each line with a line feed; ours are several datagrams
 * without it, because that is what `logger` sends. Older versions of Serf begin some messages with
 * a capital.
 */
function lines(datagrams: readonly string[], agent: Agent): string[] {
  return datagrams.flatMap((datagram) => {
    const [, head, text] =
      /^(<\d+>)[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d serf\[\d+\]: (.*)$/s.exec(datagram) ?? [];
    expect(head, datagram).toBeDefined();
    const normal = text!
      .replaceAll(agent.host, "HOST")
      .replace(/client: .*/, "client: X")
      .replace(/Failed to join/g, "failed to join");
    return normal
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => head + line);
  });
}

const settings = join(folder, "settings.json");
let mount: PrivateMount;
let listener: Listener;

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(lacks("mounts", "deno"))("syslog", () => {
  beforeAll(async () => {
    writeFileSync(
      settings,
      JSON.stringify({
        enable_syslog: true,
        syslog_facility: "local3",
        log_level: "debug",
        // It reads its input; otherwise its end and the end of writing are a race that shows in the
        // log.
        event_handlers: ["user=cat > /dev/null; exit 1"],
      }),
    );
    mount = await PrivateMount.make();
    listener = await Listener.start(mount);
  });
  afterEach(stopAll);
  afterAll(async () => {
    await listener.stop();
    mount.remove();
  });

  /** The log lines of one agent from start to end. */
  async function life(kind: Kind, host: string): Promise<string[]> {
    const flags = ["-profile=local", `-config-file=${settings}`];
    const agent = await Agent.startInside(mount.inside, kind, "n", host, ...flags);
    await until("the agent has joined itself", () => agent.log.includes("Received event: member-join"));
    await agent.cli("node", "event", "x", "payload");
    await until("the script has run", () => agent.log.includes("Error invoking script"));
    await agent.cli("node", "join", `${host}:1`);
    await until("the join has failed", () => agent.log.includes("error joining"));
    expect(await agent.kill("SIGTERM")).toBe(1);
    return lines(await listener.said("shutdown complete"), agent);
  }

  it.skipIf(serf === undefined)("gets the same lines from every agent", { timeout: 120_000 }, async () => {
    const expected = await life(serf!, `${network}.1`);
    expect(expected).toContain("<157>agent: Serf agent starting");
    expect(expected).toContain("<155>agent: Error invoking script 'cat > /dev/null; exit 1': exit status 1");
    for (const [index, kind] of installed(ours).entries()) {
      expect([kind, ...(await life(kind, `${network}.${2 + index}`))]).toEqual([kind, ...expected]);
    }
  });

  it.each(installed(ours))("after a restart gets the lines of %s that it missed", {
    timeout: 60_000,
  }, async (kind) => {
    const agent = await Agent.startInside(
      mount.inside,
      kind,
      "n",
      `${network}.9`,
      "-syslog",
      "-profile=local",
      "-event-handler=user:gone=exit 1",
    );
    await listener.said("Received event: member-join");
    await listener.stop();
    await agent.cli("node", "event", "gone");
    await until("the agent knows", () => agent.log.includes("Lines do not get to syslog"));
    await agent.cli("node", "event", "late");
    await until("the event was seen", () => agent.log.includes("user-event: late"));
    listener = await Listener.start(mount);
    expect((await listener.said("user-event: late")).join("\n")).toContain("<133>");
    await agent.kill("SIGTERM");
    await listener.said("shutdown complete");
  });

  it.each(installed(ours))("gets the last lines of %s even if its whole process group is terminated", {
    timeout: 60_000,
  }, async (kind) => {
    const grouped = [...mount.inside, "setsid"];
    const agent = await Agent.startInside(grouped, kind, "n", `${network}.6`, "-syslog", "-profile=local");
    const [, pid] = /serf\[(\d+)\]/.exec((await listener.said("Received event: member-join"))[0]!) ?? [];
    process.kill(-Number(pid), "SIGINT");
    expect((await listener.said("shutdown complete")).join("\n")).toContain("requesting graceful leave");
    expect(await agent.ended).toBe(0);
    expect(agent.log).not.toContain("syslog");
  });

  it.each(installed(ours))("without a socket stops %s from starting, as Serf", {
    timeout: 60_000,
  }, async (kind) => {
    const empty = await PrivateMount.make();
    try {
      const here = [`-bind=${network}.8:17946`, `-rpc-addr=${network}.8:17373`, "-node=n", "-syslog"];
      const outcome = await runInside(empty.inside, kind, "agent", ...here);
      expect(outcome).toEqual({
        stdout: "==> Syslog setup failed: Unix syslog delivery error\n",
        stderr: "",
        code: 1,
      });
      if (serf !== undefined) expect(await runInside(empty.inside, serf, "agent", ...here)).toEqual(outcome);
    } finally {
      empty.remove();
    }
  });
});

describe.each(installed(ours))("an unknown facility on %s", (kind) => {
  it.skipIf(lacks("loopback") || serf === undefined)(
    "is rejected as by Serf",
    { timeout: 30_000 },
    async () => {
      const bad = join(folder, "bad.json");
      writeFileSync(bad, '{"enable_syslog":true,"syslog_facility":"NOPE"}');
      const flags = [
        "agent",
        `-bind=${network}.7:17946`,
        `-rpc-addr=${network}.7:17373`,
        `-config-file=${bad}`,
      ];
      const outcome = await run(kind, ...flags);
      expect(outcome.stdout).toBe("==> Syslog setup failed: invalid syslog facility: NOPE\n");
      expect(outcome).toEqual(await run(serf!, ...flags));
    },
  );
});
