/**
 * The example load_query: every worker answers with its load, and a program finds the one with the lowest.
 */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { lacks } from "../machine/here.ts";
import { Demo, eventually, http, kinds, stopDemos } from "./demo.ts";

afterEach(stopDemos);

describe.skipIf(lacks("loopback")).each(kinds)("a load query with agents of %s", (kind) => {
  it("is answered by every worker, and by the dispatcher with one of them", {
    timeout: 120_000,
  }, async () => {
    const demo = await Demo.start("load_query", kind, 140);
    const workers = ["worker1", "worker2", "worker3"];
    await eventually(demo, "all are there", async () => {
      const { dispatcher, ...others } = await demo.statuses();
      return dispatcher === "alive" && workers.every((name) => others[name] === "alive");
    });

    // The files contain the kernel's load averages from the start. A node that has just joined may
    // miss the first query.
    const averages = (name: string): string => demo.read(`${name}.loadavg`).split(" ", 3).join(" ");
    await eventually(demo, "all answer", async () => {
      const text = await demo.type("serf query -tag=role=worker load");
      return workers.every((name) => text.includes(`Response from '${name}': ${averages(name)}\n`));
    });
    const { Responses: answers } = JSON.parse(await demo.type("serf query -format=json load")) as {
      Responses: Record<string, string>;
    };
    expect(answers).toEqual(Object.fromEntries(workers.map((name) => [name, `${averages(name)}\n`])));

    const url = `http://${demo.network}.1:8080/`;
    const load = (name: string, value: string): void =>
      writeFileSync(join(demo.folder, `${name}.loadavg`), `${value} 0.00 0.00 1/100 1\n`);
    load("worker1", "10.5");
    load("worker2", "0.01");
    load("worker3", "9.25");
    expect((await http(url)).body).toBe(`worker2 ${demo.network}.12 0.01\n`);
    load("worker2", "12.00");
    expect((await http(url)).body).toBe(`worker3 ${demo.network}.13 9.25\n`);
    process.kill(demo.process("worker3").pid, "SIGKILL");
    expect(await http(url)).toMatchObject({ status: 200, body: `worker1 ${demo.network}.11 10.5\n` });

    for (const name of ["worker1", "worker2"]) process.kill(demo.process(name).pid, "SIGKILL");
    expect(await http(url)).toMatchObject({ status: 503, body: "no worker answers\n" });

    await demo.stop();
    expect(demo.alive).toEqual([]);
  });
});
