/**
 * Commands used with other programs, beside the same with Go's Serf: output into a pipe that is closed, as in
 * `serf monitor | head -1`, and arguments that are not text.
 */

import { spawn } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Agent, commandOf, installed, type Kind, ours, stopAll, until } from "./agents.ts";

const host = `127.${100 + (process.pid % 100)}.64.1`;
let agent: Agent;

beforeAll(async () => {
  agent = await Agent.start("node", "n", host, "-profile=local", "-log-level=debug");
}, 30_000);
afterAll(stopAll);

/** Exit code, as the shell sees it, of a command whose reader takes one line and ends. */
async function codeOf(kind: Kind, ...args: string[]): Promise<string> {
  const found = commandOf(kind);
  const script = '{ "$@"; echo $? >&2; } | head -1';
  const command = [found.program, ...found.args, ...args, `-rpc-addr=${agent.rpcAddress}`];
  const child = spawn("/bin/sh", ["-c", script, "sh", ...command]);
  let code = "";
  child.stderr.on("data", (chunk: Buffer) => {
    code += chunk.toString();
  });
  child.stdout.resume();
  // Something to print comes again and again.
  const events = setInterval(() => void agent.cli("node", "event", "tick"), 500);
  await new Promise((resolve) => child.once("close", resolve));
  clearInterval(events);
  return code.trim();
}

describe.each(installed(["serf-0.10", ...ours]))("on %s", (kind) => {
  it("a monitor ends with its reader", { timeout: 30_000 }, async () => {
    expect(await codeOf(kind, "monitor")).toBe("141");
  });
});

describe.each(installed(["serf-0.10", "node", "bun"]))("on %s", (kind) => {
  it("a payload that is not UTF-8 arrives byte for byte", { timeout: 30_000 }, async () => {
    const found = commandOf(kind);
    const script = 'exec "$@" "$(printf "%s\\377" "$KIND")"';
    const command = [found.program, ...found.args, "event", `-rpc-addr=${agent.rpcAddress}`, "raw"];
    const child = spawn("/bin/sh", ["-c", script, "sh", ...command], { env: { ...process.env, KIND: kind } });
    expect(await new Promise((resolve) => child.once("close", resolve))).toBe(0);
    await until("the event", () =>
      agent.log.includes(`event send: raw. Coalesced: true. Payload: "${kind}\\xff"`),
    );
  });
});
