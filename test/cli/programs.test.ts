/** Programs of one file, as `npm run compile` makes them: the version, an agent, and commands that talk to it. */

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { packageVersion } from "../../src/version.ts";
import { until } from "../interop/agents.ts";
import { lacks } from "../machine/here.ts";
import { root } from "../tidy/sources.ts";

const execute = promisify(execFile);

describe.each([
  { name: "bun", host: "127.0.0.83", missing: lacks("bun", "loopback") },
  { name: "deno", host: "127.0.0.84", missing: lacks("deno", "deno-compile", "loopback") },
])("compiled for $name", ({ name, host, missing }) => {
  describe.skipIf(missing)("one file, in a folder without anything else", { timeout: 60_000 }, () => {
    let folder: string;
    let program: string;

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "tserf-program-"));
      await execute("npm", ["run", "--silent", "compile", "--", name, `--out=${folder}`], { cwd: root });
      program = join(folder, `serf-${name}`);
    }, 120_000);

    afterAll(async () => {
      await rm(folder, { recursive: true, force: true });
    });

    it("prints the version", async () => {
      const { stdout } = await execute(program, ["version"], { cwd: folder });
      expect(stdout.split("\n")[0]).toBe(packageVersion);
    });

    it("runs an agent that its commands and filters of members find, and that leaves", async () => {
      const rpc = `-rpc-addr=${host}:17373`;
      const agent = spawn(program, ["agent", "-node=single", `-bind=${host}:17946`, rpc], { cwd: folder });
      let output = "";
      for (const stream of [agent.stdout, agent.stderr]) {
        stream.on("data", (chunk: Uint8Array) => {
          output += new TextDecoder().decode(chunk);
        });
      }
      const ended = once(agent, "close");
      try {
        await until("it runs", () => output.includes("Log data will now stream in"));
        const { stdout } = await execute(program, ["members", rpc, "-name=sing.e"], { cwd: folder });
        expect(stdout).toMatch(new RegExp(`^single +${host}:17946 +alive *\n$`));
        await execute(program, ["leave", rpc], { cwd: folder });
        expect((await ended)[0]).toBe(0);
      } finally {
        agent.kill("SIGKILL");
      }
    });
  });
});
