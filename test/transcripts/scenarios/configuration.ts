/** Agents that start, or fail to, with some flags and files. */

import type { Place } from "../place.ts";
import type { Stage } from "../stage.ts";
import { type Scenario, scenario } from "./scenario.ts";

/**
 * Starts an agent with the file in the recorder's note; commands recorded before it are run against
 * it.
 */
async function startWithFile(stage: Stage, index: number, questions: readonly number[] = []): Promise<void> {
  const item = stage.transcript.items[index];
  for (const note of item?.notes ?? []) {
    const [, path, content] = /^# (\w+\.json): (".*)$/.exec(note) ?? [];
    if (path !== undefined) stage.place.write(path, JSON.parse(content!) as string);
  }
  const agent = await stage.agent(index);
  for (const question of questions) await stage.play(question);
  if (agent.step.end === "exit signal SIGKILL") await stage.end(agent);
  else await stage.finish(agent);
}

async function startAll(stage: Stage, first: number, last: number): Promise<void> {
  for (let index = first; index <= last; index += 1) await startWithFile(stage, index);
}

const merge = scenario("config-merge", async (stage) => {
  const paths = [
    "d/.hidden.json",
    "d/10-a.json",
    "d/9-b.json",
    "one.json",
    "d/ignored.conf",
    "d/sub.json/inner.json",
  ];
  paths.forEach((path, index) => {
    stage.writeFile(index, path);
  });
  for (let index = 6; index < stage.transcript.items.length; index += 2)
    await startWithFile(stage, index + 1, [index]);
});

const errors = scenario("config-errors", async (stage) => {
  await startAll(stage, 0, stage.transcript.items.length - 1);
});

const files = scenario("agent-files", async (stage) => {
  const first = await stage.agent(6);
  await stage.play(0);
  await stage.compareFile(1, "tags.json", "600");
  await stage.play(2);
  await stage.compareFile(3, "tags.json");
  await stage.play(4);
  await stage.compareFile(5, "tags.json");
  await stage.end(first);
  await startWithFile(stage, 8, [7]);
  await startAll(stage, 9, 28);
});

const tooLong = scenario("agent-tags-file-too-long", async (stage, place) => {
  const at = ["-node=n", "-bind=127.0.0.97:17946", "-rpc-addr=127.0.0.97:17373", "-profile=local"];
  const agent = await place.agent(...at, "-tags-file=tl.json");
  await stage.playAll(0, 2);
  await stage.compareFile(3, "tl.json");
  await agent.kill("SIGKILL");
  const again = await stage.agent(4);
  if (again.program.end === undefined) again.program.signal("SIGKILL");
  await stage.finish(again);
  place.write("nodir/t.json", "{}");
  const other = await place.agent(...at, "-tags-file=nodir/t.json");
  place.remove("nodir");
  await stage.play(5);
  await other.kill("SIGKILL");
});

const startErrors = scenario("agent-start-errors", async (stage, place) => {
  await startAll(stage, 0, 44);
  const first = await place.agent("-node=n1", "-bind=127.0.0.41:17946", "-rpc-addr=127.0.0.41:17373");
  await startAll(stage, 45, 46);
  await first.kill("SIGKILL");
  await startAll(stage, 47, stage.transcript.items.length - 1);
});

/** The addresses that programs listen at, without ports that the kernel chose. */
async function listeners(place: Place): Promise<string[]> {
  const program = place.other("ss", "-ltnH");
  await program.over();
  return program.stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.split(/\s+/)[3]!.replace(/:(?!17946$|17373$|7373$)\d+$/, ":RANDOM"))
    .sort();
}

const portZero: Scenario = {
  ...scenario("agent-port-zero", async (stage, place) => {
    for (const index of stage.transcript.items.keys()) {
      const agent = await stage.agent(index);
      if (agent.program.end !== undefined) {
        await stage.finish(agent);
        continue;
      }
      const [, recorded = ""] =
        /^# TCP listeners of the next agent: (.*)$/.exec(agent.step.notes.at(-1)!) ?? [];
      const actual = (await listeners(place)).join(" ");
      if (actual !== recorded.split(" ").sort().join(" "))
        throw new Error(`Listens at ${actual}, not at ${recorded}`);
      await stage.end(agent);
    }
  }),
  alone: true,
};

/** The scenarios. */
export const configuration: readonly Scenario[] = [merge, errors, files, tooLong, startErrors, portZero];
