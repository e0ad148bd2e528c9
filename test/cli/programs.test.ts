/**
 * Programs of one file, as `npm run compile` makes them: the version, an agent, commands that talk to it, and a cluster with an agent of Serf.
 */

import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { packageVersion } from "../../src/version.ts";
import { until } from "../interop/agents.ts";
import { lacks, pathOf } from "../machine/here.ts";
import { root } from "../tidy/sources.ts";

const execute = promisify(execFile);

describe.each([
  { name: "bun", host: "127.0.0.83", missing: lacks("bun", "loopback") },
  { name: "deno", host: "127.0.0.84", missing: lacks("deno", "deno-compile", "loopback") },
  { name: "node", host: "127.0.0.86", missing: lacks("node24", "loopback") },
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

    it("has its checksum beside it", async () => {
      const { stdout } = await execute("sha256sum", ["--check", "SHA256SUMS"], { cwd: folder });
      expect(stdout).toBe(`serf-${name}: OK\n`);
    });

    it("runs an agent that its commands and filters of members find, and that leaves", async () => {
      const rpc = `-rpc-addr=${host}:17373`;
      const agent = start(program, folder, ["agent", "-node=single", `-bind=${host}:17946`, rpc]);
      try {
        await agent.prints("Log data will now stream in");
        const { stdout } = await execute(program, ["members", rpc, "-name=sing.e"], { cwd: folder });
        expect(stdout).toMatch(new RegExp(`^single +${host}:17946 +alive *\n$`));
        await execute(program, ["leave", rpc], { cwd: folder });
        expect(await agent.ended).toBe(0);
      } finally {
        agent.child.kill("SIGKILL");
      }
    });

    it.skipIf(lacks("serf-0.10"))(
      "joins an agent of Serf, and each side's commands reach the other",
      async () => {
        const serf = pathOf("serf-0.10");
        const [rpc, otherRpc] = [`-rpc-addr=${host}:17373`, `-rpc-addr=${host}:17374`];
        const handler = join(folder, "handler.sh");
        await writeFile(handler, `#!/bin/sh\necho "$SERF_USER_EVENT $(cat)" >> ${folder}/handled\n`, {
          mode: 0o755,
        });
        const other = start(serf, folder, ["agent", "-node=go", `-bind=${host}:17947`, otherRpc]);
        const agent = start(program, folder, [
          ...["agent", "-node=single", `-bind=${host}:17946`, rpc],
          ...[`-join=${host}:17947`, `-event-handler=user:deploy=${handler}`],
        ]);
        try {
          await agent.prints("Log data will now stream in");
          const list = async (command: string, flag: string): Promise<string> => {
            const { stdout } = await execute(command, ["members", flag], { cwd: folder });
            return stdout
              .split("\n")
              .map((line) => line.split(/ +/).slice(0, 3).join(" "))
              .sort()
              .join();
          };
          const both = `,go ${host}:17947 alive,single ${host}:17946 alive`;
          await until("both know both", async () => {
            const [one, two] = await Promise.all([list(program, rpc), list(serf, otherRpc)]);
            return one === both && two === both;
          });
          // Each command asks the other's agent.
          expect(await list(program, otherRpc)).toBe(both);
          expect(await list(serf, rpc)).toBe(both);
          await execute(serf, ["event", otherRpc, "deploy", "v2"], { cwd: folder });
          await until(
            "the handler ran",
            async () => (await readText(join(folder, "handled"))) === "deploy v2\n",
          );
          await execute(serf, ["leave", rpc], { cwd: folder });
          expect(await agent.ended).toBe(0);
        } finally {
          agent.child.kill("SIGKILL");
          other.child.kill("SIGKILL");
        }
      },
    );
  });
});

interface Started {
  readonly child: ChildProcess;
  /** The exit code. */
  readonly ended: Promise<number | null>;
  prints(text: string): Promise<void>;
}

function start(program: string, cwd: string, args: readonly string[]): Started {
  const child = spawn(program, args, { cwd });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Uint8Array) => {
      output += new TextDecoder().decode(chunk);
    });
  }
  return {
    child,
    ended: once(child, "close").then(([code]) => code as number | null),
    prints: async (text) => await until(`it prints ${text}`, () => output.includes(text)),
  };
}

/** The text of a file, empty if there is none. */
async function readText(path: string): Promise<string> {
  return await readFile(path, "utf8").catch(() => "");
}
