/**
 * The rooms of the house and what each may import: the table of `src/README.md` as data. A file belongs to the room with the longest
 * matching path and imports its own room and those that it sees.
 */

import { imports, place, resolve, type Source } from "./sources.ts";

/** One row of the table. */
export interface Room {
  readonly name: string;
  /** Files, or folders with a slash at the end; `*` matches one name. */
  readonly paths: readonly string[];
  readonly rule: string;
  /** Names of rooms, or paths of single files. */
  readonly sees: readonly string[];
  /** Samples that a file of this room must not import. */
  readonly never: readonly string[];
}

const floor = ["errors, runtime"];
const serfGround = ["core", "core/wire", "core/coordinate", "core/swim", "core/serf/wire", "net", ...floor];
const serfRooms = [...serfGround, "core/serf, below its rooms"];
/** The words that everybody above the core shares: members, events, coordinates, log levels. */
const vocabulary = ["src/core/serf/api.ts", "core", "core/coordinate", "async", ...floor];

/** The table. */
export const rooms: readonly Room[] = [
  {
    name: "errors, runtime",
    paths: ["src/errors.ts", "src/runtime.ts", "src/host/"],
    rule: "import nothing but each other",
    sees: [],
    never: ["src/net/address.ts", "src/go/quote.ts"],
  },
  {
    name: "version",
    paths: ["src/version.ts"],
    rule: "imports nothing",
    sees: [],
    never: ["src/errors.ts"],
  },
  {
    name: "net",
    paths: ["src/net/"],
    rule: "pure; imports nothing of src but errors.ts and runtime.ts",
    sees: floor,
    never: ["src/go/quote.ts", "src/core/assert.ts", "src/version.ts"],
  },
  {
    name: "go",
    paths: ["src/go/"],
    rule: "pure; imports nothing of src but net, errors.ts and runtime.ts",
    sees: ["net", ...floor],
    never: ["src/core/assert.ts", "src/shell/serf.ts"],
  },
  {
    name: "async",
    paths: ["src/async/"],
    rule: "waits and queues that rooms with promises share; imports nothing of src but errors.ts and runtime.ts",
    sees: floor,
    never: ["src/core/assert.ts", "src/go/quote.ts"],
  },
  {
    name: "core",
    paths: ["src/core/"],
    rule: "the ground of the core: knows none of its folders",
    sees: floor,
    never: ["src/core/wire/codec.ts", "src/core/swim/swim.ts", "src/shell/serf.ts", "runtimes/node/mod.ts"],
  },
  {
    name: "wasm",
    paths: ["wasm/module.ts"],
    rule: "the generated module; imports nothing",
    sees: [],
    never: ["src/errors.ts"],
  },
  {
    name: "core/wire",
    paths: ["src/core/wire/"],
    rule: "the only place that sees WebAssembly",
    sees: ["wasm", "core", "src/go/parse_key.ts", ...floor],
    never: ["src/core/swim/config.ts", "src/go/base64.ts"],
  },
  {
    name: "core/coordinate",
    paths: ["src/core/coordinate/"],
    rule: "arithmetic on coordinates; knows no message and no member",
    sees: ["core"],
    never: ["src/core/wire/codec.ts", "src/core/swim/members.ts"],
  },
  {
    name: "core/swim",
    paths: ["src/core/swim/"],
    rule: "never imports serf; calls up through Application",
    sees: ["core", "core/wire", "net", ...floor],
    never: [
      "src/core/serf/config.ts",
      "src/core/serf/wire/tags.ts",
      "src/shell/serf.ts",
      "wasm/module.ts",
      "runtimes/node/mod.ts",
    ],
  },
  {
    name: "core/serf/wire",
    paths: ["src/core/serf/wire/"],
    rule: "Serf's messages; knows the records they carry, and nobody who sends or receives them",
    sees: ["core/coordinate", "core", "core/wire", "net", "src/core/serf/api.ts", ...floor],
    never: ["src/core/serf/config.ts", "src/core/serf/members/members.ts", "src/core/swim/swim.ts"],
  },
  {
    name: "core/serf, below its rooms",
    paths: ["api", "config", "context", "effects", "lamport", "local", "queues"].map(
      (name) => `src/core/serf/${name}.ts`,
    ),
    rule: "what all rooms of core/serf stand on; imports none of them but wire",
    sees: serfGround,
    never: ["src/core/serf/members/members.ts", "src/core/serf/serf_core.ts"],
  },
  {
    name: "core/serf/members",
    paths: ["src/core/serf/members/"],
    rule: "imports no other room of core/serf but wire",
    sees: serfRooms,
    never: [
      "src/core/serf/events/user_events.ts",
      "src/core/serf/queries/queries.ts",
      "src/core/serf/life/life.ts",
      "src/core/serf/inbox.ts",
    ],
  },
  {
    name: "core/serf/events",
    paths: ["src/core/serf/events/"],
    rule: "imports no other room of core/serf but wire",
    sees: serfRooms,
    never: ["src/core/serf/members/members.ts", "src/core/serf/pipeline.ts"],
  },
  {
    name: "core/serf/life",
    paths: ["src/core/serf/life/"],
    rule: "stands on members and events",
    sees: [...serfRooms, "core/serf/members", "core/serf/events"],
    never: [
      "src/core/serf/queries/queries.ts",
      "src/core/serf/snapshot/snapshot.ts",
      "src/core/serf/serf_core.ts",
    ],
  },
  {
    name: "core/serf/queries",
    paths: ["src/core/serf/queries/"],
    rule: "stands on members and events; reads keys as Go would",
    sees: [...serfRooms, "core/serf/members", "core/serf/events", "go"],
    never: [
      "src/core/serf/life/life.ts",
      "src/core/serf/snapshot/snapshot.ts",
      "src/core/serf/inbox.ts",
      "wasm/module.ts",
    ],
  },
  {
    name: "core/serf/snapshot",
    paths: ["src/core/serf/snapshot/"],
    rule: "restores members, events and queries; nobody below knows of it",
    sees: [...serfRooms, "core/serf/members", "core/serf/events", "core/serf/queries"],
    never: ["src/core/serf/life/life.ts", "src/core/serf/push_pull.ts", "src/core/serf/serf_core.ts"],
  },
  {
    name: "core/serf",
    paths: ["src/core/serf/"],
    rule: "the files that route to its rooms; seen by the shell alone",
    sees: [
      ...serfRooms,
      "core/serf/members",
      "core/serf/events",
      "core/serf/life",
      "core/serf/queries",
      "core/serf/snapshot",
    ],
    never: ["src/shell/serf.ts", "src/go/quote.ts", "wasm/module.ts"],
  },
  {
    name: "shell",
    paths: ["src/shell/"],
    rule: "the promises around the core; knows no agent, no RPC and no command",
    sees: [
      ...serfRooms,
      "core/serf",
      "core/serf/members",
      "core/serf/events",
      "core/serf/queries",
      "core/serf/snapshot",
      "go",
      "async",
    ],
    never: [
      "src/agent/agent.ts",
      "src/rpc/codec.ts",
      "src/cli/main.ts",
      "runtimes/node/runtime.ts",
      "wasm/module.ts",
    ],
  },
  {
    name: "mod",
    paths: ["src/mod.ts"],
    rule: "the library's public face",
    sees: ["shell", ...vocabulary],
    never: ["src/agent/agent.ts", "src/core/serf/serf_core.ts"],
  },
  {
    name: "rpc",
    paths: ["src/rpc/"],
    rule: "what both ends share; knows neither of them",
    sees: ["go", "net", ...vocabulary],
    never: ["src/rpc/server/server.ts", "src/rpc/client/client.ts", "src/shell/serf.ts"],
  },
  {
    name: "rpc/server",
    paths: ["src/rpc/server/"],
    rule: "knows AgentService, never the agent; does not import the client",
    sees: ["rpc", "go", "net", ...vocabulary],
    never: [
      "src/agent/agent.ts",
      "src/shell/serf.ts",
      "src/rpc/client/client.ts",
      "src/core/serf/serf_core.ts",
    ],
  },
  {
    name: "rpc/client",
    paths: ["src/rpc/client/"],
    rule: "does not import the server",
    sees: ["rpc", "go", "net", ...vocabulary],
    never: ["src/rpc/server/session.ts", "src/agent/agent.ts", "src/core/serf/wire/messages.ts"],
  },
  {
    name: "agent",
    paths: ["src/agent/"],
    rule: "embeds shell and rpc/server; knows no flags",
    sees: [
      "shell",
      "rpc",
      "rpc/server",
      "go",
      "net",
      "version",
      "core/serf/wire",
      "src/core/serf/queries/received.ts",
      ...vocabulary,
    ],
    never: [
      "src/cli/main.ts",
      "src/cli/arguments.ts",
      "src/rpc/client/client.ts",
      "src/core/serf/serf_core.ts",
    ],
  },
  {
    name: "cli",
    paths: ["src/cli/"],
    rule: "talks through rpc/client; knows no agent",
    sees: [
      "the agent command",
      "the simulate command",
      "rpc",
      "rpc/client",
      "go",
      "net",
      "version",
      ...vocabulary,
    ],
    never: ["src/agent/config/config.ts", "src/shell/serf.ts", "src/rpc/server/server.ts"],
  },
  {
    name: "the agent command",
    paths: ["src/cli/commands/agent.ts", "src/cli/agent_flags.ts"],
    rule: "the only command that imports the agent, and its flags",
    sees: ["agent", "cli", "go", "net", "version", ...vocabulary],
    never: ["src/shell/serf.ts", "runtimes/node/runtime.ts"],
  },
  {
    name: "the simulate command",
    paths: ["src/cli/commands/simulate.ts"],
    rule: "the only command that imports the simulator, and of that the report alone",
    sees: ["the simulator's report", "cli", "go", ...floor],
    never: ["runtimes/sim/cores/world.ts", "src/shell/serf.ts", "src/agent/run.ts"],
  },
  {
    name: "runtimes",
    paths: ["runtimes/"],
    rule: "adapters see only the interfaces",
    sees: ["src/runtime.ts", "src/host/multicast.ts", "src/net/address.ts"],
    never: ["src/shell/serf.ts", "src/errors.ts", "src/net/cidr.ts", "src/core/assert.ts"],
  },
  {
    name: "the simulator's cores",
    paths: ["runtimes/sim/cores/"],
    rule: "drive bare cores, as the shell does; know no sockets, promises or engine",
    sees: [
      "runtimes",
      "core/serf",
      ...serfRooms,
      "core/serf/snapshot",
      "src/shell/open.ts",
      "src/shell/options/options.ts",
      ...floor,
    ],
    never: ["src/shell/serf.ts", "src/agent/run.ts", "runtimes/node/mod.ts"],
  },
  {
    name: "the simulator's checkers",
    paths: ["runtimes/sim/checkers/"],
    rule: "watch the simulator's cores and change nothing",
    sees: [
      "the simulator's cores",
      "core/serf",
      ...serfRooms,
      "core/serf/snapshot",
      "core/serf/queries",
      "src/shell/options/options.ts",
      "src/shell/open.ts",
    ],
    never: ["src/shell/serf.ts", "src/agent/run.ts", "runtimes/sim/scenarios/trial.ts"],
  },
  {
    name: "the simulator's scenarios",
    paths: ["runtimes/sim/scenarios/"],
    rule: "play faults in a world of cores under its checkers",
    sees: [
      "the simulator's checkers",
      "the simulator's cores",
      "runtimes",
      "core",
      "core/wire",
      "core/serf/wire",
      "src/core/serf/queries/filters.ts",
      "src/core/swim/config.ts",
      "src/go/parse_key.ts",
      "src/shell/open.ts",
      "src/shell/options/options.ts",
    ],
    never: ["src/shell/serf.ts", "src/core/swim/swim.ts", "runtimes/node/mod.ts"],
  },
  {
    name: "the simulator's report",
    paths: ["runtimes/sim/report/"],
    rule: "plays a scenario on bare cores and returns data or text; knows no flags, terminal or promises",
    sees: ["the simulator's cores", "runtimes", "core", "core/swim", "core/serf, below its rooms"],
    never: ["src/cli/arguments.ts", "src/shell/serf.ts", "src/go/duration.ts", "runtimes/node/mod.ts"],
  },
  {
    name: "the simulator's page",
    paths: ["runtimes/sim/page/"],
    rule: "shows a world of bare cores in a browser; knows no shell, engine or command",
    sees: [
      "the simulator's cores",
      "runtimes",
      "core",
      "core/swim",
      "core/wire",
      "core/serf/wire",
      "core/serf, below its rooms",
      ...floor,
    ],
    never: ["src/shell/serf.ts", "runtimes/sim/report/report.ts", "runtimes/node/mod.ts"],
  },
  {
    name: "runtimes, put together",
    paths: [
      "runtimes/*/mod.ts",
      "runtimes/*/rpc.ts",
      "runtimes/*/cli.ts",
      "runtimes/node/program.ts",
      "runtimes/sim/cluster.ts",
    ],
    rule: "hand a runtime to the library, to the RPC client, or to the commands",
    sees: [
      "runtimes",
      "the simulator's cores",
      "the simulator's checkers",
      "the simulator's scenarios",
      "mod",
      "shell",
      "rpc/client",
      "cli",
      ...floor,
    ],
    never: ["src/core/serf/serf_core.ts", "src/agent/run.ts"],
  },
  {
    name: "runtimes, put together with the agent",
    paths: ["runtimes/*/agent.ts"],
    rule: "hand a runtime to the agent for programs, which knows neither console nor flags",
    sees: ["runtimes", "runtimes, put together", "agent", "shell", "mod", ...floor],
    never: ["src/core/serf/serf_core.ts", "src/cli/main.ts", "src/rpc/client/client.ts"],
  },
];

/** Imports of a room from one that it may not import. */
export function keepsToItsRoom(file: Source): string[] {
  const from = roomOf(file.path);
  const wrong: string[] = [];
  for (const { to, node } of imports(file)) {
    if (!to.startsWith(".")) continue;
    const target = resolve(file, to);
    const room = roomOf(target);
    if (room === from || from.sees.includes(room.name) || from.sees.includes(target)) continue;
    wrong.push(`${place(file, node)} imports ${target}; ${from.name}: ${from.rule}`);
  }
  return wrong;
}

/** The room of a file, by its longest matching path. Throws if there is none. */
export function roomOf(path: string): Room {
  let best: { room: Room; length: number } | undefined;
  for (const room of rooms) {
    for (const pattern of room.paths) {
      if (matches(path, pattern) && pattern.length > (best?.length ?? 0))
        best = { room, length: pattern.length };
    }
  }
  if (best === undefined) throw new Error(`${path} is in no room`);
  return best.room;
}

function matches(path: string, pattern: string): boolean {
  if (pattern.endsWith("/")) return path.startsWith(pattern);
  const names = path.split("/");
  const wanted = pattern.split("/");
  return (
    names.length === wanted.length && wanted.every((name, index) => name === "*" || name === names[index])
  );
}
