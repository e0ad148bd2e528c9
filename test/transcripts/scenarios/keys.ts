/** Encryption keys and the token of RPC. */

import type { Place } from "../place.ts";
import type { Stage } from "../stage.ts";
import { type Scenario, scenario } from "./scenario.ts";

const firstKey = "HvY8ubRZMgafUOWvrOadwOckVa1wN3QWAo46FVKbVN8=";

function at(host: number): string[] {
  return [`-bind=127.0.0.${host}:17946`, `-rpc-addr=127.0.0.${host}:17373`];
}

async function play(_place: Place, stage: Stage, logs: Stage): Promise<void> {
  for (const path of ["keyring1.json", "keyring2.json", "keyring3.json"]) stage.writeFile(0, path);
  const first = await logs.agent(0);
  const second = await logs.agent(1);
  const third = await logs.agent(2);
  await first.program.prints("EventMemberJoin: node-3");
  await second.program.prints("EventMemberJoin: node-3");
  for (const { program } of [first, second, third]) await program.prints("Received event: member-join");
  await stage.playAll(1, 2);
  await stage.compareFile(3, "keyring1.json", "644");
  await stage.compareFile(4, "keyring2.json", "644");
  await stage.playAll(5, 7);
  await stage.compareFile(8, "keyring1.json", "644");
  await stage.play(9);
  await stage.compareFile(10, "keyring1.json", "644");
  await stage.playAll(11, 24);
  await logs.end(third);
  await stage.playAll(25, 26);
  await first.program.prints("EventMemberFailed: node-3");
  await second.program.prints("EventMemberFailed: node-3");
  await stage.playAll(27, 28);
  // It counts the messages that are still being broadcast.
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  await stage.play(29);
  await Promise.all([logs.end(first), logs.end(second)]);
}

const keyring: Scenario = {
  transcripts: ["keys", "agent-log-keys"],
  lossy: true,
  play: (place, stage, logs) => play(place, stage!, logs!),
};

const encrypted = scenario("keys-encrypt-flag", async (stage, place) => {
  const first = await stage.agent(12);
  await place.agent(
    "-node=e2",
    ...at(22),
    "-profile=local",
    `-encrypt=${firstKey}`,
    "-join=127.0.0.21:17946",
  );
  const plain = await stage.agent(13);
  await stage.playAll(0, 11);
  await stage.end(first);
  await stage.end(plain);
});

const token = scenario("auth", async (stage, place) => {
  place.write("auth.json", '{"rpc_auth": "s3cret"}');
  const agent = await stage.agent(19);
  await stage.playAll(0, 18);
  await agent.program.prints("Received event: member-join");
  await stage.end(agent);
  await place.agent("-node=auth", ...at(21));
  await stage.play(20);
});

/** The scenarios. */
export const keys: readonly Scenario[] = [keyring, encrypted, token];
