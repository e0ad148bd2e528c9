/** Event handlers: what they receive, and how they are run. */

import { until } from "../../interop/agents.ts";
import type { Place, Program } from "../place.ts";
import type { Stage } from "../stage.ts";
import type { Step } from "../transcript.ts";
import { type Scenario, scenario } from "./scenario.ts";

const local = "-profile=local";

function at(host: number): string[] {
  return [`-bind=127.0.0.${host}:17946`, `-rpc-addr=127.0.0.${host}:17373`, local];
}

/** Writes its environment and its standard input to a file. */
const recorder = `{
echo "--- env"
env | grep ^SERF_ | LC_ALL=C sort | cat -A
echo "--- stdin"
cat | cat -A
echo "--- end"
} > "seen.$$"
mv "seen.$$" "$(date +%s%N).seen"
`;

/** The recorder's notes about Serf, by the heading above them. */
function recordedInvocations(step: Step): Map<string, string[]> {
  const invocations = new Map<string, string[]>();
  let current: string[] = [];
  for (const note of step.notes) {
    if (note.startsWith("## ")) {
      current = [];
      invocations.set(note.slice(3), current);
    } else if (!note.startsWith("# ")) {
      current.push(note);
    }
  }
  return invocations;
}

/**
 * The order of tags and members depends on chance, and so does which of two tags sets a variable.
 */
function normalInvocation(lines: readonly string[]): string[] {
  const normal = lines
    .filter((line) => line !== "")
    .map((line) => {
      if (line.startsWith("SERF_TAG_A_B=")) return "SERF_TAG_A_B=EITHER$";
      const cells = line.split("^I");
      if (cells.length !== 4) return line;
      const tags = cells[3]!.replace(/\$$/, "").split(",").sort().join(",");
      return [...cells.slice(0, 3), tags].join("^I");
    });
  const isMember = (line: string): boolean => line.split("^I").length === 4;
  const members = normal.filter(isMember).sort();
  return normal.map((line) => (isMember(line) ? members.shift()! : line));
}

class Invocations {
  readonly #stage: Stage;
  readonly #place: Place;
  readonly #recorded: Map<string, string[]>;
  #seen = 0;

  constructor(stage: Stage, place: Place) {
    this.#stage = stage;
    this.#place = place;
    this.#recorded = recordedInvocations(stage.transcript.items[0] as Step);
  }

