/** Agents that join others when they start, by flags or by their snapshot. */

import { type Scenario, scenario } from "./scenario.ts";

const secondAgent = ["-node=n2", "-bind=127.0.0.52:17946", "-rpc-addr=127.0.0.52:17373", "-profile=local"];

const joinModes = scenario("agent-join-modes", async (stage, place) => {
  await stage.finish(await stage.agent(0));

  const late = await stage.agent(1);
  await late.program.prints("Join failed", 2);
  let second = await place.agent(...secondAgent);
  await stage.end(late);
  await second.kill("SIGKILL");
  await stage.finish(await stage.agent(2));

  second = await place.agent(...secondAgent);
  for (const name of ["old1", "old2"]) await place.run("event", "-rpc-addr=127.0.0.52:17373", name);
  await second.prints("Received event: user-event: old2");
  for (const index of [3, 4]) {
    const agent = await stage.agent(index);
    await agent.program.prints("Received event: member-join");
    await stage.end(agent, "SIGINT");
  }

  const first = await stage.agent(5);
  await stage.end(first);
  await stage.compareFile(6, "snap");
  const again = await stage.agent(7);
  await again.program.prints("Received event: member-join");
  await stage.end(again, "SIGINT");
  await stage.compareFile(8, "snap");
  await stage.end(await stage.agent(9));
  const joined = await stage.agent(10);
  await joined.program.prints("Received event: member-join");
  await stage.end(joined, "SIGINT");
  await stage.end(await stage.agent(11));
});

const mdns: Scenario = {
  ...scenario("mdns", async (stage) => {
    const first = await stage.agent(1);
    await first.program.prints("Received event: member-join");
    const second = await stage.agent(2);
    await second.program.prints("Received event: member-join");
    await first.program.prints("EventMemberJoin: two");
    await stage.playUntilSame(0);
    await stage.end(second, "SIGINT");
    await first.program.prints("Received event: member-leave");
    await stage.end(first);
    await stage.end(await stage.agent(3));
  }),
  lonely: { addresses: ["10.77.0.1", "10.77.0.2"], multicastRoute: true },
};

const mdnsNoRoute: Scenario = {
  ...scenario("mdns-no-route", async (stage) => {
    await stage.end(await stage.agent(0));
    await stage.end(await stage.agent(1));
  }),
  lonely: { addresses: ["10.77.0.1"], multicastRoute: false },
};

/** The scenarios. */
export const joining: readonly Scenario[] = [joinModes, mdns, mdnsNoRoute];
