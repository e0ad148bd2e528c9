/**
 * The example load_balancer, with nginx: requests are spread over the members that are alive, and none fails while they come and go.
 */

import { once } from "node:events";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { lacks } from "../machine/here.ts";
import { Demo, eventually, http, kinds, stopDemos } from "./demo.ts";

afterEach(stopDemos);

/** Sends requests continuously; `failures` are responses other than 200. */
class Visitor {
  readonly failures: string[] = [];
  visits = 0;
  readonly #url: string;
  #stopped = false;
  readonly #done: Promise<void>;

  constructor(url: string) {
    this.#url = url;
    this.#done = this.#visit();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#done;
  }

  async #visit(): Promise<void> {
    while (!this.#stopped) {
      const { status, body } = await http(this.#url);
      this.visits += 1;
      if (status !== 200) this.failures.push(`${status} ${body}`);
      await sleep(20);
    }
  }
}

describe.skipIf(lacks("loopback", "nginx")).each(kinds)("the load balancer with agents of %s", (kind) => {
  it("follows its web servers", { timeout: 240_000 }, async () => {
    const demo = await Demo.start("load_balancer", kind, 120);
    const url = `http://${demo.network}.1:8080/`;
    const list = (): string => demo.read("nginx/upstreams.conf");
    const lists = (...numbers: number[]): boolean =>
      list() ===
      `upstream web {\n${numbers.map((number) => `  server ${demo.network}.1${number}:8080;\n`).join("")}}\n`;
    const served = async (): Promise<Record<string, number>> => {
      const counts: Record<string, number> = {};
      for (let index = 0; index < 30; index++) {
        const { body } = await http(url);
        counts[body.trim()] = (counts[body.trim()] ?? 0) + 1;
      }
      return counts;
    };
    const spreads = async (...names: string[]): Promise<boolean> => {
      const counts = await served();
      return (
        JSON.stringify(Object.keys(counts).sort()) === JSON.stringify(names) &&
        Object.values(counts).every((count) => Math.abs(count - 30 / names.length) <= 1)
      );
    };

    await eventually(demo, "three servers in turn", () => spreads("web1", "web2", "web3"));

    const visitor = new Visitor(url);
    // One dies.
    process.kill(demo.process("web2").pid, "SIGKILL");
    await eventually(demo, "web2 is gone", () => lists(1, 3));
    await eventually(demo, "two in turn", () => spreads("web1", "web3"));
    // It returns.
    const web2 = demo.leaveRunning(demo.process("web2").command);
    await eventually(demo, "web2 is back", () => lists(1, 2, 3));
    await eventually(demo, "all in turn", () => spreads("web1", "web2", "web3"));
    // One leaves.
    process.kill(demo.process("web1").pid, "SIGTERM");
    await eventually(demo, "web1 is gone", () => lists(2, 3));
    await eventually(demo, "web1 ends", () => !demo.alive.includes("web1"));
    await visitor.stop();
    expect(visitor.failures).toEqual([]);
    expect(visitor.visits).toBeGreaterThan(100);

    // Members that are not web servers, or have invalid tags, change nothing, and nginx is not
    // reloaded.
    // A worker of the earlier configuration may still finish its requests.
    await eventually(demo, "one worker", () => workerOf(demo).trim().split(" ").length === 1);
    const worker = workerOf(demo);
    const before = statSync(join(demo.folder, "nginx/upstreams.conf.new"), {
      throwIfNoEntry: false,
    })?.mtimeMs;
    const at = (number: number): string =>
      `-bind=${demo.network}.${number}:7946 -rpc-addr=${demo.network}.${number}:7373 -join=${demo.network}.1`;
    demo.leaveRunning(`serf agent -node=db ${at(21)} -tag=role=db -tag=port=8080`);
    demo.leaveRunning(`serf agent -node=evil ${at(22)} -tag=role=web '-tag=port=80; } server { listen 81'`);
    demo.leaveRunning(`serf agent -node=absurd ${at(23)} -tag=role=web -tag=port=70000`);
    await eventually(demo, "all have joined", async () => Object.keys(await demo.statuses()).length === 7);
    await eventually(demo, "the list was made again", () => {
      const after = statSync(join(demo.folder, "nginx/upstreams.conf.new"), { throwIfNoEntry: false });
      return after !== undefined && after.mtimeMs !== before;
    });
    expect(lists(2, 3)).toBe(true);
    expect(workerOf(demo)).toBe(worker);

    // None is left.
    process.kill(demo.process("web3").pid, "SIGKILL");
    web2.kill("SIGKILL");
    await once(web2, "exit");
    await eventually(demo, "none is left", () => list() === "upstream web {\n  server 127.0.0.1 down;\n}\n");
    const { status, headers, body } = await http(url);
    expect({ status, body, retry: headers["retry-after"] }).toEqual({
      status: 503,
      body: "no web server is alive\n",
      retry: "5",
    });
    demo.leaveRunning(demo.process("web3").command);
    await eventually(demo, "one is back", () => spreads("web3"));

    await demo.stop();
    expect(demo.alive).toEqual([]);
    expect(existsSync(demo.folder)).toBe(false);
  });
});

/** The process of nginx that serves; a new configuration gets a new one. */
function workerOf(demo: Demo): string {
  const { pid } = demo.process("nginx");
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
}
