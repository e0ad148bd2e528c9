/** The installed package on each runtime: a program with two nodes, and the commands. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "../../interop/agents.ts";
import { lacks, pathOf } from "../../machine/here.ts";
import { root } from "../../tidy/sources.ts";
import { type Installed, installPacked, packedManifest } from "../installed.ts";

const execute = promisify(execFile);
let installed: Installed;

beforeAll(async () => {
  installed = await installPacked();
  await cp(join(root, "test/package/smoke.mjs"), join(installed.folder, "smoke.mjs"));
}, 120_000);

afterAll(async () => {
  await installed.remove();
});

describe.each([
  { name: "node", flags: [], command: ["node_modules/.bin/serf"] },
  { name: "node24", flags: [], command: ["node_modules/.bin/serf"] },
  {
    name: "deno",
    flags: ["run", "-A", "--node-modules-dir=manual"],
    command: ["run", "-A", "--node-modules-dir=manual", "npm:tserf/serf"],
  },
  { name: "bun", flags: [], command: ["x", "--bun", "serf"] },
] as const)("on $name", ({ name, flags, command }) => {
  describe.skipIf(lacks(name, "loopback"))("the installed package", { timeout: 60_000 }, () => {
    it("runs commands, an agent, and a program with two nodes that talks to it", async () => {
      const options = { cwd: installed.folder, timeout: 30_000 };
      const program = pathOf(name);
      const version = await execute(program, [...command, "version"], options);
      expect(version.stdout.split("\n")[0]).toBe(packedManifest().version);
      const rpc = "127.0.0.80:17373";
      const args = ["agent", "-node=packed", "-bind=127.0.0.80:17946", `-rpc-addr=${rpc}`];
      const agent = spawn(program, [...command, ...args], { cwd: installed.folder });
      let output = "";
      for (const stream of [agent.stdout, agent.stderr]) {
        stream.on("data", (chunk: Uint8Array) => {
          output += new TextDecoder().decode(chunk);
        });
      }
      const ended = once(agent, "close");
      try {
        await Promise.race([until("it runs", () => output.includes("Serf agent running!")), ended]);
        expect(output).toContain("Serf agent running!");
        const members = await execute(program, [...command, "members", `-rpc-addr=${rpc}`], options);
        expect(members.stdout).toMatch(/^packed +127\.0\.0\.80:17946 +alive/);
        const smoke = await execute(program, [...flags, "smoke.mjs", rpc], options);
        expect(smoke.stdout.split("\n")).toEqual([
          "members one alive, two alive",
          "event deploy v2",
          "response two 0.7 now",
          "error true ERR_ADDRESS",
          "agent packed",
          "states shutdown shutdown",
          "",
        ]);
        await execute(program, [...command, "leave", `-rpc-addr=${rpc}`], options);
        expect((await ended)[0]).toBe(0);
      } finally {
        agent.kill("SIGKILL");
      }
    });
  });
});

describe.each(["node", "node24"] as const)("on %s", (name) => {
  it.skipIf(lacks(name))("is required by a program that is no module", async () => {
    const program = 'console.log(Object.keys(require("tserf")).join(), require("tserf/sim").World.name)';
    const args = ["--input-type=commonjs", "-e", program];
    const { stdout } = await execute(pathOf(name), args, { cwd: installed.folder });
    expect(stdout).toBe("JoinError,KeyError,NodeEvents,Serf,SerfError,nodeRuntime World\n");
  });
});
