/** The command line of `npm run bench`: which parts, on which runtimes, and where the figures go. */

import { parseArgs } from "node:util";

/** One benchmark, which can also be run alone: `npm run bench:NAME` or its file. */
export interface Part {
  readonly file: string;
  /** `runtime` if the program itself runs on each runtime; else it starts agents of all, or simulates. */
  readonly runs: "runtime" | "agents" | "once";
  readonly about: string;
  /** Its arguments when everything is to be quick. */
  readonly quick: readonly string[];
}

/** All parts in the order in which they run. */
export const parts: Readonly<Record<string, Part>> = {
  codec: { file: "codec.ts", runs: "runtime", about: "ciphers, LZW, messages and push/pulls", quick: [] },
  "go-codec": {
    file: "go_codec.ts",
    runs: "once",
    about: "the same messages by memberlist in Go",
    quick: [],
  },
  packets: { file: "packets.ts", runs: "runtime", about: "packets through a whole node", quick: [] },
  sim: {
    file: "simulation.ts",
    runs: "runtime",
    about: "how fast a cluster is simulated",
    quick: ["--nodes=30", "--seconds=60"],
  },
  spread: {
    file: "spread.ts",
    runs: "once",
    about: "how soon events reach all members, simulated",
    quick: ["--nodes=8", "--seeds=1", "--events=10"],
  },
  start: {
    file: "start.ts",
    runs: "agents",
    about: "start-up and memory of commands and agents",
    quick: ["--rounds=3", "--agents=1", "--idle=3"],
  },
  rpc: { file: "rpc.ts", runs: "agents", about: "requests to an agent", quick: ["--sizes=8"] },
  cluster: {
    file: "cluster.ts",
    runs: "agents",
    about: "events, failures and idle agents of a cluster",
    quick: ["--events=5", "--burst=80", "--idle=5"],
  },
};

/** What somebody wants to measure. */
export interface Request {
  readonly parts: readonly string[];
  /** Names of `go` and of runtimes. */
  readonly only: readonly string[];
  /** How often parts that run on a runtime are repeated, the runtimes in turns. */
  readonly rounds: number;
  readonly quick: boolean;
  /** The file for all figures as JSON. */
  readonly json: string | undefined;
}

const programs = ["go", "node", "node24", "deno", "bun"];

/** The help text. */
export const usage: string = [
  "npm run bench -- [PART…] [--only=go,node,node24,deno,bun] [--rounds=3] [--quick] [--json=FILE]",
  "",
  ...Object.entries(parts).map(([name, { about }]) => `  ${name.padEnd(10)}${about}`),
].join("\n");

/** Reads the arguments; returns a text instead if they are wrong or ask for help. */
export function readRequest(args: readonly string[]): Request | string {
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(args);
  } catch (error) {
    return `${(error as Error).message}\n\n${usage}`;
  }
  const { values, positionals } = parsed;
  if (values.help) return usage;
  const only = values.only.split(",");
  const rounds = Number(values.rounds);
  const strangePart = positionals.find((name) => !Object.hasOwn(parts, name));
  if (strangePart !== undefined) return `There is no part "${strangePart}"\n\n${usage}`;
  const strangeProgram = only.find((name) => !programs.includes(name));
  if (strangeProgram !== undefined) return `There is no program "${strangeProgram}"\n\n${usage}`;
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > 99)
    return `--rounds is a number from 1 to 99\n\n${usage}`;
  const names = Object.keys(parts).filter((name) => positionals.length === 0 || positionals.includes(name));
  return { parts: names, only, rounds, quick: values.quick, json: values.json };
}

/** Returns the arguments of one part, whose figures go to a file. */
export function argumentsOf(name: string, request: Request, json: string): string[] {
  const { runs, quick } = parts[name]!;
  const only = runs === "agents" ? [`--only=${request.only.join(",")}`] : [];
  return [...only, ...(request.quick ? quick : []), `--json=${json}`];
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      only: { type: "string", default: programs.join(",") },
      rounds: { type: "string", default: "3" },
      quick: { type: "boolean", default: false },
      json: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
}
