/** Commands that reach an agent through a unix domain socket, on every runtime. */

import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { lacks } from "../machine/here.ts";
import { Agent, installed, type Outcome, ours, run, stopAll } from "./agents.ts";

const folder = mkdtempSync(join(tmpdir(), "tserf-socket-"));
const subnet = `127.${60 + (process.pid % 100)}.19`;

afterEach(stopAll);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(lacks("loopback")).each(installed(ours))("a socket in the file system, on %s", (kind) => {
  const path = join(folder, `${kind}.sock`);
  const flag = `-rpc-addr=unix://${path}`;
  const host = (index: number): string => `${subnet}.${10 * ours.indexOf(kind) + index}`;

  it("accepts commands, belongs to its user, and is removed with its agent", async () => {
    const agent = await Agent.start(kind, "a", host(1), flag);
    expect(agent.log).toContain(`RPC addr: 'unix://${path}'`);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const members = await run(kind, "members", flag);
    expect(members).toEqual({
      stdout: `a  ${host(1)}:17946  alive\n`,
      stderr: "",
      code: 0,
    } satisfies Outcome);
    expect(agent.log).toContain(`[INFO] agent.ipc: Accepted client: unix:${path}`);
    const event = await run(kind, "event", flag, "deploy", "v2");
    expect(event).toMatchObject({ stderr: "", code: 0 });
    const left = await run(kind, "leave", flag);
    expect(left).toEqual({ stdout: "Graceful leave complete\n", stderr: "", code: 0 });
    expect(await agent.ended).toBe(0);
    expect(existsSync(path)).toBe(false);
    expect(await run(kind, "members", flag)).toEqual({
      stdout: `Error connecting to Serf agent: dial unix ${path}: connect: no such file or directory\n`,
      stderr: "",
      code: 1,
    });
  });

  it("is taken over from an agent that was killed, not from a running one", async () => {
    const first = await Agent.start(kind, "a", host(2), flag);
    const second = await Agent.start(kind, "b", host(3), flag);
    expect(await second.ended).toBe(1);
    expect(second.log).toContain(
      `==> Error starting RPC listener: listen unix ${path}: bind: address already in use\n`,
    );
    expect((await run(kind, "members", flag)).code).toBe(0);
    await first.kill("SIGKILL");
    expect(existsSync(path)).toBe(true);
    await Agent.start(kind, "c", host(4), flag);
    expect((await run(kind, "members", flag)).stdout).toMatch(/^c /);
  });
});
