/**
 * An agent with a fake node, and command lines that connect to it. All commands are imported first,
 * because virtual time does not wait for a disk.
 */

import "../../src/cli/commands/event.ts";
import "../../src/cli/commands/force_leave.ts";
import "../../src/cli/commands/info.ts";
import "../../src/cli/commands/join.ts";
import "../../src/cli/commands/keygen.ts";
import "../../src/cli/commands/keys.ts";
import "../../src/cli/commands/leave.ts";
import "../../src/cli/commands/members.ts";
import "../../src/cli/commands/monitor.ts";
import "../../src/cli/commands/query.ts";
import "../../src/cli/commands/reachability.ts";
import "../../src/cli/commands/rtt.ts";
import "../../src/cli/commands/simulate.ts";
import "../../src/cli/commands/tags.ts";
import "../../src/cli/commands/version.ts";
import "../../src/rpc/client/client.ts";
import { runAgent } from "../../src/agent/run.ts";
import { readConfig } from "../../src/cli/commands/agent.ts";
import { main } from "../../src/cli/main.ts";
import { FakeRuntime, FakeStart, member, settle } from "../agent/fakes.ts";
import { MemoryStreams } from "../rpc/memory.ts";

/** What a command printed. */
export interface Printed {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts an agent, with further flags. */
export async function agent(
  ...flags: readonly string[]
): Promise<{ streams: MemoryStreams; starter: FakeStart; host: FakeRuntime }> {
  const streams = new MemoryStreams();
  const host = new FakeRuntime([], {}, streams);
  const starter = new FakeStart();
  starter.prepare = (node) => {
    node.others = [
      member("node-b", "127.0.0.12", { role: "db" }),
      member("ünïcode", "127.0.0.13", {}, "failed"),
    ];
  };
  void runAgent(
    async () =>
      await readConfig(
        ["-node=node-a", "-bind=127.0.0.41:17946", "-tag", "role=web", "-tag", "a=<1>", ...flags],
        host.runtime.files,
      ),
    host.runtime,
    starter.start,
  );
  await settle();
  return { streams, starter, host };
}

/** Runs a command line; a string is split at spaces. */
export async function call(
  streams: MemoryStreams,
  args: string | readonly string[],
  env: Record<string, string> = {},
): Promise<Printed> {
  const list = typeof args === "string" ? args.split(" ").filter((argument) => argument !== "") : args;
  return await begin(streams, list, env).printed;
}

/** Starts a command line that runs until it is signalled. */
export function begin(
  streams: MemoryStreams,
  args: readonly string[],
  env: Record<string, string> = {},
): { readonly fake: FakeRuntime; readonly printed: Promise<Printed> } {
  const fake = new FakeRuntime(args, env, streams);
  const printed = main(fake.runtime).then((code) => ({ code, stdout: fake.stdout, stderr: fake.stderr }));
  return { fake, printed };
}
