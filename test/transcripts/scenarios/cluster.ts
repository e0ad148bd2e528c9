/** One cluster of three, and every command on it, in the order in which it was recorded. */

import type { Place, Program } from "../place.ts";
import type { Playing, Stage } from "../stage.ts";
import type { Scenario } from "./scenario.ts";

const atA = "-rpc-addr=127.0.0.11:17373";

/** The answers to queries that the transcript describes. */
const handler = `case "$SERF_QUERY_NAME" in
  load) echo "1.0 from $SERF_SELF_NAME" ;;
  multi) printf 'l1\\nl2\\n\\n' ;;
  nonl) printf 'x<&>y\\t\\001' ;;
  fail) echo bad; exit 3 ;;
  err) echo tostderr >&2 ;;
  cat) printf '%s' "$(cat)" ;;
  big) head -c 2000 /dev/zero | tr '\\0' a ;;
  slow) sleep 1.3; echo slow ;;
esac
`;

const names = [
  "cluster-join",
  "cluster-members",
  "cluster-event",
  "cluster-query",
  "cluster-reachability",
  "cluster-rtt",
  "cluster-info",
  "cluster-tags",
  "cluster-monitor",
  "cluster-force-leave",
  "cluster-leave",
  "agent-log-cluster",
] as const;

/** Starts a recorded agent that lets queries run to their end, as the recorded ones did. */
async function waitingAgent(stage: Stage, index: number): Promise<Playing> {
  const playing = stage.start(index, [...stage.step(index).args, "-query-wait-for-deadline"]);
  await playing.program.prints("==> Log data will now stream in");
  return playing;
}

async function playWhole(stage: Stage): Promise<void> {
  await stage.playAll(0, stage.transcript.items.length - 1);
}

/** Interrupts a command after it has printed something; queries that gossip lost are sent again. */
async function interrupted(stage: Stage, index: number, text: string, count = 1): Promise<void> {
  for (let attempt = 0; attempt < 3 && !stage.matches(index); attempt += 1) {
    const playing = stage.start(index);
    await playing.program.prints(text, count, 5_000).catch(() => undefined);
    playing.program.signal("SIGINT");
    await stage.finish(playing);
  }
}

async function monitors(stage: Stage, place: Place): Promise<void> {
  for (let index = 0; index < 3; index += 1) {
    const monitor = stage.start(index);
    await monitor.program.prints("exit status 3");
    await place.run("event", atA, "-coalesce=false", "deploy", "v1");
    await place.run("query", atA, "load", "q1");
    await place.run("tags", "-rpc-addr=127.0.0.12:17373", "-set=m=1");
    await stage.settled(monitor, 3_000);
    monitor.program.signal("SIGINT");
    await stage.finish(monitor);
  }
  await stage.playAll(3, 4);
}

/**
 * A query lasts 1.6 seconds: the next begins when the one before it has arrived. Only slow answers
 * have to be waited for.
 */
async function askAll(stage: Stage, agent: Program): Promise<void> {
  const isSlow = (index: number): boolean => stage.step(index).args.includes("slow");
  let asked: Playing[] = [];
  for (let index = 0; index < 40; index += 1) {
    if (isSlow(index) || asked.some(({ step }) => isSlow(step.index))) {
      await answered(stage, asked);
      asked = [];
    }
    const accepted = agent.stdout.split("Accepted client").length;
    asked.push(stage.start(index));
    await agent.prints("Accepted client", accepted);
  }
  await answered(stage, asked);
}

/** Waits for queries; those that gossip lost are sent again. */
async function answered(stage: Stage, asked: readonly Playing[]): Promise<void> {
  await Promise.all(asked.map((playing) => stage.finish(playing)));
  for (const { step } of asked) {
    for (let attempt = 1; attempt < 3 && !stage.matches(step.index); attempt += 1)
      await stage.play(step.index);
  }
}

async function play(place: Place, stages: Readonly<Record<(typeof names)[number], Stage>>): Promise<void> {
  place.write("h.sh", `#!/bin/sh\n${handler}`, 0o755);
  const logs = stages["agent-log-cluster"];
  const [a, b, c] = await Promise.all([0, 1, 2].map((index) => waitingAgent(logs, index)));
  const { program: first } = a!;
  await playWhole(stages["cluster-join"]);
  for (const { program } of [a!, b!, c!]) await program.prints("Received event: member-join");
  await playWhole(stages["cluster-members"]);
  await playWhole(stages["cluster-event"]);

  const query = stages["cluster-query"];
  await askAll(query, first);
  await interrupted(query, 40, "Response from", 3);
  await playWhole(stages["cluster-info"]);
  await playWhole(stages["cluster-rtt"]);
  const reachability = stages["cluster-reachability"];
  await reachability.playAll(0, 1);
  await interrupted(reachability, 2, "Starting reachability test...");
  await playWhole(stages["cluster-tags"]);
  await monitors(stages["cluster-monitor"], place);

  const force = stages["cluster-force-leave"];
  await logs.settled(c!, 2_000);
  c!.program.signal("SIGKILL");
  await logs.finish(c!);
  await force.playAll(0, 1);
  // A live member refutes.
  await force.playUntilSame(2);
  await first.prints("EventMemberFailed: node-c");
  await b!.program.prints("EventMemberFailed: node-c");
  await force.playAll(3, 10);
  const fourth = await place.agent(
    "-node=node-d",
    "-bind=127.0.0.14:17946",
    "-rpc-addr=127.0.0.14:17373",
    "-profile=local",
    "-join=127.0.0.11:17946",
  );
  await b!.program.prints("EventMemberJoin: node-d");
  await fourth.kill("SIGKILL");
  await first.prints("EventMemberFailed: node-d");
  await b!.program.prints("EventMemberFailed: node-d");
  await force.playAll(11, 13);
  await force.playUntilSame(14);
  await force.playAll(15, 16);

  const leave = stages["cluster-leave"];
  // By then held events have been released.
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  const monitor = leave.start(0);
  await monitor.program.prints("EventMemberReap (forced): node-d");
  await leave.play(1);
  await leave.finish(monitor);
  await logs.finish(b!);
  await leave.playUntilSame(2);
  await leave.playAll(3, 4);
  await logs.finish(a!);
}

/** The scenario. */
export const cluster: Scenario = {
  transcripts: names,
  lossy: true,
  play: async (place, ...stages) => {
    const named = Object.fromEntries(names.map((name, index) => [name, stages[index]!]));
    await play(place, named as Record<(typeof names)[number], Stage>);
  },
};
