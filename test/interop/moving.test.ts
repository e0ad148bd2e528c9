/** Members that leave and start again at another address, in clusters of Go's agents and ours. */

import { afterEach, describe, expect, it } from "vitest";
import { lacks } from "../machine/here.ts";
import { Agent, type Kind, newestSerf, stopAll, until } from "./agents.ts";

const subnet = `127.${100 + (process.pid % 100)}.65`;
const flags = ["-profile=local"];
/** The third one of those that stay, beside ours and the one through which the other joins again. */
const stayer: Kind = "serf-0.10";
/** Which agent moves, and through which one it joins again. */
const moves: readonly (readonly [Kind, Kind])[] = [
  ["serf-0.10", "node"],
  [newestSerf, "node"],
  ["node", "serf-0.10"],
  ["serf-0.10", "serf-0.10"],
];

/**
 * Somebody who was not asked believes the new address once it exchanges its state with one who was: two of three exchanges may
 * be with the third one, and one comes every 15 seconds.
 */
const believedMs = 50_000;

afterEach(stopAll);

describe.skipIf(lacks("loopback")).each(moves)(
  "%s that left and joins again through %s",
  (mover, through) => {
    it.skipIf(lacks(mover, through, stayer))(
      "is believed at its new address by all",
      { timeout: 180_000 },
      async () => {
        const stayers: Agent[] = [];
        for (const [index, kind] of (["node", through, stayer] as const).entries()) {
          const join = index === 0 ? [] : [`-join=${stayers[0]!.address}`];
          stayers.push(await Agent.start(kind, `stays${index}`, `${subnet}.${1 + index}`, ...flags, ...join));
        }
        const seed = `-join=${stayers[1]!.address}`;
        const shownBy = async (agent: Agent): Promise<string> => {
          const shown = (await agent.members())["moves"];
          return `${shown?.status} ${shown?.addr.split(":")[0]}`;
        };
        const becomes = async (text: string): Promise<void> => {
          for (const agent of stayers)
            await until(
              `${agent.name} shows ${text}`,
              async () => (await shownBy(agent)) === text,
              believedMs,
            );
        };
        const before = await Agent.start(mover, "moves", `${subnet}.11`, ...flags, seed);
        await becomes(`alive ${subnet}.11`);
        await before.cli(mover, "leave");
        await before.ended;
        await becomes(`left ${subnet}.11`);
        await Agent.start(mover, "moves", `${subnet}.12`, ...flags, seed);
        const startedAt = Date.now();
        await becomes(`alive ${subnet}.12`);
        expect(Date.now() - startedAt).toBeLessThan(believedMs);
      },
    );
  },
);
