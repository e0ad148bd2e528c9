/** Old protocols, limits, two agents of one name, leaving twice; and what each log level shows. */

import type { Place } from "../place.ts";
import type { Stage } from "../stage.ts";
import { type Scenario, scenario } from "./scenario.ts";

const local = "-profile=local";

function at(host: number): string[] {
  return [`-bind=127.0.0.${host}:17946`, `-rpc-addr=127.0.0.${host}:17373`, local];
}

async function limits(stage: Stage, place: Place): Promise<void> {
  place.write(
    "small.json",
    '{"user_event_size_limit": 30, "query_size_limit": 60, "query_response_size_limit": 60}',
  );
  const small = await place.agent("-node=n", ...at(81), "-config-file=small.json");
  await stage.playAll(15, 19);
  await small.kill("SIGKILL");
  place.write("big.json", '{"user_event_size_limit": 9216, "query_size_limit": 4096}');
  const big = await place.agent("-node=n", ...at(81), "-config-file=big.json");
  const sizes: [number, string, number][] = [
    [20, "event", 9215],
    [21, "event", 9180],
    [22, "query", 3000],
  ];
  for (const [index, name, size] of sizes) {
    await stage.finish(stage.start(index, [name, "-rpc-addr=127.0.0.81:17373", "x", "x".repeat(size)]));
  }
  await big.kill("SIGKILL");
}

async function nameConflict(stage: Stage, place: Place): Promise<void> {
  const first = await stage.agent(24);
  const second = await stage.agent(25);
  const third = await place.agent("-node=c3", ...at(83), "-join=127.0.0.81:17946");
  await second.program.prints("EventMemberJoin: c3");
  await first.program.prints("EventMemberJoin: c3");
  const newcomer = await stage.agent(23);
  await stage.finish(newcomer);
  // One that ends while the other still waits for a line would be suspected by it.
  await Promise.all([stage.settled(first), stage.settled(second)]);
  await Promise.all([stage.end(first), stage.end(second)]);
  await third.kill("SIGKILL");
}

async function leaveTwice(stage: Stage, place: Place): Promise<void> {
  const other = await place.agent("-node=o", ...at(82));
  const leaving = await stage.agent(26);
  const first = place.start(["leave", "-rpc-addr=127.0.0.81:17373"]);
  await leaving.program.prints("EventMemberLeave: n");
  const second = place.start(["leave", "-rpc-addr=127.0.0.81:17373"]);
  const ends = await Promise.all([first.over(), second.over()]);
  const told = [first, second].map(({ stdout }, index) => `${JSON.stringify(stdout)} ${ends[index]}`);
  await stage.finish(leaving);
  stage.compareNotes(
    26,
    leaving.step.notes.flatMap((note) => /^(?:first|second).*?: (".*)$/.exec(note)?.[1] ?? []),
    told,
  );
  await stage.playUntilSame(27);
  await other.kill("SIGKILL");
}

const misc = scenario("agent-misc", async (stage, place) => {
  const third = await stage.agent(7);
  await stage.playAll(0, 6);
  await stage.end(third);

  const newer = await place.agent("-node=n5", ...at(82));
  const older = await place.agent(
    "-node=p2",
    ...at(81),
    "-protocol=2",
    "-tag=role=web",
    "-tag=x=y",
    "-join=127.0.0.82:17946",
  );
  await stage.playAll(8, 9);
  await Promise.all([newer.kill("SIGKILL"), older.kill("SIGKILL")]);

  place.write("dc.json", '{"disable_coordinates": true}');
  const without = await place.agent("-node=n", ...at(81), "-config-file=dc.json", "-log-level=debug");
  await stage.playAll(10, 12);
  await without.prints('Requesting user event send: x. Coalesced: true. Payload: "-"');
  await without.kill("SIGKILL");

  place.write("vn.json", '{"validate_node_names": true, "node_name": "bad name!"}');
  const odd = await stage.agent(13);
  if (odd.program.end === undefined) await stage.end(odd);
  else await stage.finish(odd);
  place.write("ec.json", '{"enable_compression": false}');
  await stage.end(await stage.agent(14));

  await limits(stage, place);
  await nameConflict(stage, place);
  await leaveTwice(stage, place);
});

const logLevels = scenario("agent-log-levels", async (stage, place) => {
  for (const index of stage.transcript.items.keys()) {
    const other = await place.agent("-node=m", ...at(72));
    const agent = await stage.agent(index);
    await other.prints("EventMemberJoin: n");
    // The agent itself does not show it on every level.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const rpc = "-rpc-addr=127.0.0.71:17373";
    await place.run("event", rpc, "-coalesce=false", "x");
    await place.run("join", rpc, "127.0.0.99:17946");
    await place.run("members", rpc, "-name=[");
    await other.prints("Received event: user-event: x");
    await stage.settled(agent, 1_000);
    await stage.end(agent, "SIGINT");
    await other.kill("SIGKILL");
  }
});

/** The scenarios. */
export const assorted: readonly Scenario[] = [misc, logLevels];
