/** Signals: how agents end, and how they read their configuration again. */

import type { Stage } from "../stage.ts";
import { type Scenario, scenario } from "./scenario.ts";

const starting = "[INFO] agent: Serf agent starting";
const leaving = "==> Gracefully shutting down agent...";

async function signalled(stage: Stage, index: number, ...signals: NodeJS.Signals[]): Promise<void> {
  const agent = await stage.agent(index);
  await agent.program.prints("EventMemberJoin: n1");
  for (const [position, signal] of signals.entries()) {
    if (position > 0) await agent.program.prints("EventMemberLeave");
    agent.program.signal(signal);
  }
  await stage.finish(agent);
}

const signals = scenario("agent-signals", async (stage, place) => {
  place.write("lot.json", '{"leave_on_terminate": true}');
  place.write("sli.json", '{"skip_leave_on_interrupt": true}');
  place.write("both.json", '{"leave_on_terminate": true, "skip_leave_on_interrupt": true}');
  await signalled(stage, 0, "SIGINT");
  await signalled(stage, 1, "SIGTERM");
  await signalled(stage, 2, "SIGTERM");
  await signalled(stage, 3, "SIGINT");
  await signalled(stage, 4, "SIGTERM");
  await signalled(stage, 5, "SIGINT", "SIGINT");
  await signalled(stage, 6, "SIGINT", "SIGTERM");
  await signalled(stage, 7, "SIGINT", "SIGHUP");

  const other = await stage.agent(13);
  const left = await stage.agent(8);
  await left.program.prints("Received event: member-join");
  left.program.signal("SIGINT");
  await stage.finish(left);
  await stage.play(9);
  const killed = await stage.agent(10);
  await other.program.prints("EventMemberJoin: n1", 2);
  killed.program.signal("SIGTERM");
  await stage.finish(killed);
  await stage.play(11);
  await other.program.prints("EventMemberFailed");
  await stage.playUntilSame(12);
  await stage.end(other);

  const frozen = await place.agent(
    "-node=n2",
    "-bind=127.0.0.52:17946",
    "-rpc-addr=127.0.0.52:17373",
    "-profile=local",
  );
  const alone = await stage.agent(14);
  await alone.program.prints("Received event: member-join");
  frozen.signal("SIGSTOP");
  alone.program.signal("SIGINT");
  await stage.finish(alone);
  await frozen.kill("SIGKILL");
});

const reload = scenario("agent-reload", async (stage, place) => {
  stage.writeFile(0, "r.json");
  const agent = await stage.agent(11);
  const { program } = agent;
  const hangUp = async (count: number): Promise<void> => {
    program.signal("SIGHUP");
    await program.prints("==> Reloading configuration...", count);
  };
  await program.prints(starting);
  await stage.playAll(1, 2);
  stage.writeFile(3, "r.json");
  await hangUp(1);
  await program.prints("EventMemberUpdate", 2);
  await stage.play(4);
  await place.run("event", "-rpc-addr=127.0.0.51:17373", "-coalesce=false", "x");
  await program.prints("Received event: member-update");
  stage.writeFile(5, "r.json");
  await hangUp(2);
  await program.prints("EventMemberUpdate", 3);
  await stage.play(6);
  stage.writeFile(7, "r.json");
  await hangUp(3);
  await program.prints("==> Failed to reload configs");
  await program.prints("Received event: member-update", 2);
  await stage.play(8);
  stage.writeFile(9, "r.json");
  await hangUp(4);
  await program.prints("==> Failed to reload configs", 2);
  place.write("r.json", JSON.stringify({ tags: { big: "x".repeat(600) } }));
  await hangUp(5);
  await program.prints("==> Failed to update tags");
  stage.writeFile(10, "r.json");
  await hangUp(6);
  await program.prints("EventMemberUpdate", 4);
  program.signal("SIGTERM");
  await program.prints(leaving);
  await stage.finish(agent);

  const withFile = await place.agent(
    "-node=n1",
    "-bind=127.0.0.51:17946",
    "-rpc-addr=127.0.0.51:17373",
    "-profile=local",
    "-tags-file=t2.json",
  );
  await stage.play(12);
  await stage.compareFile(13, "t2.json");
  withFile.signal("SIGHUP");
  await withFile.prints("==> Reloading configuration...");
  await stage.compareFile(14, "t2.json");
  await stage.play(15);
  await withFile.kill("SIGKILL");
});

/** The scenarios. */
export const signalScenarios: readonly Scenario[] = [signals, reload];