  /** Compares the next invocation with the next one that was recorded. */
  async next(what: string): Promise<void> {
    const [heading, original = []] = [...this.#recorded][this.#seen]!;
    if (!heading.startsWith(what)) throw new Error(`"${heading}" comes before "${what}"`);
    this.#seen += 1;
    const files = (): string[] => this.#place.list().filter((name) => name.endsWith(".seen"));
    await until("the script was run", () => files().length > 0, 60_000);
    const [file, ...others] = files();
    const ours = this.#place.read(file!)!.split("\n");
    this.#place.remove(file!);
    this.#stage.compareNotes(0, normalInvocation(original), normalInvocation(ours), heading);
    if (others.length > 0) throw new Error(`More than one invocation for "${heading}"`);
  }

  /** The next heading notes that nothing was run. */
  none(what: string): void {
    const [heading] = [...this.#recorded][this.#seen]!;
    if (!heading.startsWith(what)) throw new Error(`"${heading}" comes before "${what}"`);
    this.#seen += 1;
  }

  /** Whether all were compared. */
  get over(): boolean {
    return this.#seen === this.#recorded.size;
  }
}

const seen = scenario("event-handlers", async (stage, place) => {
  place.write("record.sh", recorder, 0o755);
  const tags = {
    role: "web",
    "my-Tag.x": "v 1",
    ünï: "u",
    "1st": "digit",
    a_b: "x=y",
    "a-b": "collides",
    tab: "a\tb\nc",
  };
  const settings = {
    tags,
    event_handlers: ["sh record.sh"],
    tombstone_timeout: "1ms",
    reconnect_timeout: "1ms",
  };
  place.write("hc.json", JSON.stringify(settings));
  const invocations = new Invocations(stage, place);
  const agent = await stage.agent(0, { SERF_EVENT: "preset", SERF_EXTRA: "kept" });
  // On a busy machine it takes seconds until an agent runs, and its reaper begins then.
  const startedAt = Date.now();
  await invocations.next("member-join of the node itself");
  const [other, third] = (await Promise.all([
    place.agent("-node=other", ...at(62), "-tag=role=r\t1", "-tag=k=v,w", "-join=127.0.0.61:17946"),
    place.agent("-node=third", ...at(63), "-join=127.0.0.61:17946"),
  ])) as [Program, Program];
  await invocations.next("member-join of two nodes");
  await place.run("tags", "-rpc-addr=127.0.0.62:17373", "-delete=role", "-set=k=new");
  await invocations.next("member-update");
  const rpc = "-rpc-addr=127.0.0.61:17373";
  const event = async (...args: string[]): Promise<void> => {
    await place.run("event", rpc, ...args);
  };
  await event("-coalesce=false", "deploy");
  await invocations.next("user event, no payload");
  await event("-coalesce=false", "deploy", "hello world");
  await invocations.next("user event, payload without newline");
  await event("-coalesce=false", "deploy", "line1\nline2\n");
  await invocations.next("user event, payload ending in newline");
  await event("-coalesce=false", "deploy", "");
  await invocations.next("user event, empty string payload");
  await event("-coalesce=false", "odd name:=,é", "x");
  await invocations.next("user event, odd name");
  await place.peer("burst", "127.0.0.61:17373", JSON.stringify(["p0", "p1", "p2"]));
  await invocations.next("three coalesced user events");
  await place.run("query", rpc, "-timeout=1s", "load", "arg");
  await invocations.next("query with payload");
  await place.run("query", rpc, "-timeout=1s", "load");
  await invocations.next("query without payload");
  await place.run("query", rpc, "-timeout=500ms", "_serf_ping");
  invocations.none("internal ping query");
  // The reaper runs every 15 seconds; a leave that ends in the second before it would be coalesced
  // with its reap, and on a busy machine leaving takes some seconds.
  const sinceReaper = (): number => (Date.now() - startedAt) % 15_000;
  await until("the reaper is not near", () => sinceReaper() > 1_000 && sinceReaper() < 6_000, 20_000);
  await place.run("leave", "-rpc-addr=127.0.0.62:17373");
  await invocations.next("member-leave");
  await other.ended;
  await invocations.next("member-reap of the node that left");
  await third.kill("SIGKILL");
  await invocations.next("member-failed");
  await invocations.next("member-reap of the failed node");
  if (!invocations.over) throw new Error("Not all invocations were played");
  await stage.end(agent);
});

const run = scenario("event-handler-run", async (stage, place) => {
  const first = stage.transcript.items[0] as Step;
  const handlers = first.notes.filter((note) => note.startsWith("#   ")).map((note) => note.slice(4));
  place.write("hr.json", JSON.stringify({ event_handlers: handlers }));
  place.write("nowexec.sh", "#!/bin/sh\n", 0o644);
  const agent = await stage.agent(11);
  const { program } = agent;
  await program.prints("Received event: member-join");
  let handled = 0;
  const send = async (name: string, payload = "pay"): Promise<void> => {
    await place.run("event", "-rpc-addr=127.0.0.61:17373", "-coalesce=false", name, payload);
  };
  /** Every event but the last ones goes to the handler that prints "any" as well. */
  const done = async (count: number): Promise<void> => {
    handled += count;
    await program.prints("script output: any\n", handled);
  };
  for (const name of ["shell", "fail", "killed", "notfound", "noexec"]) {
    await send(name);
    await done(1);
  }
  await send("slow");
  await send("after");
  await program.prints("script output: done\n");
  await program.prints("script output: after\n");
  await done(2);
  await send("nostdin", "x".repeat(400));
  await done(1);
  await send("bigout");
  await done(1);
  await send("bg");
  await send("after");
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  await send("bgnull");
  await send("after");
  await program.prints("script output: started\n", 2);
  await program.prints("script output: after\n", 3);
  await done(4);
  for (const name of ["multi", "eq"]) {
    await send(name);
    await done(1);
  }
  await send("pipe", "abc");
  await done(1);
  await stage.playAll(0, 10);
  await stage.end(agent);
});

/** The scenarios. */
export const handlerScenarios: readonly Scenario[] = [seen, run];
